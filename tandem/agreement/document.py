"""YAML text as a tree in which every key and value knows its line and column. Bounded in every direction.

Plain documents are read by ``yaml_subset``; what that leaves, faults included, by ruamel's events. Both put the tree
together in ``tree``, so that aliases are counted before they are expanded, nesting is refused before anything
recurses, and a key given twice is seen. Every scalar stays text (``no`` is a name, ``09:00`` a time); what it means
is the schema's business. Does not know the schema.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from ruamel.yaml import YAML
from ruamel.yaml.error import MarkedYAMLError, YAMLError
from ruamel.yaml.events import (
    AliasEvent,
    CollectionEndEvent,
    DocumentStartEvent,
    MappingStartEvent,
    NodeEvent,
    ScalarEvent,
)

from tandem.agreement.schema.fields import clean, suggest
from tandem.agreement.tree import NULL, Builder, Node
from tandem.agreement.yaml_subset import NEVER_CLOSED, read_subset
from tandem.errors import AgreementError, Problem

__all__ = ["LARGEST_BYTES", "LARGEST_OF_ANY_YAML", "Node", "locate", "parse", "plain", "substitute", "values_of"]

LARGEST_BYTES = 4 * 1024 * 1024
LARGEST = "4 MiB"
LARGEST_OF_ANY_YAML = 1024 * 1024
"""Characters. The complete reader takes seconds for more; plain YAML is read in the time that its values take."""
QUOTES = ("'", '"')
_WORDS = {
    "found character '\\t' that cannot start any token": "a tab stands here; indent with spaces",
    "mapping values are not allowed here": 'a ":" too many, or wrong indentation; a text that holds ": " needs quotes',
    "could not find expected ':'": 'this line should be "key: value", or is indented wrongly',
    "found unexpected end of stream": NEVER_CLOSED,
}
_NOT_PLAIN = (
    "this file is larger than 1 MiB and holds what only the slow reader knows: an anchor, a text over several lines, a "
    "tab, or a fault. Write it without; a part of at most 1 MiB, checked alone, says where a fault is"
)


def parse(text: str, file: str) -> Node:
    """The document in ``text``. Raises AgreementError with every duplicate key, or with the one thing unreadable."""
    if len(text) > LARGEST_BYTES or len(text.encode("utf-8", "surrogatepass")) > LARGEST_BYTES:
        raise AgreementError([Problem(file, 1, 1, f"this file is larger than {LARGEST}; an agreement never is")])
    plain_tree = read_subset(text, file)
    if plain_tree is None and len(text) > LARGEST_OF_ANY_YAML:
        raise AgreementError([Problem(file, 1, 1, _NOT_PLAIN)])
    return plain_tree or read_complete(text, file)


def read_complete(text: str, file: str) -> Node:
    """As ``parse``, any YAML at all, of any size: slow."""
    builder = Builder(file)
    quoted = None
    try:
        for event in YAML(typ="safe", pure=True).parse(text):
            if isinstance(event, ScalarEvent) and event.style in QUOTES:
                quoted = event if event.end_mark.line > event.start_mark.line else quoted
            _take(builder, event)
    except (YAMLError, ValueError, RecursionError) as error:
        raise AgreementError([_open_quote(file, quoted, error) or _unreadable(text, file, error)]) from None
    if builder.problems:
        raise AgreementError(builder.problems)
    return builder.root or Node("map", 1, 1)


def _take(builder: Builder, event: Any) -> None:  # noqa: ANN401 - the parser's events share no useful type
    line, column = event.start_mark.line + 1, event.start_mark.column + 1
    if isinstance(event, DocumentStartEvent) and builder.root is not None:
        builder.stop((line, column), "a second document begins here; write one document per file")
    elif isinstance(event, CollectionEndEvent):
        builder.end()
    elif isinstance(event, AliasEvent):
        builder.alias(line, column, str(event.anchor))
    elif isinstance(event, NodeEvent):
        tag = str(getattr(event, "tag", None) or "!")
        if tag != "!":
            builder.stop((line, column), f"tags such as {tag[:40]} are not used here; write the plain value")
        if isinstance(event, ScalarEvent):
            text = None if not event.style and event.value in NULL else event.value
            builder.text(line, column, text, event.anchor)
        else:
            builder.begin("map" if isinstance(event, MappingStartEvent) else "list", line, column, event.anchor)


def _open_quote(file: str, quoted: Any, error: Exception) -> Problem | None:  # noqa: ANN401 - an event, or none
    """A text over several lines with the fault right behind it: as a rule somebody forgot to close its quote."""
    mark = error.problem_mark if isinstance(error, MarkedYAMLError) else None
    if quoted is None or mark is None or mark.line != quoted.end_mark.line:
        return None
    first, last = quoted.start_mark, quoted.end_mark
    message = (
        f"the text that begins with {quoted.style} here goes on to line {last.line + 1}, and what follows there "
        f"cannot be read; close it with {quoted.style} on its own line"
    )
    return Problem(file, first.line + 1, first.column + 1, message)


def _unreadable(text: str, file: str, error: Exception) -> Problem:
    if not isinstance(error, MarkedYAMLError):
        reason = str(error).partition("\n")[0][:150]
        line, column = _position_of(text, getattr(error, "position", 0))
        return Problem(file, line, column, clean(f"this cannot be read as YAML: {reason}"))
    mark = error.problem_mark or error.context_mark
    reason = str(error.problem or error.context or "not YAML")
    line, column = (mark.line + 1, mark.column + 1) if mark else (1, 1)
    return Problem(file, line, column, _WORDS.get(reason, clean(f"this cannot be read as YAML: {reason[:150]}")))


def _position_of(text: str, offset: object) -> tuple[int, int]:
    before = text[: offset if isinstance(offset, int) else 0]
    return before.count("\n") + 1, len(before) - (before.rfind("\n") + 1) + 1


def plain(node: Node) -> Any:  # noqa: ANN401
    """The tree as dicts, lists, texts and None. What an alias names twice is one object."""
    return _plain(node, {})


def _plain(node: Node, made: dict[int, Any]) -> Any:  # noqa: ANN401
    if node.kind == "text":
        return node.text
    if id(node) not in made:
        if node.kind == "list":
            made[id(node)] = [_plain(part, made) for part in node.parts]
        else:
            made[id(node)] = {name: _plain(value, made) for name, (_, value) in node.entries.items()}
    return made[id(node)]


def locate(root: Node, path: tuple[int | str, ...], *, key: bool = False) -> tuple[int, int]:
    """Line and column of what ``path`` leads to, or of the nearest thing on the way that exists.

    Args:
        root: the document.
        path: keys and 0-based indexes; parts that do not exist are passed over.
        key: the position of the last key instead of its value.
    """
    node, at = root, (root.line, root.column)
    for part in path:
        if node.kind == "map" and str(part) in node.entries:
            name, node = node.entries[str(part)]
            at = (name.line, name.column) if key or node.kind != "text" else (node.line, node.column)
        elif node.kind == "list" and isinstance(part, int) and 0 <= part < len(node.parts):
            node = node.parts[part]
            at = (node.line, node.column)
    return at


def substitute(node: Node, variables: Mapping[str, str], file: str) -> list[Problem]:
    """Put ``variables`` in place of ``${NAME}`` in every text under a key ``to``; what is unknown is reported."""
    problems = []
    for value in values_of(node, "to"):
        text = value.text or ""
        for name, known in variables.items():
            text = text.replace("${" + name + "}", known)
        if "${" in text:
            name = text.partition("${")[2].partition("}")[0][:40]
            message = f"nothing is known for ${{{clean(name)}}}{suggest(name, variables)}"
            problems.append(Problem(file, value.line, value.column, message))
        value.text = text if value.text is not None else None
    return problems


def values_of(root: Node, name: str) -> Iterator[Node]:
    """Every text under a key ``name``, in no order; what an alias names twice, once."""
    seen: set[int] = set()
    waiting = [root]
    while waiting:
        node = waiting.pop()
        if id(node) in seen:
            continue
        seen.add(id(node))
        waiting += node.parts
        waiting += [value for _, value in node.entries.values()]
        if name in node.entries and node.entries[name][1].kind == "text":
            yield node.entries[name][1]
