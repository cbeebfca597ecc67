"""ElastAlert 2 (``post2`` or ``post``), Security Onion included: our payload, or the matched document as it is.

A match is a document of Elasticsearch, nested or with dotted names, beside what the rule's payload adds. There is no
clear. Source: elastalert2 docs/source/alerts.rst, "HTTP POST 2".
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from tandem.model.alert import AlertStatus, Severity, VendorAlert
from tandem_ingest import times
from tandem_ingest.unreadable import Unreadable
from tandem_ingest.vendors import batch, severity, shape
from tandem_ingest.vendors.draft import draft
from tandem_ingest.vendors.headline import headline
from tandem_ingest.vendors.monitoring import alertmanager

ONION: Mapping[str, Severity] = MappingProxyType(
    {**severity.WORDS, "1": Severity.LOW, "2": Severity.MEDIUM, "3": Severity.HIGH, "4": Severity.CRITICAL}
)
"""``event.severity`` of Security Onion."""
SURICATA: Mapping[str, Severity] = MappingProxyType(
    {**severity.WORDS, "1": Severity.HIGH, "2": Severity.MEDIUM, "3": Severity.LOW, "4": Severity.INFO}
)
"""``alert.severity`` of Suricata counts the other way."""


def read(body: object, headers: Mapping[str, str]) -> list[VendorAlert]:
    """The match of a post; a list of them is a batch. Its ``alertmanager`` alerter posts that one's list instead."""
    if isinstance(body, list) and body and isinstance(shape.dig(body[0], "labels", "alertname"), str):
        return alertmanager.read(body, headers)
    return batch.one_or_many(body, _match)


def at(says: Mapping[str, object], path: str) -> object:
    """What stands under the dotted name, or nested at that path."""
    if path in says:
        return says[path]
    return shape.dig(says, *path.split(".")) if "." in path else None


def _first(says: Mapping[str, object], *paths: str) -> str | None:
    """The first that says something; most documents say it early, so that the rest is not looked for."""
    for path in paths:
        found = shape.text(at(says, path))
        if found is not None:
            return found
    return None


def _match(body: object) -> VendorAlert:
    says = _document(body)
    rule = _first(says, "rule_name", "alert_name", "rule.name", "rule", "name", "elastalert.rule", "alert.signature")
    title = headline(_first(says, "alert_subject", "title") or rule, _first(says, "alert_text", "message", "reason"))
    if title is None:
        raise Unreadable("no title, rule or message: neither our payload nor a document")
    word, level = _severity(says)
    host = _first(says, "host.name", "host.hostname", "host", "hostname", "agent.hostname", "agent.name",
                  "beat.hostname", "observer.name", "computer_name", "winlog.computer_name")  # fmt: skip
    return draft(
        title=title,
        status=AlertStatus.FIRING,
        severity=level,
        severity_word=word,
        host=host,
        occurred_at=times.parse(shape.either(at(says, "@timestamp"), at(says, "timestamp"), at(says, "time"))),
        dedup_key=_first(says, "dedup_key", "alert_uid") or (f"{rule}/{host}" if rule and host else None),
        customer=_first(says, "customer", "tenant", "client", "organization.name", "labels.customer"),
        url=_first(says, "kibana_discover_url", "opensearch_discover_url", "kibana_url", "url", "link"),
        description=_first(says, "alert_text", "message", "reason"),
        labels={
            "rule": rule,
            "index": _first(says, "_index"),
            "document": _first(says, "_id"),
            "num_hits": _first(says, "num_hits"),
            "num_matches": _first(says, "num_matches"),
            "dataset": _first(says, "event.dataset", "event.module"),
            "user": _first(says, "user.name"),
            "source_ip": _first(says, "source.ip", "src_ip"),
            "destination_ip": _first(says, "destination.ip", "dest_ip"),
        },
    )


def _document(body: object) -> Mapping[str, object]:
    """A match may come wrapped, as ``_source`` of a search hit or in ``match``; what stands beside it is kept."""
    for name in ("match", "_source", "matches"):
        inner = shape.dig(body, name)
        inner = inner[0] if isinstance(inner, list) and inner else inner
        if isinstance(inner, dict):
            return {**inner, **{key: value for key, value in shape.mapping(body).items() if key != name}}
    return shape.mapping(body)


def _severity(says: Mapping[str, object]) -> tuple[str | None, Severity]:
    """The rule's own word before what the document calls its severity."""
    word = _first(says, "severity", "priority", "event.severity_label", "kibana.alert.severity", "rule.severity")
    if word is not None:
        return word, severity.of_word(word, ONION)
    word = _first(says, "event.severity")
    if word is not None:
        return word, severity.of_word(word, ONION)
    word = _first(says, "alert.severity")
    if word is not None:
        return word, severity.of_word(word, SURICATA)
    word = _first(says, "log.level", "level")
    return word, severity.of_word(word)
