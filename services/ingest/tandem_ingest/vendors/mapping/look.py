"""One reading of one body: what it may still cost, and what it has already looked up. Never outlives the body."""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache
from typing import cast

from tandem.errors import Refused
from tandem_ingest.decode import decode
from tandem_ingest.unreadable import Unreadable

BUDGET = 300_000
"""Values and keys looked at, and 256 characters taken, count one each: a body of 5,000 alerts needs half of it."""
_NAME = 64
"""As long as a name is: in a line of ``Name: value`` the colon is there at the latest."""
_NOT_ALNUM = str.maketrans("", "", " _-.")


def folded(name: str) -> str:
    """``Job ID``, ``job_id`` and ``jobId`` alike."""
    return _folded(name) if len(name) <= _NAME else name.casefold().translate(_NOT_ALNUM)


@lru_cache(4096)
def _folded(name: str) -> str:
    """Tools write the same few hundred names again and again; only short ones are remembered."""
    return name.casefold().translate(_NOT_ALNUM)


class Look:
    """What the paths of one reading share."""

    def __init__(self, body: object, headers: Mapping[str, str]) -> None:
        """``headers`` have names in lower case."""
        self.body = body
        self.element = body
        """What ``$`` is."""
        self.headers = headers
        self.left = BUDGET
        """What may still be spent."""
        self.blank: str | None = None
        """The first placeholder of a template that was met in ``element``."""
        self._folded: dict[int, dict[str, object]] = {}
        self._opened: dict[str, object] = {}
        self._lines: dict[str, dict[str, str]] = {}

    def spend(self, units: int) -> None:
        """Count ``units``.

        Raises:
            Unreadable: this body has cost as much as one may.
        """
        self.left -= units
        if self.left < 0:
            raise Unreadable("the mapping looks at too much of this body")

    def opened(self, value: object) -> object:
        """The JSON that a text holds, or ``value`` itself: tools write objects as strings."""
        if not isinstance(value, str) or value[:1] not in {"{", "["}:
            return value
        if value not in self._opened:
            self.spend(1 + len(value) // 64)
            self._opened[value] = _parsed(value)
        return self._opened[value]

    def member(self, value: object, name: str, near: str, *, lines: bool = True) -> object:
        """What ``value`` holds by ``name``, spelt so or nearly so; None when nothing.

        Args:
            value: anything.
            name: as the path writes it.
            near: ``folded(name)``.
            lines: a text of ``Name: value`` lines is looked into too.
        """
        self.spend(1)
        if not isinstance(value, dict):
            value = self.opened(value)
            if isinstance(value, str) and lines:
                return self._line(value, near)
            if not isinstance(value, dict):
                return None
        found = value.get(name)
        if found is not None or name in value:
            return cast("object", found)
        return self.near(value, near)

    def near(self, value: dict[str, object], near: str) -> object:
        """What ``value`` holds by a name that is ``near`` when folded."""
        names = self._folded.get(id(value))  # the body outlives this: no other object can have the id
        if names is None:
            self.spend(len(value))
            names = self._folded[id(value)] = {folded(key): each for key, each in reversed(value.items())}
        return names.get(near)

    def _line(self, value: str, name: str) -> str | None:
        if value not in self._lines:
            self.spend(1 + len(value) // 64)
            pairs = (line.partition(":") for line in value.splitlines() if ":" in line[:_NAME])
            self._lines[value] = {folded(left.strip()): right.strip() for left, _, right in reversed([*pairs])}
        return self._lines[value].get(name) or None


def _parsed(value: str) -> object:
    try:
        return decode(value.encode("utf-8", "surrogatepass"))
    except (Unreadable, Refused):
        return value
