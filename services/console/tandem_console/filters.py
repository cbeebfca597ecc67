"""Which incidents a list shows: words like ``owner:msp priority:P1 fn:backup -src:rmm disk``, as a value.

Parsing never fails: what is no known filter is a word to look for in title and host. Values become bound parameters
of the store; nothing here is SQL, a pattern or a template.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field, replace

from tandem.model.incident import IncidentState
from tandem.model.ownership import Owner, Party, Track
from tandem.model.priority import Priority

FIELDS = ("tenant", "owner", "party", "priority", "state", "function", "track", "host", "site", "person")
ALIASES = {
    "client": "tenant",
    "fn": "function",
    "p": "priority",
    "prio": "priority",
    "responsible": "party",
    "asset": "host",
    "is": "state",
    "who": "person",
}
CLOSED: dict[str, frozenset[str]] = {
    "owner": frozenset(Owner),
    "party": frozenset(Party),
    "priority": frozenset(Priority),
    "state": frozenset(IncidentState),
    "track": frozenset(Track),
}
"""Fields with a fixed set of values."""
UNRESOLVED = tuple(state.value for state in IncidentState if state is not IncidentState.RESOLVED)
MOST_TERMS = 30
LONGEST_QUERY = 500


@dataclass(frozen=True, slots=True)
class Filter:
    """Conditions that all must hold; several values of one field are alternatives."""

    any_of: dict[str, tuple[str, ...]] = field(default_factory=dict)
    none_of: dict[str, tuple[str, ...]] = field(default_factory=dict)
    words: tuple[str, ...] = ()
    without: tuple[str, ...] = ()

    def also(self, name: str, values: Iterable[str]) -> Filter:
        """This filter with alternatives for ``name`` added; no values change nothing."""
        given = tuple(dict.fromkeys((*self.any_of.get(name, ()), *values)))
        return replace(self, any_of={**self.any_of, name: given}) if given else self

    def __bool__(self) -> bool:
        """True when it leaves anything out."""
        return bool(self.any_of or self.none_of or self.words or self.without)


def parse(query: str) -> Filter:
    """The filter a person typed; at most ``MOST_TERMS`` terms count."""
    found = Filter()
    for term in _terms(query[:LONGEST_QUERY])[:MOST_TERMS]:
        found = _with(found, term)
    return found


def canonical(name: str, value: str) -> str:
    """A value as it is stored: ``p1`` -> ``P1``, ``MSP`` -> ``msp``; open fields keep their text."""
    known = CLOSED.get(name)
    if known is None:
        return value
    folded = {member.casefold(): member for member in known}
    return str(folded.get(value.casefold(), value))


def _terms(query: str) -> list[str]:
    """Split on blanks; quotes keep blanks, also after a colon. An open quote ends with the text."""
    terms, current, quoted = [], "", False
    for char in query:
        if char == '"':
            quoted = not quoted
        elif char.isspace() and not quoted:
            terms.append(current)
            current = ""
        else:
            current += char
    return [term for term in [*terms, current] if term and term != "-"]


def _with(found: Filter, term: str) -> Filter:
    negated = term.startswith("-")
    name, colon, value = term.removeprefix("-").partition(":")
    name = ALIASES.get(name.casefold(), name.casefold())
    if colon and value and name in FIELDS:
        values = tuple(canonical(name, part) for part in value.split(",") if part)
        if not negated:
            return found.also(name, values)
        return replace(found, none_of={**found.none_of, name: (*found.none_of.get(name, ()), *values)})
    if negated:
        return replace(found, without=(*found.without, term[1:]))
    return replace(found, words=(*found.words, term))
