"""Every place of a document that puts a person on call, with the track it is for."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from tandem.agreement.schema.documents import SharedParts
from tandem.agreement.schema.people import PathSpec, ScheduleSpec
from tandem.model.ownership import Track

ROLES = (("accountable", None), ("senior_ops", Track.OPS), ("senior_soc", Track.SOC), ("security_contact", None))


@dataclass(frozen=True, slots=True)
class Duty:
    """``person`` is on call for ``track`` because the document says so ``at`` that place."""

    person: str
    track: Track | None
    at: tuple[int | str, ...]
    what: str
    """How the place is called in a sentence."""
    schedule: str | None = None
    """Set when it is a turn of a schedule, which has hours; None is at any time."""


def duties_of(document: SharedParts) -> Iterator[Duty]:
    """In the order of the sections: schedules, paths, parties."""
    for index, schedule in enumerate(document.schedules):
        yield from _of_schedule(schedule, index)
    for index, path in enumerate(document.paths):
        yield from _of_path(path, index)
    for party, spec in document.parties.items():
        for role, track in ROLES:
            if (person := getattr(spec, role)) is not None:
                yield Duty(person, track, ("parties", party, role), f"parties.{party}.{role}")


def _of_schedule(schedule: ScheduleSpec, index: int) -> Iterator[Duty]:
    what = f'schedule "{schedule.id}"'
    for number, layer in enumerate(schedule.layers):
        for position, person in enumerate(layer.people):
            at = ("schedules", index, "layers", number, "people", position)
            yield Duty(person, schedule.track, at, what, schedule.id)
    for number, override in enumerate(schedule.overrides):
        role = "by" if override.type == "replace" else "person"
        comes_in = getattr(override, role)
        if override.type != "remove" and comes_in is not None:
            yield Duty(comes_in, schedule.track, ("schedules", index, "overrides", number, role), what, schedule.id)


def _of_path(path: PathSpec, index: int) -> Iterator[Duty]:
    what = f'path "{path.id}"'
    for number, step in enumerate(path.steps):
        for position, target in enumerate(step.page):
            if target.startswith("person:"):
                at = ("paths", index, "steps", number, "page", position)
                yield Duty(target.removeprefix("person:"), path.track, at, what)
    for position, person in enumerate(path.fallback):
        yield Duty(person, path.track, ("paths", index, "fallback", position), f'the fallback of path "{path.id}"')
