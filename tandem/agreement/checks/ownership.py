"""The scope matrix says who owns what: nothing unowned, nothing owned twice, nobody missing who is needed.

Looks at one function at a time and tries every combination of the values its rows name, which is exact for the few
rows a function has. Where that would be too many combinations it says "not proven", never "ok".
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import chain, combinations, product

from tandem.agreement.checks.context import Context
from tandem.agreement.compiled import RowQuery, default_path
from tandem.agreement.matrix import UNKNOWN, RankedRow, deciding_order
from tandem.agreement.schema.scope import FunctionSpec, ScopeRow
from tandem.errors import Problem
from tandem.model.alert import Severity
from tandem.model.ownership import Owner, Party, Track

MOST_TRIED = 100_000
"""Combinations times rows of one function; some tenths of a second."""
OTHER = "(any other)"


def check_ownership(context: Context) -> Iterator[Problem]:
    """Rows on their own, then all rows of each function together."""
    yield from _rows(context)
    tenant = context.tenant
    if tenant is not None and tenant.matrix:
        yield from _parties(context)
    rows = deciding_order(context.whole.matrix, (site.id for site in tenant.sites) if tenant else ())
    for function in context.whole.functions:
        named = [entry for entry in rows if function.id in entry.row.function]
        if named or tenant is None or not tenant.matrix:
            yield from _function(context, function, named)
        else:
            yield _unowned(context, function, named, "")


def _rows(context: Context) -> Iterator[Problem]:
    for index, row in context.entries("matrix"):
        if row.owner is Owner.SHARED and row.lead is None:
            message = f'the row "{row.id}" is shared and names no lead; add lead: internal or lead: msp'
            yield context.problem(("matrix", index, "owner"), message)
        if context.managed and row.owner is not Owner.MSP:
            message = f'the row "{row.id}" is owned by {row.owner}, but a managed client has no internal team'
            yield context.problem(("matrix", index, "owner"), message)


def _parties(context: Context) -> Iterator[Problem]:
    """Every party that the rows need exists and has a way to be paged."""
    tenant = context.tenant
    if tenant is None:
        return
    needed = {(party, track) for party, track in _needed(context) if not (context.managed and party is Party.INTERNAL)}
    paths = {path.id: path for path in tenant.paths}
    scheduled = {(schedule.party, schedule.track) for schedule in tenant.schedules}
    for party in sorted({party for party, _ in needed}):
        if party not in tenant.parties:
            message = f"rows of the matrix need the party {party}, and there is no parties.{party}"
            yield context.problem(("tenant", "id"), message)
    for party, track in sorted(needed):
        found = default_path(paths, party, track) is not None or (party, track) in scheduled
        explicit = any(path.party is party and path.track is track for path in tenant.paths)
        if party in tenant.parties and not found and not explicit:
            message = f"nobody of {party} can be paged for track {track}: add a path or a schedule for it"
            yield context.problem(("tenant", "id"), message)


def _needed(context: Context) -> Iterator[tuple[Party, Track]]:
    tracks = {function.id: function.track for function in context.whole.functions}
    for row in context.whole.matrix:
        track = row.track or next((tracks[name] for name in row.function if name in tracks), Track.OPS)
        owner = row.lead if row.owner is Owner.SHARED else Party(row.owner.value)
        for party in {owner, *((Party.MSP, Party.INTERNAL) if row.owner is Owner.SHARED else ())}:
            if party is not None:
                yield party, track


def _function(context: Context, function: FunctionSpec, rows: list[RankedRow]) -> Iterator[Problem]:
    covered = any(not entry.accepts for entry in rows) or context.tenant is None or not context.whole.matrix
    rivals = [
        (first, second)
        for first, second in combinations(rows, 2)
        if first.rank == second.rank and not first.beats(second) and not second.beats(first)
    ]
    if covered and not rivals:
        return
    points = _points(function.id, rows)
    if points is None:
        message = f'not proven for "{function.name}": its rows name too many values together; split or narrow them'
        yield _at_row(context, rows[0].row, message, level="warning")
        return
    unowned, tied = False, set[frozenset[str]]()
    for query in points:
        taking = [entry for entry in rows if entry.refusal(query) is None]
        unbeaten = [entry for entry in taking if not any(other.beats(entry) for other in taking)]
        if not taking and not covered and not unowned:
            unowned = True
            yield _unowned(context, function, rows, _example(function, query))
        for first, second in combinations(unbeaten, 2):
            pair = frozenset({first.row.id, second.row.id})
            if pair not in tied:
                tied.add(pair)
                yield from _tie(context, first, second, example=_example(function, query))


def _points(function: str, rows: list[RankedRow]) -> Iterator[RowQuery] | None:
    """Every combination of values that the rows can tell apart; None when there are too many."""
    named = {
        name: sorted(set(chain.from_iterable(entry.accepts.get(name, ()) for entry in rows)) - {UNKNOWN})
        for name in ("category", "site", "asset_tag")
    }
    severities = [str(word) for word in Severity] if any("severity" in entry.accepts for entry in rows) else [OTHER]
    count = 2 ** len(named["asset_tag"]) * len(severities)
    count *= (len(named["category"]) + 2) * (len(named["site"]) + 2) * len(rows)
    if count > MOST_TRIED:
        return None
    tags = [
        frozenset(some)
        for size in range(len(named["asset_tag"]) + 1)
        for some in combinations(named["asset_tag"], size)
    ]
    tags += [frozenset({OTHER})]
    categories: list[str | None] = [*named["category"], OTHER, None]
    sites: list[str | None] = [*named["site"], OTHER, None]
    return (
        RowQuery(function=function, category=category, site=site, asset_tags=some, severity=severity)
        for category, site, some, severity in product(categories, sites, tags, severities)
    )


def _example(function: FunctionSpec, query: RowQuery) -> str:
    said = [f'an alert for "{function.name}"']
    if query.severity != OTHER:
        said.append(f"severity {query.severity}")
    for name, value in (("site", query.site), ("category", query.category)):
        if value != OTHER:
            said.append(f"{name} {value}" if value else f"no {name}")
    if tags := sorted(query.asset_tags - {OTHER}):
        said.append(f"on an asset tagged {' and '.join(tags)}")
    return ", ".join(said)


def _unowned(context: Context, function: FunctionSpec, rows: list[RankedRow], example: str) -> Problem:
    if not rows:
        message = f'nobody owns "{function.name}": no row of the matrix names the function {function.id}'
        return _at_function(context, function, message)
    message = (
        f'nobody owns some alerts of "{function.name}".\n  For example: {example}.\n'
        f"  Why: every row for this function asks for more than that.\n"
        f"  Fix: add a row with only function: {function.id}, which takes what the others leave."
    )
    return _at_row(context, rows[-1].row, message)


def _tie(context: Context, first: RankedRow, second: RankedRow, *, example: str) -> Iterator[Problem]:
    own = {row.id for row in context.own.document.matrix}
    if not own & {first.row.id, second.row.id}:
        return  # both stand in the provider's document, which is checked on its own
    here, there = (first, second) if first.row.id in own else (second, first)
    same = f" Both say {here.row.owner}: merge them." if here.row.owner is there.row.owner else ""
    names = here.rank[0]
    message = (
        f'two rows claim the same alert: "{here.row.id}" ({here.row.owner}) and "{there.row.id}" '
        f"({there.row.owner}, {context.place('matrix', there.row.id)}).{same}\n"
        f"  For example: {example}.\n"
        f"  Why: both name {names} field{'s' if names > 1 else ''}, and neither lies inside the other.\n"
        f"  Fix: add a condition to the row that shall win there, or give it priority_order: "
        f"{max(here.row.priority_order, there.row.priority_order) + 1}."
    )
    yield _at_row(context, here.row, message)


def _at_row(context: Context, row: ScopeRow, message: str, *, level: str = "error") -> Problem:
    index = next((i for i, entry in context.entries("matrix") if entry.id == row.id), None)
    path: tuple[int | str, ...] = ("matrix", index) if index is not None else ("tenant", "id")
    return context.problem(path, message, level=level)


def _at_function(context: Context, function: FunctionSpec, message: str) -> Problem:
    index = next((i for i, entry in context.entries("functions") if entry.id == function.id), None)
    path: tuple[int | str, ...] = ("functions", index, "id") if index is not None else ("tenant", "id")
    return context.problem(path, message)
