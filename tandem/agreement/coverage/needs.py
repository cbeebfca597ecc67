"""Which path has to answer when: the rows of the matrix asked who is Responsible, in hours and after them (R-A4).

One ``Need`` per path and part of the week, however many rows share it: rows share a few dozen.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from enum import Enum

from tandem.agreement.compiled import default_path
from tandem.agreement.oncall.named import named_path
from tandem.agreement.schema.documents import SharedParts, TenantDocument
from tandem.agreement.schema.matrix import ScopeRow
from tandem.agreement.schema.people import PathSpec
from tandem.agreement.schema.scope import FunctionSpec
from tandem.model.ownership import Owner, Party, TenantKind, Track


class When(Enum):
    """The part of the time for which a path is needed."""

    ALWAYS = "always"
    ON_DUTY = "while the internal party has somebody on duty"
    OFF_DUTY = "while the internal party has nobody on duty"


@dataclass(frozen=True, slots=True)
class Need:
    """``path`` has to reach somebody ``when``, because these ``rows`` say so (ids, in the order of the matrix)."""

    path: PathSpec
    when: When
    rows: tuple[str, ...]
    people: frozenset[str] = frozenset()
    """Whose absence turns the rows to night, where they name people (RACI R); empty: the responders of the party."""


def needs_of(parts: SharedParts, paths: Mapping[str, PathSpec]) -> list[Need]:
    """Everything that must be covered; ``paths`` are all that are in force.

    A provider's document on its own needs all its paths at any time, because its clients rely on them at any time.
    """
    rows: dict[tuple[str, When, frozenset[str]], list[str]] = {}
    found: dict[str, PathSpec] = {}
    for row, party, track, when in _responsible(parts):
        path = path_for(row, party, track, parts, paths)
        people = frozenset(row.raci.responsible) if when is not When.ALWAYS else frozenset[str]()
        if path is not None:
            found[path.id] = path
            rows.setdefault((path.id, when, people), []).append(row.id)
    if not isinstance(parts, TenantDocument):
        for path in paths.values():
            if path.party is Party.MSP:
                found[path.id] = path
                rows.setdefault((path.id, When.ALWAYS, frozenset()), [])
    return [Need(found[name], when, tuple(dict.fromkeys(ids)), people) for (name, when, people), ids in rows.items()]


def path_for(
    row: ScopeRow, party: Party, track: Track, parts: SharedParts, paths: Mapping[str, PathSpec]
) -> PathSpec | None:
    """The row's path of a party, its default one, or its named people; None when there is nobody at all."""
    chosen = paths.get(row.paths.get(party, ""))
    if chosen is not None and chosen.track is track:
        return chosen
    usual = default_path(paths, party, track)
    spec = parts.parties.get(party)
    if usual is not None or spec is None:
        return usual
    named = named_path(spec, party, track)
    return named if len(named.steps) > 1 or spec.accountable else None


def tracks_of(row: ScopeRow, functions: Mapping[str, Track]) -> frozenset[Track]:
    """The tracks of a row: its own, its first function's, or of a row for every function all there are.

    ``functions`` is what ``function_tracks`` gives, asked once for all rows.
    """
    if row.track is not None:
        return frozenset({row.track})
    if row.function:
        return frozenset({next((functions[name] for name in row.function if name in functions), Track.OPS)})
    return frozenset(functions.values()) or frozenset({Track.OPS})


def function_tracks(functions: Iterable[FunctionSpec]) -> dict[str, Track]:
    """Function -> its track."""
    return {function.id: function.track for function in functions}


def is_managed(parts: SharedParts) -> bool:
    """A client without an internal team: only the MSP acts."""
    return isinstance(parts, TenantDocument) and parts.tenant.kind is TenantKind.MANAGED


def _responsible(parts: SharedParts) -> Iterator[tuple[ScopeRow, Party, Track, When]]:
    functions = function_tracks(parts.functions)
    for row in parts.matrix:
        owners = dict.fromkeys([_daytime_party(row, parts), *_owners_of_assets(row, parts)])
        turns = dict.fromkeys(turn for party in owners for turn in _turns(row, party, parts))
        for track in sorted(tracks_of(row, functions)):
            for party, when in turns:
                yield row, party, track, when


def _daytime_party(row: ScopeRow, parts: SharedParts) -> Party:
    if is_managed(parts):
        return Party.MSP
    return (row.lead or Party.MSP) if row.owner is Owner.SHARED else Party(row.owner.value)


def _owners_of_assets(row: ScopeRow, parts: SharedParts) -> list[Party]:
    """Parties that own an asset of their own accord, whatever the row says that decides about it."""
    if not isinstance(parts, TenantDocument) or is_managed(parts):
        return []
    known = row.function or ()
    owned = [asset for asset in parts.assets if asset.owner is not None]
    return [asset.owner for asset in owned if asset.owner and (not known or asset.function in {None, *known})]


def _turns(row: ScopeRow, party: Party, parts: SharedParts) -> list[tuple[Party, When]]:
    """Who is Responsible for a row of ``party``'s, and when; ``after_hours: none`` needs nobody until opening."""
    if party is Party.MSP:
        return [(Party.MSP, When.ALWAYS)]
    # A full queue sends what comes in hours to the MSP (R-A6).
    overflow = [(Party.MSP, When.ON_DUTY)] if row.overflow is not None else []
    after = row.after_hours or ("msp" if Party.MSP in parts.parties else "internal")
    if after == "internal":
        return [(Party.INTERNAL, When.ALWAYS), *overflow]
    internal = [(Party.INTERNAL, When.ON_DUTY), *overflow]
    return [*internal, (Party.MSP, When.OFF_DUTY)] if after == "msp" else internal
