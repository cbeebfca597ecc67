"""Merges and links over the incidents of a batch: those of a rule and those of a person. The rules are ``joining``."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import datetime
from uuid import UUID

from tandem.model.events import Command, CommandKind, FactDetail
from tandem.model.incident import Incident, IncidentState
from tandem.model.ownership import SYSTEM, Actor
from tandem_router import joining
from tandem_router.incident.change import Change
from tandem_router.joint_incident import joint
from tandem_router.outcome import Outcome, Refusal, clean, refused_version
from tandem_router.together.work import Membership, Work


@dataclass(frozen=True, slots=True, kw_only=True)
class Merges:
    """Merges, and writes which incident holds the conditions that moved. What the look-up found is changed in place."""

    work: Work
    members: dict[Membership, UUID]
    """Incident of a condition that its group key does not tell."""
    unkept: set[Membership]
    """Of them, those that fire beyond what their incident keeps."""
    joined: dict[Membership, UUID]
    """Memberships of this batch, to be written."""
    conditions: dict[UUID, set[str]]
    """Memberships of incidents that may be merged into others."""

    def merge(self, child: Incident, parent: Incident, at: datetime, detail: FactDetail, *, by: Actor = SYSTEM) -> None:
        """Make ``child`` part of ``parent``; both are kept."""
        agreement = self.work.agreement_of(parent)
        conditions = self._memberships(child)
        merged = joining.merge(child, parent, conditions, agreement, at, self.work.now, by=by, detail=detail)
        self.work.keep(merged.child)
        self.work.keep(joint(merged.parent, agreement, at, self.work.now))
        for condition in merged.moved:
            member = (child.tenant, condition)
            self.members[member] = self.joined[member] = parent.incident_id
            if condition in merged.unkept:
                self.unkept.add(member)

    def with_other(self, incident: Incident, command: Command) -> Outcome:
        """A person's merge (into the other) or link; refused with what is in the way."""
        other = self.work.incidents.get(command.detail.other_incident or command.incident_id)
        refusal = refused_version(incident, command) or _refused(incident, other, command)
        if refusal is not None or other is None:
            return refusal or Refusal("which other incident?")
        other = self.work.settled(other, command.at)
        detail = FactDetail(
            reason=clean(command.detail.reason), text=clean(command.detail.text), command_id=command.command_id
        )
        if command.kind is CommandKind.LINK:
            beside = joining.link(other, incident.incident_id, command.at, by=command.by, detail=detail)
            self.work.keep(beside)
            return joining.link(incident, other.incident_id, command.at, by=command.by, detail=detail)
        moving = joining.conditions_of(incident, self._memberships(incident))
        refusal = _not_to_merge(incident, other, len(moving))
        if refusal is not None:
            return refusal
        detail = replace(detail, reason=detail.reason or "merged by hand")
        self.merge(incident, other, command.at, detail, by=command.by)
        return Change(self.work.incidents[incident.incident_id])

    def _memberships(self, incident: Incident) -> Iterator[str]:
        """Conditions that are found by membership: those of the look-up and those of this batch."""
        found = dict.fromkeys(sorted(self.conditions.get(incident.incident_id, ())))
        found |= dict.fromkeys(
            condition for (_, condition), holder in self.members.items() if holder == incident.incident_id
        )
        for condition in found:
            if self.members.get((incident.tenant, condition), incident.incident_id) == incident.incident_id:
                yield condition


def _refused(incident: Incident, other: Incident | None, command: Command) -> Refusal | None:
    """What stands in the way of a merge or link."""
    if command.detail.other_incident is None:
        return Refusal("which other incident?")
    if command.detail.other_incident == incident.incident_id:
        return Refusal("it is the same incident")
    if other is None or other.tenant != incident.tenant:
        return Refusal("there is no such other incident")
    if command.kind is CommandKind.LINK and other.incident_id in incident.linked:
        return Refusal(f"already linked to #{other.number}")
    return None


def _not_to_merge(incident: Incident, other: Incident, moving: int) -> Refusal | None:
    for each in (incident, other):
        if each.merged_into is not None:
            return Refusal(f"#{each.number} is merged already", None, None, each.resolved_at)
        if each.state is IncidentState.RESOLVED:
            return Refusal(f"#{each.number} is resolved already", each.resolved_by, None, each.resolved_at)
    if moving > joining.MOST_MOVED:
        return Refusal(f"it holds more than {joining.MOST_MOVED:,} conditions: merge #{other.number} into it instead")
    return None
