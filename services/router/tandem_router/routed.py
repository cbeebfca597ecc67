"""The routed incident for outside readers: a CloudEvent per fact, in Kafka's binary mode, on each party's own topic.

Source: CloudEvents 1.0 and its Kafka binding. Attributes carry no secret; data is JSON.
"""

from __future__ import annotations

from datetime import UTC, datetime

import msgspec

from tandem.bus.plan import Outgoing
from tandem.bus.topics import incident_key, routed_topic
from tandem.model.events import IncidentEvent
from tandem.model.incident import Incident
from tandem.model.ownership import Owner, Party

_PLAIN = (
    *("tenant", "number", "version", "title", "priority", "owner", "lead", "responsible_party", "state", "cycle"),
    *("function", "category", "track", "mode", "site", "host", "regulated", "affected_users", "tenant_users"),
    *("p1_workflow", "unmapped", "row", "agreement_version", "must_acknowledge", "informed", "opened_at"),
    *("detected_at", "occurred_at", "resolved_at", "occurrences", "because", "merged_into"),
)
_encode = msgspec.json.Encoder().encode


def cloud_events(event: IncidentEvent) -> list[Outgoing]:
    """One record per party that owns the incident or is paged for it; none for an MSP without a provider document."""
    incident = event.incident
    names = [name for party in _parties(incident) if (name := _topic(party, incident))]
    if not names:
        return []
    key = incident_key(incident.tenant, incident.incident_id)
    headers, payload = _headers(event), _data(event)
    return [Outgoing(None, key, payload, name, headers) for name in names]


def _parties(incident: Incident) -> list[Party]:
    owners = list(Party) if incident.owner is Owner.SHARED else [Party(incident.owner.value)]
    face = incident.second_face
    return list(dict.fromkeys((*owners, *incident.must_acknowledge, *(face.must_acknowledge if face else ()))))


def _topic(party: Party, incident: Incident) -> str | None:
    if party is Party.INTERNAL:
        return routed_topic(party.value, incident.tenant)
    return routed_topic(party.value, incident.provider) if incident.provider else None


def _headers(event: IncidentEvent) -> dict[str, str]:
    fact = event.fact
    return {
        "ce_specversion": "1.0",
        "ce_id": f"{fact.incident_id}-{fact.version}",
        "ce_source": f"/tandem/tenants/{fact.tenant}",
        "ce_type": f"io.tandem.incident.{fact.kind.value}.v1",
        "ce_subject": str(fact.incident_id),
        "ce_time": _instant(fact.effective_at),
        "content-type": "application/json",
    }


def _data(event: IncidentEvent) -> bytes:
    fact, incident = event.fact, event.incident
    data = {name: getattr(incident, name) for name in _PLAIN}
    data["incident_id"] = incident.incident_id
    data["class"] = incident.incident_class
    data["fact"] = fact.kind
    data["effective_at"] = fact.effective_at
    data["second_face"] = _face(incident)
    data["by"] = {"party": fact.by.party, "person": fact.by.person}
    data["alert"] = fact.alert
    return _encode(data)


def _face(incident: Incident) -> dict[str, object] | None:
    """What the other track has of it, as much as readers of that track need."""
    face = incident.second_face
    if face is None:
        return None
    return {name: getattr(face, name) for name in ("track", "priority", "function", "must_acknowledge", "informed")}


def _instant(at: datetime) -> str:
    return at.astimezone(UTC).isoformat().replace("+00:00", "Z")
