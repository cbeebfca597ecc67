"""YAML text as a tree in which every key and value knows its line and column. Bounded in every direction.

Works on the parser's events, so that aliases are counted before they are expanded, nesting is refused before
anything recurses, and a key given twice is seen. Every scalar stays text (``no`` is a name, ``09:00`` a time); what
it means is the schema's business. Does not know the schema.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, NoReturn

from ruamel.yaml import YAML
from ruamel.yaml.error import MarkedYAMLError, YAMLError
from ruamel.yaml.events import (
    AliasEvent,
    CollectionEndEvent,
    DocumentStartEvent,
    MappingStartEvent,
    NodeEvent,
    ScalarEvent,
    SequenceStartEvent,
)

from tandem.agreement.schema.fields import clean, suggest
from tandem.errors import AgreementError, Problem

LARGEST_BYTES = 1024 * 1024
DEEPEST = 32
MOST_NODES = 300_000
"""Keys and values, aliases expanded."""
_NULL = frozenset({"", "~", "null", "Null", "NULL"})
_WORDS = {
    "found character '\\t' that cannot start any token": "a tab stands here; indent with spaces",
    "mapping values are not allowed here": 'a ":" too many, or wrong indentation; a text that holds ": " needs quotes',
    "could not find expected ':'": 'this line should be "key: value", or is indented wrongly',
    "found unexpected end of stream": "a quote is opened here and never closed",
}


@dataclass(slots=True)
class Node:
    """A value of the document. Exactly one of ``text``, ``entries`` and ``parts`` is in use, by ``kind``."""

    kind: str
    """``text``, ``map`` or ``list``."""
    line: int
    column: int
    """Both 1-based."""
    text: str | None = None
    """None: null."""
    entries: dict[str, tuple[Node, Node]] = field(default_factory=dict)
    """Key text -> (key, value)."""
    parts: list[Node] = field(default_factory=list)
    size: int = 1
    """Nodes in it, aliases expanded."""


def parse(text: str, file: str) -> Node:
    """The document in ``text``. Raises AgreementError with every duplicate key, or with the one thing unreadable."""
    if len(text) > LARGEST_BYTES or len(text.encode("utf-8", "surrogatepass")) > LARGEST_BYTES:
        raise AgreementError([Problem(file, 1, 1, "this file is larger than 1 MiB; an agreement never is")])
    builder = _Builder(file)
    try:
        for event in YAML(typ="safe", pure=True).parse(text):
            builder.take(event)
    except MarkedYAMLError as error:
        raise AgreementError([_unreadable(file, error)]) from None
    except (YAMLError, ValueError, RecursionError) as error:
        reason = str(error).partition("\n")[0][:150]
        line, column = _position_of(text, getattr(error, "position", 0))
        raise AgreementError([Problem(file, line, column, clean(f"this cannot be read as YAML: {reason}"))]) from None
    if builder.problems:
        raise AgreementError(builder.problems)
    return builder.root or Node("map", 1, 1)


def _unreadable(file: str, error: MarkedYAMLError) -> Problem:
    mark = error.problem_mark or error.context_mark
    reason = str(error.problem or error.context or "not YAML")
    line, column = (mark.line + 1, mark.column + 1) if mark else (1, 1)
    return Problem(file, line, column, _WORDS.get(reason, clean(f"this cannot be read as YAML: {reason[:150]}")))


def _position_of(text: str, offset: object) -> tuple[int, int]:
    before = text[: offset if isinstance(offset, int) else 0]
    return before.count("\n") + 1, len(before) - (before.rfind("\n") + 1) + 1


class _Builder:
    """Puts events together; a list of open collections instead of recursion."""

    def __init__(self, file: str) -> None:
        self.file = file
        self.root: Node | None = None
        self.problems: list[Problem] = []
        self._open: list[tuple[Node, str | None]] = []
        self._keys: list[Node | None] = []
        self._anchors: dict[str, Node] = {}
        self._count = 0

    def take(self, event: Any) -> None:  # noqa: ANN401 - the parser's events share no useful type
        if isinstance(event, DocumentStartEvent) and self.root is not None:
            self._stop(event, "a second document begins here; write one document per file")
        elif isinstance(event, CollectionEndEvent):
            self._close()
        elif isinstance(event, AliasEvent):
            self._add(self._aliased(event))
        elif isinstance(event, NodeEvent):
            self._start(event)

    def _start(self, event: Any) -> None:  # noqa: ANN401
        if event.tag is not None and str(event.tag) != "!":
            self._stop(event, f"tags such as {str(event.tag)[:40]} are not used here; write the plain value")
        mark = event.start_mark
        node = Node(_kind(event), mark.line + 1, mark.column + 1)
        if isinstance(event, ScalarEvent):
            node.text = None if event.style is None and event.value in _NULL else event.value
            if event.anchor:
                self._anchors[event.anchor] = node
            self._add(node)
            return
        if len(self._open) >= DEEPEST:
            self._stop(event, f"nested more than {DEEPEST} deep; an agreement never is")
        if self._keys and self._open[-1][0].kind == "map" and self._keys[-1] is None:
            self._stop(event, "a key must be a plain text")
        self._open.append((node, event.anchor))
        self._keys.append(None)

    def _close(self) -> None:
        node, anchor = self._open.pop()
        self._keys.pop()
        if anchor:  # known only from here on: an alias inside its own anchor would have no end
            self._anchors[anchor] = node
        self._add(node)

    def _aliased(self, event: Any) -> Node:  # noqa: ANN401
        node = self._anchors.get(event.anchor)
        if node is None:
            inside = any(anchor == event.anchor for _, anchor in self._open)
            reason = "refers to the value it stands in" if inside else "refers to nothing above"
            self._stop(event, f"*{event.anchor} {reason}")
        return node

    def _add(self, node: Node) -> None:
        self._count += node.size if node.kind == "text" else 0
        if not self._open:
            self.root = node
            return
        parent = self._open[-1][0]
        parent.size += node.size
        if parent.size > MOST_NODES or self._count > MOST_NODES:
            problem = Problem(self.file, node.line, node.column, f"more than {MOST_NODES:,} values, aliases expanded")
            raise AgreementError([problem])
        if parent.kind == "list":
            parent.parts.append(node)
        elif self._keys[-1] is None:
            self._keys[-1] = node
        else:
            self._enter(parent, self._keys[-1], node)
            self._keys[-1] = None

    def _enter(self, parent: Node, key: Node, value: Node) -> None:
        name = key.text or ""
        if key.kind != "text":
            self.problems.append(Problem(self.file, key.line, key.column, "a key must be a plain text"))
        elif name == "<<":
            message = 'merge keys ("<<") are not used here; write the entries out'
            self.problems.append(Problem(self.file, key.line, key.column, message))
        elif name in parent.entries:
            first = parent.entries[name][0].line
            message = f'the key "{clean(name[:60])}" stands here for the second time (first in line {first}); keep one'
            self.problems.append(Problem(self.file, key.line, key.column, message))
        else:
            parent.entries[name] = (key, value)

    def _stop(self, event: Any, message: str) -> NoReturn:  # noqa: ANN401
        mark = event.start_mark
        raise AgreementError([*self.problems, Problem(self.file, mark.line + 1, mark.column + 1, clean(message))])


def _kind(event: object) -> str:
    if isinstance(event, MappingStartEvent):
        return "map"
    return "list" if isinstance(event, SequenceStartEvent) else "text"


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
    for value in _values_of(node, "to"):
        text = value.text or ""
        for name, known in variables.items():
            text = text.replace("${" + name + "}", known)
        if "${" in text:
            name = text.partition("${")[2].partition("}")[0][:40]
            message = f"nothing is known for ${{{clean(name)}}}{suggest(name, variables)}"
            problems.append(Problem(file, value.line, value.column, message))
        value.text = text if value.text is not None else None
    return problems


def _values_of(root: Node, name: str) -> Iterator[Node]:
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
