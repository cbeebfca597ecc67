"""A body of a user template as one level of names, told apart by their letters only.

``EVENT.ID``, ``event_id``, ``EventID`` and ``{"event": {"id": ..}}`` are all ``eventid``: whoever writes a template
spells its names as they like. A placeholder the tool left as it stands (``{EVENT.ID}``, ``[alert_uid]``) is no value.
Knows no vendor.
"""

from __future__ import annotations

import re
from collections.abc import ItemsView, Mapping, Sequence
from functools import lru_cache

from tandem_ingest.vendors import shape

_UNFILLED = re.compile(
    r"\{ ?[\w.$#-]+ ?\}|\{\{[^{}]{1,60}\}\}|\$\{[^{}]{1,60}\}|\[[a-z_]+\]|\$[A-Z_]+|\$[\w.]+\$|%[a-z]+|%\w{1,60}%"
    r"|<[A-Z][A-Z _/-]+>|##[A-Z]+##|\*UNKNOWN\*",
    re.ASCII,
)
WRAPPERS = frozenset({"data", "payload", "body", "params", "parameters", "attributes"})
"""Objects that only wrap: the names in them stand for themselves."""
OPAQUE = frozenset({"labels", "annotations"})
"""Objects of anybody's names, which mean nothing here."""
OPENING = frozenset("{[$%<#* ")
"""What a placeholder begins with: most texts are told from one by their first character."""
_DEPTH = 3
_NAMES = 400
LONGEST = 60
"""Characters of a name, and of a placeholder; a longer name is nobody's field."""


def is_unfilled(value: str) -> bool:
    """Whether ``value`` is a placeholder that the tool left as it stands; ask only of one that begins like one."""
    return _UNFILLED.fullmatch(value.strip()) is not None


class Flat:
    """The scalars and lists of a body by name; what stands further out, or earlier, wins."""

    def __init__(self, body: object, *, wrappers: frozenset[str] = frozenset()) -> None:
        """``body`` may be of any shape; one that is no object has no names. ``wrappers``: see WRAPPERS."""
        self._wrappers = WRAPPERS | wrappers
        self._values: dict[str, object] = {}
        self._unfilled: set[str] = set()
        self._take(shape.mapping(body), "", _DEPTH)

    def get(self, *names: str) -> object:
        """The value of the first of ``names`` (lower-case letters and digits) that has one, as it is."""
        for name in names:
            if name in self._values:
                return self._values[name]
        return None

    def first(self, *names: str) -> str | None:
        """The first of ``names`` that says something, as text."""
        values = self._values
        for name in names:
            if name in values and (found := shape.text(values[name])) is not None:
                return found
        return None

    def word(self, *names: str) -> str:
        """``first``, for comparing."""
        return shape.word(self.first(*names))

    def unfilled(self, *names: str) -> bool:
        """Whether one of ``names`` still holds its placeholder, as a tool's test button leaves it."""
        return not self._unfilled.isdisjoint(names)

    def lacks(self, names: Sequence[str]) -> bool:
        """Whether none of ``names`` has a value."""
        return self._values.keys().isdisjoint(names)

    def items(self) -> ItemsView[str, object]:
        """Names and values, in the order they were found."""
        return self._values.items()

    def _take(self, says: Mapping[str, object], prefix: str, depth: int) -> None:
        values = self._values
        nested: list[tuple[str, Mapping[str, object]]] = []
        for key, value in says.items():
            if value is None or value == "" or len(key) > LONGEST or len(values) >= _NAMES:
                continue
            own = fold(key)
            name = own if own.startswith(prefix) else prefix + own
            if isinstance(value, dict):
                if own in OPAQUE:
                    continue
                nested.append(("" if own in self._wrappers else name, value))
            elif isinstance(value, str) and value[0] in OPENING and is_unfilled(value):
                self._unfilled.add(name)
            else:
                values.setdefault(name, value)
        for name, inner in nested:
            if depth:
                self._take(inner, name, depth - 1)


class Questions:
    """What an adapter asks of every body, each question with the names that may answer it, the best one first.

    A body has ten names and the questions know two hundred: so the names of the body are gone through, once, and not
    those of the questions.
    """

    def __init__(self, **names: tuple[str, ...]) -> None:
        """Question: names, folded."""
        self.names = names
        self._asked: dict[str, tuple[tuple[str, int], ...]] = {}
        for question, several in names.items():
            for rank, name in enumerate(several):
                self._asked[name] = (*self._asked.get(name, ()), (question, rank))

    def answers(self, says: Flat) -> dict[str, str]:
        """Question: what ``says.first`` gives for its names; those that nothing answers are left out."""
        found: dict[str, str] = {}
        ranks: dict[str, int] = {}
        for name, value in says.items():
            asked = self._asked.get(name)
            if asked is None or (text := shape.text(value)) is None:
                continue
            for question, rank in asked:
                if question not in ranks or rank < ranks[question]:
                    ranks[question], found[question] = rank, text
        return found


@lru_cache(maxsize=2048)
def fold(key: str) -> str:
    """``key`` by its letters and digits; the cache holds short keys only, see ``LONGEST``."""
    return "".join(filter(str.isalnum, key)).casefold()
