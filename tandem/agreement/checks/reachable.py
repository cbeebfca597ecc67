"""Somebody answers at every minute: gaps of the paths that rows rely on, each with its reason and what would help.

An error within eight weeks of the day that is asked about, a warning within 400 days (R-S7, R-S9, R-A1, R-A4).
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from tandem.agreement.business_hours import build_calendars
from tandem.agreement.checks.context import Context, entry_path
from tandem.agreement.checks.horizon import PROVEN, roster_of
from tandem.agreement.coverage.duty import on_duty
from tandem.agreement.coverage.gaps import Gap, Lack, by_cause, find_gaps
from tandem.agreement.coverage.needs import is_managed, needs_of
from tandem.agreement.coverage.reasons import reasons
from tandem.agreement.coverage.roster import Roster
from tandem.agreement.coverage.wording import folded, names, whole
from tandem.agreement.oncall.stretches import Stretch, intersection
from tandem.errors import Problem
from tandem.model.calendar import ALWAYS
from tandem.model.ownership import Party, Track

AROUND = timedelta(hours=6)
"""How much before and after a gap is shown."""
MOST_GROUPS = 3
"""Folded gaps of one path that are written out."""
_TRACKS = {Track.OPS: "operations", Track.SOC: "security"}


def check_reachable(context: Context, roster: Roster) -> Iterator[Problem]:
    """Every gap of every path that is needed; references must be sound."""
    inherited = _inherited(context, roster.within[0])
    for gap in _gaps(roster):
        known = inherited.get((gap.path.id, gap.lack), [])
        fresh = [stretch for stretch in gap.stretches if not intersection([stretch], known)]
        yield from _written(context, roster, replace(gap, stretches=tuple(fresh)))


def _gaps(roster: Roster) -> list[Gap]:
    parts = roster.parts
    internal = parts.parties.get(Party.INTERNAL)
    calendars = build_calendars(parts.calendars)

    def hours(people: frozenset[str]) -> list[Stretch]:
        if internal is None or is_managed(parts):
            return []
        calendar = calendars.get(internal.calendar, ALWAYS)
        return on_duty(parts, Party.INTERNAL, calendar, roster.within, people)

    return find_gaps(roster, needs_of(parts, roster.paths), hours)


def _inherited(context: Context, on: datetime) -> dict[tuple[str, Lack], list[Stretch]]:
    """Gaps of the provider's own paths: reported once, with its document, and not for each of its clients."""
    if context.other is None:
        return {}
    roster = roster_of(context.other.document, on)
    gaps = _gaps(roster) if roster is not None else []
    return {(gap.path.id, gap.lack): list(gap.stretches) for gap in gaps}


def _written(context: Context, roster: Roster, gap: Gap) -> Iterator[Problem]:
    zone = _zone_of(roster, gap)
    groups = whole(folded(by_cause(roster, gap), zone), roster.within, zone)
    more = f"\n  And at {len(groups) - MOST_GROUPS} other times of day." if len(groups) > MOST_GROUPS else ""
    for number, group in enumerate(groups[:MOST_GROUPS], start=1):
        soon = group[0][0] < roster.within[0] + PROVEN
        # The Responsible is who the first step pages: a later step is the escalation, not the cover (R-RACI1).
        level = "error" if soon and gap.lack is not Lack.SECOND else "warning"
        message = _message(context, roster, gap, group, zone) + (more if number == MOST_GROUPS else "")
        yield context.problem(_position(context, roster, gap, group), message, level=level)


def _message(context: Context, roster: Roster, gap: Gap, group: Sequence[Stretch], zone: ZoneInfo) -> str:
    whose, at = roster.name_of(gap.path.party), roster.said(group, zone)
    track = _TRACKS[gap.path.track]
    if gap.lack is Lack.SECOND:
        return _alone(context, roster, gap, group, f"only one person of {whose} can be paged for {track} {at}.")
    if gap.lack is Lack.FIRST:
        first = f'the first step of path "{gap.path.id}" ({whose}, {track}) reaches nobody {at}; '
        lines = [first + f"{_instead(roster, gap, group[0])} called at once instead."]
    else:
        lines = [f"nobody of {whose} can be paged for {track} {at}."]
    lines.append(_needed_by(context, gap, group))
    found = reasons(roster, gap, group, context.place)
    fixes = list(dict.fromkeys(fix for reason in found for fix in reason.fixes))
    fixes = [*fixes[:1], *(_to_the_msp(roster, gap, group) or fixes[1:2])]
    lines.append(f"  Why: {'; '.join(reason.text for reason in found)}." if found else "")
    lines.append(f"  Fix: {', or '.join(fixes)}." if fixes else "")
    lines.append(_see_it(context, gap, group))
    return "\n".join(line for line in lines if line)


