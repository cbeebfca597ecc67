"""The people of one agreement over a stretch of time: when each can be reached by a step of a path.

Reachable is who has a contact and is not absent. That is stricter than paging itself, which calls the senior and the
Accountable on holiday too because there is nobody after them: a proof must not count on that.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from functools import lru_cache
from itertools import pairwise
from zoneinfo import ZoneInfo

from tandem.agreement.coverage.wording import when
from tandem.agreement.oncall.absence import absent_stretches
from tandem.agreement.oncall.named import senior_of
from tandem.agreement.oncall.stretches import Stretch, difference, intersection, union
from tandem.agreement.oncall.timeline import Shift, timeline
from tandem.agreement.schema.documents import SharedParts
from tandem.agreement.schema.people import PathSpec, PersonSpec, ScheduleSpec, Step
from tandem.model.ownership import Party, Track

Reached = dict[str, list[Stretch]]
"""Person -> when they are reached."""
_PARTIES = frozenset(party.value for party in Party)


class Roster:
    """Answers for every step and path of ``parts`` within one stretch; what was asked once is kept."""

    def __init__(self, parts: SharedParts, paths: Mapping[str, PathSpec], zone: str, within: Stretch) -> None:
        """``paths`` are all that are in force, made ones too; ``zone`` is that of people who name none."""
        self.parts = parts
        self.paths = paths
        self.zone = zone
        self.within = within
        self._schedules = {schedule.id: schedule for schedule in parts.schedules}
        self._kept: dict[str, Reached] = {}

    def present(self, person: str) -> list[Stretch]:
        """When they have a contact and are not absent."""
        spec = self.parts.people.get(person)
        if spec is None or not spec.contacts:
            return []
        return difference([self.within], absent_stretches(spec, self.zone)) if spec.absences else [self.within]

    def shifts(self, schedule: str) -> tuple[Shift, ...]:
        """The schedule's shifts with absences taken into account; none for a schedule that does not exist."""
        return self._timeline(schedule, {name: spec for name, spec in self.parts.people.items() if spec.absences})

    def planned(self, schedule: str) -> tuple[Shift, ...]:
        """The same as if nobody was ever absent."""
        return self._timeline(schedule, {})

    def on_schedule(self, schedule: str) -> Reached:
        """When each of its people is on call there and reachable."""
        found: dict[str, list[Stretch]] = {}
        for shift in self.shifts(schedule):
            for person in shift.people:
                found.setdefault(person, []).append((shift.start, shift.end))
        return {person: intersection(union(some), self.present(person)) for person, some in found.items()}

    def of_targets(self, targets: Iterable[str], path: PathSpec, *, above: frozenset[str] = frozenset()) -> Reached:
        """Who is reached when a step of ``path`` pages ``targets``; ``above`` are paths that led here."""
        return merged(self._target(target, path, above | {path.id}) for target in targets)

    def of_path(self, path: PathSpec, *, above: frozenset[str] = frozenset()) -> Reached:
        """Everybody whom some step of ``path`` reaches."""
        return merged(self.of_targets(step.page, path, above=above) for step in path.steps)

    def senior(self, party: Party, track: Track) -> str | None:
        """The named senior of a track (R-A2)."""
        return senior_of(self.parts.parties.get(party), track)

    def named(self, target: str, track: Track) -> str | None:
        """The one person behind ``person:``, ``senior:`` or ``accountable:``; None when it is no person."""
        kind, _, name = target.partition(":")
        if kind == "person":
            return name
        if kind not in {"senior", "accountable"} or name not in _PARTIES:
            return None
        if kind == "senior":
            return self.senior(Party(name), track)
        spec = self.parts.parties.get(Party(name))
        return spec.accountable if spec else None

    def name_of(self, party: Party) -> str:
        """What the party is called."""
        spec = self.parts.parties.get(party)
        return spec.name if spec else party.value

    def said(self, group: Sequence[Stretch], zone: ZoneInfo) -> str:
        """``group`` in words, by the clocks of ``zone`` and of whoever reads the document."""
        return when(group, zone, ZoneInfo(self.zone), self.within)

    def _target(self, target: str, path: PathSpec, above: frozenset[str]) -> Reached:
        kind, _, name = target.partition(":")
        if kind == "schedule":
            if name not in self._kept:
                self._kept[name] = self.on_schedule(name)
            return self._kept[name]
        if kind == "path":
            return self._other(name, path, above)
        person = self.named(target, path.track)
        return {person: self.present(person)} if person is not None else {}

    def _other(self, name: str, path: PathSpec, above: frozenset[str]) -> Reached:
        """Of the other party the whole path is started, of one's own only the first step is paged."""
        other = self.paths.get(name)
        if other is None or name in above:
            return {}
        if other.party is not path.party:
            return self.of_path(other, above=above)
        own = [target for target in other.steps[0].page if not target.startswith("path:")]
        return self.of_targets(own, other, above=above)

    def _timeline(self, name: str, people: Mapping[str, PersonSpec]) -> tuple[Shift, ...]:
        schedule = self._schedules.get(name)
        if schedule is None:
            return ()
        listed = {person for layer in schedule.layers for person in layer.people}
        absent = tuple((person, people[person]) for person in sorted(listed & people.keys()))
        return _shifts(schedule, absent, self.zone, self.within)


@lru_cache(maxsize=128)
def _shifts(
    schedule: ScheduleSpec, absent: tuple[tuple[str, PersonSpec], ...], zone: str, within: Stretch
) -> tuple[Shift, ...]:
    """Kept, because all clients of a provider ask for the same schedules."""
    return tuple(timeline(schedule, *within, people=dict(absent), zone=zone))


def merged(several: Iterable[Reached]) -> Reached:
    """One answer of several."""
    found: dict[str, list[Stretch]] = {}
    for reached in several:
        for person, stretches in reached.items():
            found.setdefault(person, []).extend(stretches)
    return {person: union(stretches) for person, stretches in found.items()}


def somebody(reached: Reached) -> list[Stretch]:
    """When at least one of them is reached."""
    return union(stretch for stretches in reached.values() for stretch in stretches)


def alone(reached: Reached) -> list[Stretch]:
    """When exactly one of them is reached."""
    stretches = [stretch for some in reached.values() for stretch in some]
    edges = sorted([(start, 1) for start, _ in stretches] + [(end, -1) for _, end in stretches])
    found: list[Stretch] = []
    depth = 0
    for (at, step), (until, _) in pairwise(edges):
        depth += step
        if depth == 1 and at < until:
            found.append((at, until))
    return union(found)


def own_steps(path: PathSpec) -> tuple[Step, ...]:
    """The steps with only what the track itself has: neither Accountables nor the other party."""
    kept = []
    for step in path.steps:
        page = tuple(target for target in step.page if target.partition(":")[0] not in {"accountable", "path"})
        kept += [step.model_copy(update={"page": page})] if page else []
    return tuple(kept)
