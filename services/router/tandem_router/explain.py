"""A decision in words, and the dry run behind ``tandem agreement explain``: an alert in, a sentence and JSON out.

Nothing is sent and nothing is stored. Reading files is the command line's.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any, TypeVar
from uuid import UUID

from tandem.agreement import decision_words
from tandem.agreement.compiled import Agreement
from tandem.agreement.schema.matrix import Scenario
from tandem.agreement.schema.scope import AssetSpec
from tandem.errors import Reason, Refused
from tandem.ids import uuid7
from tandem.model.alert import Alert, AlertStatus, Kind, Severity
from tandem.model.events import IncidentEvent
from tandem_router.classify import Classified
from tandem_router.decide import NOTHING_OPEN, decide
from tandem_router.incident.opening import open_incident
from tandem_router.routing import Routing
from tandem_router.suppress import Hold

Word = TypeVar("Word", Kind, Severity, AlertStatus)
LONGEST_TITLE = 300
MOST_LABELS = 64


def sentence(routing: Routing) -> str:
    """One sentence a person can read aloud: how urgent, whose, who is paged, and why."""
    return decision_words.sentence(routing.trace, routing.because)


def explain(
    agreement: Agreement, alert_json: Mapping[str, Any], at: datetime, settings: Mapping[str, str] | None = None
) -> tuple[str, dict[str, Any]]:
    """What would be decided at ``at`` (aware UTC) about an alert in the canonical body.

    Args:
        agreement: the compiled version to ask.
        alert_json: the generic body, leniently: title, status, severity, host, labels, vendor, kind, ...
        at: the instant of the decision and of the alert's accept.
        settings: fields to set before deciding, ``severity`` -> ``critical`` or ``labels.x`` -> ``y``.

    Returns:
        (sentence, what ``--output json`` prints).

    Raises:
        Refused: a field is not what it should be; the message names it.
    """
    alert = read_alert(with_settings(alert_json, settings or {}), agreement.tenant.id, at)
    routing = decide(alert, agreement, NOTHING_OPEN, at, classified=told_class(alert_json, agreement))
    return sentence(routing), as_json(routing)


def told_class(body: Mapping[str, Any], agreement: Agreement) -> Classified | None:
    """What an example of ``tandem agreement check`` says that an alert shall be, where no rule makes it so.

    Raises:
        Refused: it is not such an example.
    """
    said = body.get("classified")
    if said is None:
        return None
    try:
        asset = agreement.asset_of(_text(body, "host"))
        if asset is None and (said.get("tags") or said.get("data_class")):
            asset = AssetSpec(id="example", tags=said.get("tags", ()), data_class=said.get("data_class"))
        return Classified(
            rule="example",
            function=str(said["function"]),
            category=said.get("category"),
            scenario=Scenario(said.get("scenario", Scenario.INCIDENT)),
            asset=asset,
            site=said.get("site"),
            because=f"the example is said to be {said['function']}",
        )
    except (AttributeError, KeyError, TypeError, ValueError):
        raise Refused(Reason.INVALID, "classified should be an object with at least a function") from None


def opening_of(alert: Alert, routing: Routing, at: datetime) -> IncidentEvent | None:
    """The fact of the incident that the alert would open; None when it is held back or clears something."""
    if routing.hold is not None or alert.status is not AlertStatus.FIRING:
        return None
    return open_incident(routing, alert, incident_id=uuid7(at, b"preview"), number=0, now=at).events[0]


def as_json(routing: Routing) -> dict[str, Any]:
    """The decision's values, the clauses in order and the whole trace."""
    return {
        "function": routing.function,
        "category": routing.category,
        "class": routing.incident_class.value,
        "priority": routing.priority.value,
        "owner": routing.owner.value,
        "lead": routing.lead.value if routing.lead else None,
        "responsible_party": routing.responsible_party.value,
        "track": routing.track.value,
        "paged": [party.value for party in routing.must_acknowledge],
        "informed": [party.value for party in routing.informed],
        "paths": {party.value: path for party, path in routing.paths.items()},
        "row": routing.row,
        "mode": routing.mode.value,
        "p1_workflow": routing.p1_workflow,
        "regulated": routing.regulated,
        "affected_users": routing.affected_users,
        "tenant_users": routing.tenant_users,
        "unmapped": routing.unmapped,
        "held": _hold(routing.hold) if routing.hold is not None else None,
        "group_key": routing.group_key,
        "agreement_version": routing.agreement_version,
        "because": list(routing.because),
        "trace": dict(routing.trace),
    }


