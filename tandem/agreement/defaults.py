"""What holds where an agreement says nothing: the SLA profile, the severity tables, the ladder. The data is YAML."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from importlib.resources import files

from pydantic import Field

from tandem.agreement.document import parse, plain
from tandem.agreement.merge import merge_impact
from tandem.agreement.schema.fields import Duration, Line, Part
from tandem.agreement.schema.hours import PriorityTargets, SlaProfile
from tandem.agreement.schema.people import PathSpec, ScheduleSpec, Step
from tandem.agreement.schema.scope import ImpactMatrix, PriorityTable
from tandem.model.ownership import Party, Track
from tandem.model.priority import Priority

STANDARD = "standard"


class Rung(Part):
    """A step of the ladder, its targets with {schedule} and {party} to fill in."""

    after: Duration
    page: tuple[str, ...]


class PathWords(Part):
    """When, how, with what and how soon: what a path has to say (R33)."""

    trigger: Line
    channel: Line
    information: Line
    expected_response: Duration


class _File(Part):
    sla: dict[str, SlaProfile]
    priorities: PriorityTable
    impact: ImpactMatrix
    ladder: tuple[Rung, ...] = Field(min_length=1)
    path: PathWords


@dataclass(frozen=True, slots=True)
class Defaults:
    """The shipped defaults."""

    standard: SlaProfile
    priorities: PriorityTable
    impact: ImpactMatrix
    ladder: tuple[Rung, ...]
    path: PathWords


@cache
def defaults() -> Defaults:
    """The content of ``defaults.yaml``, read once."""
    text = files("tandem.agreement").joinpath("defaults.yaml").read_text("utf-8")
    content = _File.model_validate(plain(parse(text, "defaults.yaml")))
    return Defaults(content.sla[STANDARD], content.priorities, content.impact, content.ladder, content.path)


def filled_profiles(profiles: dict[str, SlaProfile]) -> dict[str, SlaProfile]:
    """Every profile with the targets it does not mention: from the agreement's ``standard``, and that from ours.

    ``response: null`` mentions the target: there is no such clock.
    """
    standard = _filled(profiles.get(STANDARD, SlaProfile()), defaults().standard)
    return {STANDARD: standard} | {
        name: _filled(profile, standard) for name, profile in profiles.items() if name != STANDARD
    }


def filled_impact(impact: ImpactMatrix) -> ImpactMatrix:
    """``impact`` with the cells, urgencies and shares that it does not mention."""
    return merge_impact(impact, defaults().impact)


def _filled(profile: SlaProfile, under: SlaProfile) -> SlaProfile:
    return SlaProfile(
        priorities={
            priority: _targets(profile.priorities.get(priority), under.priorities.get(priority, PriorityTargets()))
            for priority in Priority
        }
    )


def _targets(targets: PriorityTargets | None, under: PriorityTargets) -> PriorityTargets:
    if targets is None:
        return under
    return under.model_copy(update={name: getattr(targets, name) for name in targets.model_fields_set})


def ladder_path(schedule: ScheduleSpec, party: Party, track: Track) -> PathSpec:
    """The default path ``<party>-<track>`` over a party's schedule."""
    names = {"{schedule}": schedule.id, "{party}": party.value}
    steps = tuple(
        Step(after=rung.after, page=tuple(_put(target, names) for target in rung.page)) for rung in defaults().ladder
    )
    words = dict(defaults().path)
    return PathSpec(id=f"{party}-{track}", party=party, track=track, steps=steps, **words)


def _put(text: str, names: dict[str, str]) -> str:
    for name, value in names.items():
        text = text.replace(name, value)
    return text
