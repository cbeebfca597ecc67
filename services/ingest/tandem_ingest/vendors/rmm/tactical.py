"""Tactical RMM: the ``tactical/1`` body of the URL actions we document, one for failure and one for resolved.

When a message broke the JSON, Tactical sends the whole body as a JSON string; ``template.py`` reads it then. Its test
button fills the agent's variables and leaves those of the alert as they stand. It waits 8 s and never sends again.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from tandem.model.alert import AlertStatus, Severity, VendorAlert
from tandem_ingest import times
from tandem_ingest.unreadable import Unreadable
from tandem_ingest.vendors import batch, severity, status
from tandem_ingest.vendors.draft import draft
from tandem_ingest.vendors.flat import Flat
from tandem_ingest.vendors.template import REPAIRED

SEVERITY: Mapping[str, Severity] = MappingProxyType(
    {**severity.WORDS, "error": Severity.HIGH, "warning": Severity.MEDIUM, "info": Severity.INFO}
)
ID = ("alertid", "id", "dedupkey")
MESSAGE = ("message", "alertmessage", "title", "summary", "text", "content", "description")
AGENT = ("agent", "agenthostname", "hostname", "host", "agentname")


def read(body: object, headers: Mapping[str, str]) -> list[VendorAlert]:  # noqa: ARG001 - the adapters' one signature
    """The one alert of a post."""
    return batch.one_or_many(body, _alert)


def _alert(body: object) -> VendorAlert:
    says = Flat(body)
    message = says.first(*MESSAGE)
    test = says.unfilled(*ID, *MESSAGE) or "{{alert." in (message or "")
    host, kind = says.first(*AGENT), says.first("type", "alerttype")
    about = f"{kind} on {host}" if kind and host else None
    if message is None and about is None and not test:
        raise Unreadable("no message: not the tactical/1 body")
    word = says.first("severity", "alertseverity", "priority")
    alert_id = says.first(*ID)
    return draft(
        title=(message or about or "Test message of Tactical RMM").splitlines()[0],
        status=_status(says),
        severity=severity.of_word(word, SEVERITY),
        severity_word=word,
        host=host,
        occurred_at=times.parse(says.get("time", "alerttime", "timestamp", "occurredat")),
        dedup_key=alert_id,
        customer=says.first("client", "clientname", "agentsiteclientname", "customer", "tenant"),
        url=says.first("url", "link"),
        description=message,
        labels={
            "type": kind,
            "site": says.first("site", "sitename", "agentsitename"),
            "agent_id": says.first("agentid"),
            "client_id": says.first("clientid"),
            "site_id": says.first("siteid"),
            REPAIRED: says.first("tandemrepaired"),
        },
        test=test or says.word("test") in status.TRUE,
    )


def _status(says: Flat) -> AlertStatus:
    """``event`` is ours; ``{{alert.resolved}}`` is True or False in templates of others."""
    if says.word("resolved", "alertresolved") in status.TRUE:
        return AlertStatus.RESOLVED
    return status.of_word(says.first("event", "status", "state", "action", "alertaction"))
