"""The tree that a document becomes, and what puts it together: bounded in every direction, every value with its place.

Knows nothing of YAML's letters: ``yaml_subset`` and ``document`` say what begins and ends, and where.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import NoReturn

from tandem.agreement.schema.fields import clean
from tandem.errors import AgreementError, Problem

DEEPEST = 32
MOST_NODES = 250_000
"""Keys and values, aliases expanded."""
MOST_ENTRIES = 20_000
"""In one list, or under one key."""
MOST_ALIASED = 20_000
"""Of the nodes by aliases: little text must not become a large document."""
MOST_FAULTS = 100
"""So many duplicate keys are named, and no more."""
NULL = frozenset({"", "~", "null", "Null", "NULL"})
"""Without quotes these say that nothing is written."""

Mark = tuple[int, int]
"""Line and column, both 1-based."""


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


_NO_ENTRIES: dict[str, tuple[Node, Node]] = {}
_NO_PARTS: list[Node] = []
"""Of all texts: a pair of containers each would weigh more than everything else."""


class Builder:
    """Puts a tree together from what a reader finds; a list of open collections instead of recursion."""

    def __init__(self, file: str) -> None:
        self.file = file
        self.root: Node | None = None
        self.problems: list[Problem] = []
        """Keys that stand twice or are no texts."""
        self._open: list[tuple[Node, str | None]] = []
        self._keys: list[Node | None] = []
        self._anchors: dict[str, Node] = {}
        self._count = 0
        self._aliased = 0

    def text(self, line: int, column: int, text: str | None, anchor: str | None = None) -> None:
        """A key or a value."""
        node = Node("text", line, column, text, _NO_ENTRIES, _NO_PARTS)
        if anchor:
            self._anchors[anchor] = node
        self._add(node)

    def begin(self, kind: str, line: int, column: int, anchor: str | None = None) -> None:
        """A ``map`` or ``list`` begins."""
        if len(self._open) >= DEEPEST:
            self.stop((line, column), f"nested more than {DEEPEST} deep; an agreement never is")
        if self._keys and self._open[-1][0].kind == "map" and self._keys[-1] is None:
            self.stop((line, column), "a key must be a plain text")
        self._open.append((Node(kind, line, column), anchor))
        self._keys.append(None)

    def end(self) -> None:
        """The innermost one ends."""
        node, anchor = self._open.pop()
        self._keys.pop()
        if anchor:  # known only from here on: an alias inside its own anchor would have no end
            self._anchors[anchor] = node
        self._add(node)

    def alias(self, line: int, column: int, name: str) -> None:
        """What the anchor ``name`` stands at, once more."""
        node = self._anchors.get(name)
        if node is None:
            inside = any(anchor == name for _, anchor in self._open)
            reason = "refers to the value it stands in" if inside else "refers to nothing above"
            self.stop((line, column), f"*{name} {reason}")
        self._aliased += node.size
        if self._aliased > MOST_ALIASED:
            self.stop((line, column), f"more than {MOST_ALIASED:,} values, aliases expanded: *{name} is one too many")
        self._add(node)

    def stop(self, place: Mark, message: str) -> NoReturn:
        """Raise AgreementError: nothing after this matters."""
        raise AgreementError([*self.problems, Problem(self.file, *place, clean(message))])

    def _add(self, node: Node) -> None:
        self._count += node.size if node.kind == "text" else 0
        if not self._open:
            self.root = node
            return
        parent = self._open[-1][0]
        parent.size += node.size
        if parent.size > MOST_NODES or self._count > MOST_NODES:
            self.stop((node.line, node.column), f"more than {MOST_NODES:,} values, aliases expanded")
        if len(parent.parts) >= MOST_ENTRIES or len(parent.entries) >= MOST_ENTRIES:
            message = f"more than {MOST_ENTRIES:,} entries in one place; an agreement never has that many"
            self.stop((node.line, node.column), message)
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
        if len(self.problems) >= MOST_FAULTS:
            raise AgreementError(self.problems)
