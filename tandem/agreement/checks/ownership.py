"""The scope matrix says who owns what: nothing unowned, nothing owned twice, nobody missing who is needed.

Rows on their own are looked at here, rows taken together in ``proven``.
"""

from __future__ import annotations

from collections.abc import Iterator

from tandem.agreement.checks.context import Context
from tandem.agreement.checks.proven import check_matrix
from tandem.agreement.compiled import default_path
from tandem.agreement.schema.matrix import ScopeRow
from tandem.errors import Problem
from tandem.model.ownership import Owner, Party, Track


def check_ownership(context: Context) -> Iterator[Problem]:
    """Rows on their own, then all of them together."""
    yield from _rows(context)
    tenant = context.tenant
    if tenant is not None and tenant.matrix:
        yield from _parties(context)
    elif tenant is not None and tenant.functions and tenant.parties:
        message = (
            "nobody owns anything: this agreement has functions and parties, and no matrix.\n"
            "  Fix: add a section matrix: with a row for each function, "
            f"- {{id: {tenant.functions[0].id}, function: {tenant.functions[0].id}, owner: msp}}."
        )
        yield context.problem(("tenant", "id"), message)
    yield from check_matrix(context)


def _rows(context: Context) -> Iterator[Problem]:
    for index, row in context.entries("matrix"):
        if row.owner is Owner.SHARED and row.lead is None:
            message = f'the row "{row.id}" is shared and names no lead; add lead: internal or lead: msp'
            yield context.problem(("matrix", index, "owner"), message)
        if row.owner is not Owner.SHARED and row.lead is not None:
            yield _idle_lead(context, index, row)
        if context.managed and row.owner is not Owner.MSP:
            message = f'the row "{row.id}" is owned by {row.owner}, but a managed client has no internal team'
            yield context.problem(("matrix", index, "owner"), message)


def _idle_lead(context: Context, index: int, row: ScopeRow) -> Problem:
    """Only a shared row has a lead; another party than the owner there leaves open who is meant."""
    same = row.lead is not None and row.lead.value == row.owner.value
    message = f'the row "{row.id}" is owned by {row.owner} alone, '
    message += (
        f"so lead: {row.lead} says nothing; take it out"
        if same
        else (f"and names {row.lead} as lead; write owner: shared, or take lead out")
    )
    return context.problem(("matrix", index, "lead"), message, level="warning" if same else "error")


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
        track = row.track or next((tracks[name] for name in row.function or () if name in tracks), Track.OPS)
        owner = row.lead if row.owner is Owner.SHARED else Party(row.owner.value)
        for party in {owner, *((Party.MSP, Party.INTERNAL) if row.owner is Owner.SHARED else ())}:
            if party is not None:
                yield party, track
