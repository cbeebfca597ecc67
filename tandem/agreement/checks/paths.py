"""Escalation paths: each says what it must, ends at a named senior, exists in both directions, and is used."""

from __future__ import annotations

from collections.abc import Iterator

from tandem.agreement.checks.context import Context
from tandem.agreement.compiled import default_path
from tandem.agreement.coverage.needs import function_tracks, tracks_of
from tandem.agreement.escalation_paths import all_paths
from tandem.agreement.oncall.named import senior_of
from tandem.agreement.schema.documents import TenantDocument
from tandem.agreement.schema.people import PathSpec
from tandem.errors import Problem
from tandem.model.ownership import Mode, Party, Track

SAYS = {
    "trigger": 'trigger: "P1 and P2 of what this party owns"',
    "channel": 'channel: "push, then mail"',
    "information": 'information: "what fails, since when, who is affected, what was tried"',
    "expected_response": "expected_response: 30m",
}
"""What a path has to say (R33), each with an example."""


def check_paths(context: Context) -> Iterator[Problem]:
    """Every path of the document, and for a tenant what it needs before it goes live."""
    for index, path in context.entries("paths"):
        yield from _complete(context, index, path)
        yield from _senior(context, index, path)
    yield from _named_seniors(context)
    yield from _seniors_of_ladders(context)
    tenant = context.tenant
    if tenant is not None and tenant.matrix:
        yield from _both_directions(context, tenant)
        yield from _unused(context, tenant)


def _complete(context: Context, index: int, path: PathSpec) -> Iterator[Problem]:
    missing = [name for name in SAYS if not getattr(path, name)]
    if missing:
        message = (
            f'the path "{path.id}" does not say its {_listed(missing)}; add {", ".join(SAYS[name] for name in missing)}'
        )
        yield context.problem(("paths", index, "id"), message)


def _senior(context: Context, index: int, path: PathSpec) -> Iterator[Problem]:
    senior = senior_of(context.whole.parties.get(path.party), path.track)
    ends = {f"senior:{path.party}", f"person:{senior}"}
    reaches = any(target in ends for step in path.steps for target in step.page) or senior in path.fallback
    if not reaches and not (context.managed and path.party is Party.INTERNAL):
        message = f'the path "{path.id}" never reaches the named senior; add a step with page: senior:{path.party}'
        yield context.problem(("paths", index, "id"), message)


def _named_seniors(context: Context) -> Iterator[Problem]:
    """A party that a path of this document belongs to names the senior of its track (R31)."""
    told: set[tuple[Party, Track]] = set()
    for index, path in context.entries("paths"):
        party = context.whole.parties.get(path.party)
        missing = party is not None and senior_of(party, path.track) is None
        if missing and (path.party, path.track) not in told and not (context.managed and path.party is Party.INTERNAL):
            told.add((path.party, path.track))
            message = (
                f"{path.party} names no senior for track {path.track} (parties.{path.party}.senior_{path.track}); "
                f'the path "{path.id}" has to end at one'
            )
            yield context.problem(("paths", index, "id"), message)


def _seniors_of_ladders(context: Context) -> Iterator[Problem]:
    """A schedule without a path of its own is paged by the default ladder, whose second rung is the senior (R-A2)."""
    written = {(path.party, path.track) for path in context.whole.paths}
    for index, schedule in context.entries("schedules"):
        party = context.whole.parties.get(schedule.party) if schedule.party else None
        if schedule.party is None or schedule.track is None or party is None:
            continue
        side = (schedule.party, schedule.track)
        if side in written or senior_of(party, schedule.track) is not None:
            continue
        written.add(side)
        what = "security" if schedule.track is Track.SOC else "operations"
        message = (
            f"{party.name} names no senior for track {schedule.track}, and its {what} is paged by schedule "
            f'"{schedule.id}" ({context.place("schedules", schedule.id)}): nobody follows who does not answer there, '
            f"until the Accountable is called.\n  Fix: add senior_{schedule.track}: and a person "
            f"to parties.{schedule.party}."
        )
        own = schedule.party in context.own.document.parties
        at = ("parties", schedule.party) if own else ("schedules", index, "id")
        yield context.problem(at, message, key=own)


def _both_directions(context: Context, tenant: TenantDocument) -> Iterator[Problem]:
    """Where both parties act, each can call the other on every track that rows use (R32), before it is live (R40)."""
    if context.managed or set(Party) - tenant.parties.keys():
        return
    paths = all_paths(tenant)
    live = Mode.OBSERVE not in _modes(tenant) or len(_modes(tenant)) > 1
    functions = function_tracks(tenant.functions)
    for track in sorted({track for row in tenant.matrix for track in tracks_of(row, functions)}):
        for party in Party:
            ours = [path for path in paths.values() if (path.party, path.track) == (party, track)]
            if ours:
                continue
            message = (
                f"there is no path to {party} for track {track}, so {party.other} cannot call it: add one to paths, "
                f"or a schedule of party {party} and track {track}"
            )
            message += "" if live else "; before this client leaves mode observe it has to be there"
            yield context.problem(("parties", party), message, level="error" if live else "warning", key=True)


def _modes(tenant: TenantDocument) -> set[Mode]:
    rows = {row.mode for row in tenant.matrix if row.mode is not None}
    return {tenant.tenant.mode, *rows, *tenant.modes.values()}


def _unused(context: Context, tenant: TenantDocument) -> Iterator[Problem]:
    """What this document writes and nothing ever asks for."""
    paths = all_paths(tenant)
    usual = (default_path(paths, party, track) for party in Party for track in Track)
    used = {path.id for path in usual if path is not None}
    used |= {name for row in tenant.matrix for name in row.paths.values()}
    targets = {target for path in paths.values() for step in path.steps for target in step.page}
    for index, path in context.entries("paths"):
        if path.id not in used and f"path:{path.id}" not in targets:
            message = f'nothing uses the path "{path.id}": no row names it and it is not the usual one of its track'
            yield context.problem(("paths", index, "id"), message, level="warning")
    for index, schedule in context.entries("schedules"):
        if f"schedule:{schedule.id}" not in targets:
            message = (
                f'nothing uses the schedule "{schedule.id}": no path pages it'
                f"{'' if schedule.party and schedule.track else ', and it says no party and track'}"
            )
            yield context.problem(("schedules", index, "id"), message, level="warning")


def _listed(words: list[str]) -> str:
    return " and ".join([", ".join(words[:-1]), words[-1]] if len(words) > 1 else words).replace("_", " ")
