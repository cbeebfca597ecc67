"""A body of a user template as one level of names, told apart by their letters only.

``EVENT.ID``, ``event_id``, ``EventID`` and ``{"event": {"id": ..}}`` are all ``eventid``: whoever writes a template
spells its names as they like. A placeholder the tool left as it stands (``{EVENT.ID}``, ``[alert_uid]``) is no value.
Knows no vendor.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import lru_cache

from tandem_ingest.vendors import shape

_UNFILLED = re.compile(r"\{\{? ?[\w.$#-]+ ?\}?\}|\[[a-z_]+\]|\$[A-Z_]+|\$[\w.]+\$|%[a-z]+|\*UNKNOWN\*", re.ASCII)
WRAPPERS = frozenset({"data", "payload", "body", "params", "parameters", "attributes"})
"""Objects that only wrap: the names in them stand for themselves."""
_OPAQUE = frozenset({"labels", "annotations"})
"""Objects of anybody's names, which mean nothing here."""
_OPENING = "{[$%* "
"""What a placeholder begins with: most texts are told from one by their first character."""
_DEPTH = 3
_NAMES = 400
LONGEST = 60
"""Characters of a name, and of a placeholder; a longer name is nobody's field."""


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

    def _take(self, says: Mapping[str, object], prefix: str, depth: int) -> None:
        nested: list[tuple[str, Mapping[str, object]]] = []
        for key, value in says.items():
            if value is None or value == "" or len(key) > LONGEST or len(self._values) >= _NAMES:
                continue
            own = fold(key)
            name = own if own.startswith(prefix) else prefix + own
            if isinstance(value, dict):
                if own in _OPAQUE:
                    continue
                nested.append(("" if own in self._wrappers else name, value))
            elif isinstance(value, str) and value[0] in _OPENING and _UNFILLED.fullmatch(value.strip()):
                self._unfilled.add(name)
            else:
                self._values.setdefault(name, value)
        for name, inner in nested:
            if depth:
                self._take(inner, name, depth - 1)


@lru_cache(maxsize=2048)
def fold(key: str) -> str:
    """``key`` by its letters and digits; the cache holds short keys only, see ``LONGEST``."""
    return "".join(filter(str.isalnum, key)).casefold()
