"""What becomes of a command: granted, as a ``Change`` with its fact, or refused with who was first and when."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from tandem.model.events import Command, FactDetail, FactKind
from tandem.model.incident import Incident
from tandem.model.ownership import Party
from tandem_router.incident.change import Change, happen

LONGEST_TEXT = 4000


@dataclass(frozen=True, slots=True)
class Refusal:
    """Why a command changes nothing and, when somebody was faster, who and when."""

    reason: str
    party: Party | None = None
    person: str | None = None
    at: datetime | None = None


Outcome = Change | Refusal


def granted(
    incident: Incident,
    kind: FactKind,
    command: Command,
    *,
    detail: FactDetail | None = None,
    **changes: Any,  # noqa: ANN401 - fields of Incident
) -> Change:
    """One fact of the person's, at the instant of the command, with the fields that it changes."""
    event = happen(incident, kind, command.at, by=command.by, detail=detail or said(command), **changes)
    return Change(event.incident, (event,))


def said(command: Command, **more: Any) -> FactDetail:  # noqa: ANN401 - fields of FactDetail
    """What a person wrote, as far as it can be kept."""
    detail = command.detail
    known: dict[str, Any] = {
        "text": clean(detail.text),
        "reason": clean(detail.reason),
        "command_id": command.command_id,
    }
    return FactDetail(**{**known, **more})


def clean(text: str | None) -> str | None:
    """A person's text without what no database holds (NUL, lone surrogates), cut; None when nothing is left."""
    if not text:
        return None
    kept = text.replace("\x00", "").encode("utf-8", "ignore").decode()
    return kept.strip()[:LONGEST_TEXT] or None


def refused_version(incident: Incident, command: Command) -> Refusal | None:
    """The refusal of a command that expects another version of the incident."""
    expected = command.detail.expected_version
    if expected is None or expected == incident.version:
        return None
    return Refusal(f"the incident is at version {incident.version}, not {expected}")


def already_resolved(incident: Incident) -> Refusal:
    """The refusal of what only an incident that runs allows."""
    if incident.merged_into is not None:
        return Refusal(f"merged into {incident.merged_into}: act on that one", None, None, incident.resolved_at)
    who = incident.resolved_by.value if incident.resolved_by else "its source's clear"
    return Refusal(f"already resolved by {who}", incident.resolved_by, None, incident.resolved_at)
