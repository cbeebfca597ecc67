"""Huntress (managed EDR and ITDR): the events its webhook posts, in a Svix-signed envelope ``type, timestamp, data``.

Transport and categories are documented, the names inside ``data`` are those of its API's incident report; so every
field is looked for in more than one place. A report is closed by a later event of the same report.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from tandem.model.alert import AlertStatus, Severity, VendorAlert
from tandem_ingest import times
from tandem_ingest.unreadable import Unreadable
from tandem_ingest.vendors import batch, severity, shape
from tandem_ingest.vendors.draft import draft
from tandem_ingest.vendors.siem import fields

CLEAR = frozenset({"closed", "dismissed", "partner_dismissed", "resolved", "completed"})
CATEGORIES = ("incident_report", "escalation", "platform_action", "account_notice")
_WRAPPERS = ("data", "payload", "object", *CATEGORIES, "incident", "report")
_KINDS = ("type", "event_type", "eventType", "event", "event_name")
_HOSTS = ("agent.hostname", "agent.name", "hostname", "host", "host.hostname", "agents.hostname", "endpoint.hostname")


def read(body: object, headers: Mapping[str, str]) -> list[VendorAlert]:  # noqa: ARG001 - the adapters' one signature
    """The one event of a post."""
    return batch.one_or_many(body, _event)


def delivery_id(body: object, headers: Mapping[str, str]) -> str | None:  # noqa: ARG001 - as above
    """Svix's id, the same in every retry."""
    return headers.get("svix-id") or headers.get("webhook-id") or None


def _event(body: object) -> VendorAlert:
    envelope, says = shape.mapping(body), _data(body)
    kind = shape.first(*(envelope.get(name) for name in _KINDS)) or ""
    title = fields.first(says, "subject", "title", "summary", "message", "name", "description") or _plain(kind, says)
    if title is None:
        raise Unreadable("no subject and no event type: not a Huntress event")
    named_host, named_customer = _of_subject(title)
    word = shape.text(says.get("severity")) or _word_of(title)
    cleared = bool({shape.word(says.get("status")), kind.casefold().rpartition(".")[2]} & CLEAR)
    return draft(
        title=title,
        status=AlertStatus.RESOLVED if cleared else AlertStatus.FIRING,
        severity=severity.of_word(word),
        severity_word=word,
        host=fields.first(says, *_HOSTS) or named_host,
        occurred_at=_occurred_at(envelope, says, cleared=cleared),
        dedup_key=_condition(kind, says),
        customer=fields.first(says, "organization_name", "organization.name", "organizations.name", "organization")
        or named_customer
        or fields.first(says, "organization_id", "organization.id"),
        url=fields.first(says, "url", "portal_url", "link", "html_url"),
        description=fields.first(says, "summary", "body", "description", "message"),
        labels={
            "event": kind,
            "report_status": says.get("status"),
            "platform": says.get("platform"),
            "indicator_types": says.get("indicator_types"),
            "organization_id": fields.first(says, "organization_id", "organization.id"),
            "account_id": fields.first(says, "account_id", "account.id"),
            "agent_id": fields.first(says, "agent_id", "agent.id"),
        },
        test="test" in kind.casefold().replace("_", ".").split(".") or says.get("test") is True,
    )


def _data(body: object) -> Mapping[str, object]:
    """The report itself: under ``data``, under its category's name, or both."""
    says = shape.mapping(body)
    for _ in _WRAPPERS:
        inner = next((says[name] for name in _WRAPPERS if isinstance(says.get(name), dict)), None)
        if not isinstance(inner, dict):
            break
        says = inner
    return says


def _of_subject(subject: str) -> tuple[str | None, str | None]:
    """Host and customer, as Huntress writes the subject of a report: ``CRITICAL - Incident on HOST (Customer)``."""
    _, found, rest = subject.partition("Incident on ")
    host, _, behind = rest.partition(" (")
    customer, closed, _ = behind.rpartition(")")
    if not found or not closed or " " in host:
        return None, None
    return None if "@" in host else host.strip(), customer.strip()  # an identity is no machine


def _word_of(subject: str) -> str | None:
    """The severity a subject begins with, when the report has none of its own."""
    word, dash, _ = subject.partition(" - ")
    return word if dash and severity.of_word(word) is not Severity.UNKNOWN else None


def _plain(kind: str, says: Mapping[str, object]) -> str | None:
    its_id = shape.text(says.get("id"))
    words = kind.replace("_", " ").replace(".", " ").strip()
    return f"Huntress {words} {its_id or ''}".strip() if words else None


def _condition(kind: str, says: Mapping[str, object]) -> str | None:
    """Reports and escalations are counted apart, so an id needs its category."""
    its_id = fields.first(says, "id", "incident_report_id", "uuid")
    if its_id is None:
        return None
    category = next((name for name in CATEGORIES if kind.casefold().startswith(name)), None)
    return f"{category or kind.partition('.')[0] or CATEGORIES[0]}/{its_id}"


def _occurred_at(envelope: Mapping[str, object], says: Mapping[str, object], *, cleared: bool) -> datetime | None:
    names = ("closed_at", "status_updated_at", "resolved_at") if cleared else ("sent_at", "created_at", "detected_at")
    found = (times.parse(says.get(name)) for name in names)
    sent = (times.parse(envelope.get(name)) for name in ("timestamp", "occurred_at", "created_at"))
    return next((at for at in (*found, *sent) if at), None)