def _see_it(context: Context, gap: Gap, group: Sequence[Stretch]) -> str:
    """The command that shows the schedule of the first step around the gap."""
    schedule = next(
        (target.partition(":")[2] for target in gap.path.steps[0].page if target.startswith("schedule:")), ""
    )
    first, last = (at.replace(minute=0, second=0, microsecond=0) for at in (group[0][0], group[0][1] + AROUND))
    when = f"--from {first - AROUND:%Y-%m-%dT%H:%MZ} --to {last:%Y-%m-%dT%H:%MZ}"
    command = f"tandem oncall timeline --agreement {context.own.file} --schedule {schedule} {when}"
    return f"  See it: {command}" if schedule else ""


def _to_the_msp(roster: Roster, gap: Gap, group: Sequence[Stretch]) -> list[str]:
    """Rows that the internal party keeps after hours can also go to the MSP."""
    rows = {row.id: row for row in roster.parts.matrix}
    kept = [name for name in gap.rows(group) if rows[name].after_hours == "internal"]
    if not kept or len(kept) < len(gap.rows(group)) or Party.MSP not in roster.parts.parties:
        return []
    return [f"let {names(kept)} say after_hours: msp"]


def _alone(context: Context, roster: Roster, gap: Gap, group: Sequence[Stretch], first: str) -> str:
    person = next(iter(_present(roster, gap, group[0])), "")
    spec = roster.parts.people.get(person)
    who = f"only {spec.name} is there" if spec else "one person is there"
    why = f"  Why: {who}; a night needs a second pair of hands on each track of the MSP."
    fix = f'  Fix: add somebody to a schedule of path "{gap.path.id}", or a step that pages a second person.'
    return "\n".join(line for line in (first, _needed_by(context, gap, group), why, fix) if line)


def _instead(roster: Roster, gap: Gap, stretch: Stretch) -> str:
    people = [roster.parts.people[name].name for name in _present(roster, gap, stretch) if name in roster.parts.people]
    return f"{names(people)} {'is' if len(people) == 1 else 'are'}"


def _present(roster: Roster, gap: Gap, stretch: Stretch) -> list[str]:
    """Who is reached when the stretch begins, by the earliest step that reaches somebody then."""
    start = (stretch[0], stretch[0] + timedelta(microseconds=1))
    for step in gap.path.steps:
        reached = roster.of_targets(step.page, gap.path)
        there = [person for person, stretches in reached.items() if intersection([start], stretches)]
        if there:
            return there
    return []


def _needed_by(context: Context, gap: Gap, group: Sequence[Stretch]) -> str:
    # Where a row stands is looked for in the whole document, so only for those that are shown.
    several = gap.rows(group)
    rows = [*(f'"{row}" ({context.place("matrix", row)})' for row in several[:3]), *several[3:]]
    if not rows:
        return ""
    return f'  Who needs it: row{"" if len(rows) == 1 else "s"} {names(rows)}, by path "{gap.path.id}".'


def _zone_of(roster: Roster, gap: Gap) -> ZoneInfo:
    """The zone of the path's first schedule, in which its gaps repeat from day to day."""
    targets = [target.removeprefix("schedule:") for step in gap.path.steps for target in step.page]
    zones = {schedule.id: schedule.zone for schedule in roster.parts.schedules}
    return ZoneInfo(next((zones[name] for name in targets if name in zones), roster.zone))


def _position(context: Context, roster: Roster, gap: Gap, group: Sequence[Stretch]) -> tuple[int | str, ...]:
    """The layer whose end opens the gap, else its schedule, the path, or the first row: what this document has."""
    document = context.own.document
    for step in gap.path.steps:
        for target in step.page:
            kind, _, name = target.partition(":")
            path = entry_path(document, "schedules", name) if kind == "schedule" else None
            if path is not None:
                layer = _layer_at(roster, name, group[0][0])
                return (*path, "layers", layer) if layer is not None else path
    for section, name in (("paths", gap.path.id), *(("matrix", row) for row in gap.rows(group))):
        path = entry_path(document, section, name)
        if path is not None:
            return path
    return ("parties", gap.path.party.value)


def _layer_at(roster: Roster, schedule: str, at: datetime) -> int | None:
    """The layer that is planned at ``at``, else the one that ends then."""
    ending = [shift.layer for shift in roster.planned(schedule) if shift.end == at]
    standing = [shift.layer for shift in roster.planned(schedule) if shift.start <= at < shift.end]
    return next((layer for layer in (*standing, *ending) if isinstance(layer, int)), None)