def _hold(hold: Hold) -> dict[str, str | None]:
    return {
        "kind": hold.kind.value,
        "by": hold.by,
        "why": hold.why,
        "until": hold.until.isoformat() if hold.until else None,
    }


def read_alert(body: Mapping[str, Any], tenant: str, at: datetime) -> Alert:
    """An alert of the canonical body; what it does not say takes the plainest value.

    Raises:
        Refused: a field has the wrong shape.
    """
    title = _text(body, "title") or _text(body, "summary") or "Untitled alert"
    host = _text(body, "host")
    severity = _text(body, "severity")
    known = severity.lower() in set(Severity) if severity else False
    alert = Alert(
        alert_id=UUID(int=0),
        tenant=tenant,
        integration=_text(body, "integration") or "explain",
        vendor=_text(body, "vendor") or "generic",
        kind=_word(Kind, _text(body, "kind") or "monitoring", "kind"),
        delivery_id="explain",
        dedup_key=_text(body, "dedup_key") or f"{host or ''}:{title}",
        title=title[:LONGEST_TITLE],
        status=_word(AlertStatus, _text(body, "status") or "firing", "status"),
        severity=Severity(severity.lower()) if severity and known else Severity.UNKNOWN,
        severity_word=_text(body, "severity_word") or severity,
        host=host,
        occurred_at=_instant(body, "occurred_at"),
        received_at=at,
        customer=_text(body, "customer"),
        url=_text(body, "url"),
        description=_text(body, "description"),
        labels=_labels(body.get("labels")),
    )
    return replace(alert, test=True) if body.get("test") is True else alert


def with_settings(body: Mapping[str, Any], settings: Mapping[str, str]) -> dict[str, Any]:
    """``body`` with fields set first: ``severity`` -> ``critical`` or ``labels.x`` -> ``y``."""
    changed: dict[str, Any] = {}
    labels = dict(_labels(body.get("labels")))
    for name, value in settings.items():
        if name.startswith("labels."):
            labels[name.removeprefix("labels.")] = value
        else:
            changed[name] = value
    return {**body, **changed, "labels": labels}


def _text(body: Mapping[str, Any], name: str) -> str | None:
    value = body.get(name)
    if value is None or value == "":
        return None
    if isinstance(value, bool) or not isinstance(value, (str, int, float)):
        raise Refused(Reason.INVALID, f"{name} should be a text")
    return str(value).replace("\x00", "")


def _labels(value: object) -> Mapping[str, str]:
    if value is None:
        return {}
    if not isinstance(value, Mapping):
        raise Refused(Reason.INVALID, "labels should be an object of texts")
    return {str(key): str(text) for key, text in list(value.items())[:MOST_LABELS]}


def _word(enum: type[Word], text: str, name: str) -> Word:
    try:
        return enum(text.lower())
    except ValueError:
        words = ", ".join(enum)
        raise Refused(Reason.INVALID, f"{name} should be one of {words}") from None


def _instant(body: Mapping[str, Any], name: str) -> datetime | None:
    text = _text(body, name)
    if text is None:
        return None
    try:
        said = datetime.fromisoformat(text)
    except ValueError:
        raise Refused(Reason.INVALID, f"{name} should be a time like 2026-11-20T14:05:00Z") from None
    return (said if said.tzinfo else said.replace(tzinfo=UTC)).astimezone(UTC)
