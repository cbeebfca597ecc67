"""The quick reader against the complete one: the same tree with the same places, or it leaves the document alone."""

from __future__ import annotations

import random
from pathlib import Path

import pytest

from tandem.agreement.document import read_complete
from tandem.agreement.tree import Node
from tandem.agreement.yaml_subset import read_subset
from tandem.errors import AgreementError
from tests.support.tree import ROOT

EXAMPLES = sorted((ROOT / "deploy" / "agreement").rglob("*.yaml"))
DAMAGE = (
    *("\t", ":", ": ", "- ", "-", "'", '"', "[", "]", "{", "}", ",", "#", " #", "&a ", "*a", "!x ", "|", "|\n", ">"),
    *("%", "@", "`", "\n", "\n\n", "  ", "?", "? ", "---\n", "...\n", "~", "null", "\x85", "\u2028", "\\", "é", "😀"),
    *("<<: ", "\r", "*", "&", "!", "=", "key: value\n", " ", "\n  ", "\n    ", '"a"', '""', "''", ":a", "a:", " :"),
    *("a #b", "\n# c\n", "[]", "{}", "[a]", "{a: b}", '{"a":1}', "{a: }", "- - ", '"\\n"', '"\\u0041"', "'it''s'"),
)
"""What is put somewhere into a document."""


def tree_of(node: Node) -> tuple[object, ...]:
    entries = tuple((name, tree_of(key), tree_of(value)) for name, (key, value) in node.entries.items())
    return node.kind, node.line, node.column, node.text, node.size, entries, tuple(tree_of(part) for part in node.parts)


def complete(text: str) -> object:
    try:
        return tree_of(read_complete(text, "a.yaml"))
    except AgreementError as error:
        return [str(problem) for problem in error.problems]


def quick(text: str) -> object:
    """As ``complete``; None: left to it."""
    try:
        node = read_subset(text, "a.yaml")
    except AgreementError as error:
        return [str(problem) for problem in error.problems]
    return None if node is None else tree_of(node)


def damaged(text: str, chance: random.Random) -> str:
    """A few lines of ``text``, perhaps moved to the margin, with up to three faults put in."""
    lines = text.splitlines(keepends=True)
    first = chance.randrange(len(lines))
    lines = lines[first : first + chance.randint(1, 10)]
    if chance.random() < 0.3:
        margin = min((len(line) - len(line.lstrip(" ")) for line in lines if line.strip()), default=0)
        lines = [line[margin:] for line in lines]
    text = "".join(lines)
    for _ in range(chance.randint(0, 3)):
        at, way = chance.randrange(len(text) + 1), chance.random()
        if way < 0.6:
            text = text[:at] + chance.choice(DAMAGE) + text[at:]
        elif way < 0.8:
            text = text[:at] + text[at + chance.randint(1, 4) :]
        else:
            text = text[:at] + text[at:].replace("\n", "", 1)
    return text


@pytest.mark.parametrize("path", EXAMPLES, ids=[path.name for path in EXAMPLES])
def test_the_examples_are_read_quickly_and_alike(path: Path):
    text = path.read_text(encoding="utf-8")

    assert quick(text) == complete(text)


@pytest.mark.parametrize("seed", range(8))
def test_thousands_of_damaged_documents_are_read_alike_or_left_alone(seed: int):
    chance = random.Random(seed)
    texts = [path.read_text(encoding="utf-8") for path in EXAMPLES]
    read = 0

    for _ in range(600):
        text = damaged(chance.choice(texts), chance)
        found = quick(text)
        if found is not None:
            read += 1
            assert found == complete(text), text

    assert read > 100


@pytest.mark.parametrize(
    "text",
    [
        '{"a": [1, 2.5, null, true, "x\\n\\"y\\""], "b": {"c": ""}}',
        "a:\n- 1\n-  - x\n",
        "a:\n\n  # comment\n  b: 1   # more\n\nc:\nd: [x,\n  y]  # z\n",
        "- a: 1\n  b: 2\n-\n  c: 3\n- d\n",
        "a: 'it''s'\n'b c': \"d\"\nhttp://x: y:z\n",
        "a: 1\na: 2\n",
        'a: "never closed\nb: 1\n',
        "a: [b, c",
        "a: b\n  c: d\n",
        "a: b\n  c\n",
        "a: ~\nb: null\nc: ''\n",
        "x" * 1100 + ": 1\n",
    ],
)
def test_a_document_is_read_alike_or_left_alone(text: str):
    found = quick(text)

    assert found is None or found == complete(text)


@pytest.mark.parametrize(
    "text", ["a: &x 1\nb: *x\n", "a: |\n  text\n", "a: b\n  c\n", "\ta: 1\n", "--- a\n", "a: !!int 1\n"]
)
def test_what_is_not_plain_is_left_to_the_complete_reader(text: str):
    assert read_subset(text, "a.yaml") is None
