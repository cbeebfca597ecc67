"""Text conditions of many rules on one field (contains, prefix, glob, regex), answered in one pass over the text.

Literals and plain globs share one automaton; other globs and regexes share a filter that looks for the literals they
need first. What fits in neither is never excluded: the caller asks the rule itself.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from tandem.agreement.bits import Numbers, packed
from tandem.agreement.patterns import (
    Scan,
    as_bytes,
    glob_literal,
    glob_regex,
    literal,
    literal_scan,
    regex_scan,
)
from tandem.agreement.schema.scope import Matcher

_Make = Callable[[Sequence[str]], Scan | None]


@dataclass(frozen=True, slots=True)
class _Scanned:
    """A scan and, in its numbering, the rules that name each pattern."""

    scan: Scan
    owners: tuple[Numbers, ...]


@dataclass(frozen=True, slots=True)
class TextIndex:
    """All text conditions on one field."""

    folded: tuple[_Scanned, ...]
    """On the case-folded text."""
    written: tuple[_Scanned, ...]
    """On the text as it is."""
    always: Numbers
    """Rules with a pattern that no scan could take."""

    def matching(self, value: str, folded: str) -> Iterator[Numbers]:
        """Rules whose condition holds for ``value``, and those of ``always``."""
        yield self.always
        for scans, text in ((self.folded, folded), (self.written, value)):
            if scans:
                raw = as_bytes(text)
                for scanned in scans:
                    yield from map(scanned.owners.__getitem__, scanned.scan(raw))


@dataclass(slots=True)
class _Sorted:
    """Pattern -> rules, by what can look for it."""

    literals: dict[str, list[int]] = field(default_factory=dict)
    globs: dict[str, list[int]] = field(default_factory=dict)
    regexes: dict[str, list[int]] = field(default_factory=dict)

    def add(self, matcher: Matcher, number: int) -> None:
        for text in matcher.contains or ():
            self.literals.setdefault(literal(text.casefold()), []).append(number)
        for text in matcher.prefix or ():
            self.literals.setdefault(literal(text.casefold(), start=True), []).append(number)
        for text in matcher.glob or ():
            plain = glob_literal(text)
            if plain is not None:
                self.literals.setdefault(plain, []).append(number)
            else:
                self.globs.setdefault(rf"\A(?:{glob_regex(text)})\z", []).append(number)
        if matcher.regex is not None:
            self.regexes.setdefault(matcher.regex, []).append(number)


def text_index(conditions: Iterable[tuple[int, Matcher]], size: int) -> TextIndex | None:
    """The index over (rule number, its text matcher on the field); None without any. ``size``: number of rules."""
    found = _Sorted()
    for number, matcher in conditions:
        found.add(matcher, number)
    if not (found.literals or found.globs or found.regexes):
        return None
    left: list[int] = []
    literals = _scans(found.literals, literal_scan, size, left)
    globs = _scans(found.globs, regex_scan, size, left)
    regexes = _scans(found.regexes, regex_scan, size, left)
    return TextIndex((*literals, *globs), tuple(regexes), packed(left, size))


def _scans(patterns: Mapping[str, list[int]], make: _Make, size: int, left: list[int]) -> list[_Scanned]:
    """As few scans as memory allows; rules of a pattern that is too large on its own are added to ``left``."""
    if not patterns:
        return []
    scan = make(tuple(patterns))
    if scan is not None:
        return [_Scanned(scan, tuple(packed(numbers, size) for numbers in patterns.values()))]
    if len(patterns) == 1:
        left += next(iter(patterns.values()))
        return []
    entries, middle = list(patterns.items()), len(patterns) // 2
    halves = (dict(entries[:middle]), dict(entries[middle:]))
    return [scanned for half in halves for scanned in _scans(half, make, size, left)]
