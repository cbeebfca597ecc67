"""Tactical RMM: the ``tactical/1`` body of the URL actions we document, one for failure and one for resolved.

When a message broke the JSON, Tactical sends the whole body as a JSON string; ``template.py`` reads it then. Its test
button fills the agent's variables and leaves those of the alert as they stand. It waits 8 s and never sends again.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from types import MappingProxyType

from tandem.model.alert import AlertStatus, Severity, VendorAlert
from tandem_ingest import times
from tandem_ingest.unreadable import Unreadable
from tandem_ingest.vendors import batch, chat, severity, shape, status
from tandem_ingest.vendors.draft import draft
from tandem_ingest.vendors.flat import Flat
from tandem_ingest.vendors.template import REPAIRED

SEVERITY: Mapping[str, Severity] = MappingProxyType(
    {**severity.WORDS, "error": Severity.HIGH, "warning": Severity.MEDIUM, "info": Severity.INFO}
)
ID = ("alertid", "id", "dedupkey")
MESSAGE = ("message", "alertmessage", "content", "body", "title", "summary", "text", "description")
STATE = ("event", "status", "state", "action", "alertaction", "eventtype", "alertstatus", "alertevent", "eventaction")
_EMBED = re.compile(r"Agent (?P<agent>\S{1,100}) Client: (?P<client>[^\r\n]{1,200})")
_TICKET = re.compile(r"(?P<severity>error|warning|info(?:rmational)?) on (?P<agent>\S{1,100})", re.IGNORECASE)
"""Titles of its manual's templates for Discord and for Zammad."""
_ARTICLE = frozenset({"article"})
AGENT = ("agent", "agenthostname", "hostname", "host", "agentname")


def read(body: object, headers: Mapping[str, str]) -> list[VendorAlert]:  # noqa: ARG001 - the adapters' one signature
    """The one alert of a post."""
    return batch.one_or_many(body, _alert)


def _alert(body: object) -> VendorAlert:
    says = _says(body)
    message = says.first(*MESSAGE)
    unfilled = "{{alert." in (message or "").replace("{{ ", "{{")
    test = unfilled or says.unfilled(*ID, *MESSAGE)
    host, kind = says.first(*AGENT), says.first("type", "alerttype")
    about = f"{kind} on {host}" if kind and host else None
    if message is None and about is None and not test:
        raise Unreadable("no message: not the tactical/1 body")
    word = says.first("severity", "alertseverity", "priority")
    alert_id = says.first(*ID)
    return draft(
        title=((None if unfilled else message) or about or "Test message of Tactical RMM").splitlines()[0],
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
    return status.of_word(says.first(*STATE))


def _says(body: object) -> Flat:
    """The fields by name, and what only a title of the manual's templates tells."""
    plain = shape.mapping(chat.plain(body))
    title = shape.text(plain.get("title")) or ""
    match = _EMBED.fullmatch(title) or _TICKET.fullmatch(title)
    if match is None:
        return Flat(plain, wrappers=_ARTICLE)
    # Zammad's template writes ``MESSAGE at TIME``.
    told = shape.text(shape.dig(plain, "article", "body")) or ""
    message, _, at = told.rpartition(" at ")
    time = {"message": message, "time": at} if message and times.parse(at) else {}
    return Flat({**plain, **match.groupdict(), **time}, wrappers=_ARTICLE)
