"""Events as PagerDuty takes them: Events API v2 with its common event format, and the older v1.

One event, or a list of them; also what PagerDuty itself posts (pagerduty_outbound.py). An acknowledgement is no
alert: the tool says that somebody there looks at it, and we do not know who that is (ADR 29). What the API demands of
an event is in doors/pagerduty.py; here everything is optional.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from tandem.model.alert import AlertStatus, Severity, VendorAlert
from tandem_ingest import times
from tandem_ingest.unreadable import Unreadable
from tandem_ingest.vendors import batch, severity, shape
from tandem_ingest.vendors.draft import draft
from tandem_ingest.vendors.monitoring import pagerduty_outbound
from tandem_ingest.vendors.monitoring.alertmanager import host_of
from tandem_ingest.vendors.siem import wazuh

SEVERITY: Mapping[str, Severity] = MappingProxyType({**severity.WORDS, "error": Severity.HIGH})
ACKNOWLEDGE = "acknowledge"
RESOLVE = "resolve"
WAZUH = "Wazuh Monitoring Service"
"""Its script never says more than ``warning`` and gives no key; the details are its whole alert.

Source: wazuh/wazuh, integrations/pagerduty.py of 4.x.
"""
_TEXTS = ("description", "message", "details", "firing")
"""Details that people read; the last is Alertmanager's list of what fires."""
_IN_V1 = ("service_key", "event_type", "incident_key")


def read(body: object, headers: Mapping[str, str]) -> list[VendorAlert]:  # noqa: ARG001 - the adapters' one signature
    """The alerts of a post; none when it only acknowledges."""
    events = [each for each in pagerduty_outbound.posted(body) if _is_alert(each)]
    return batch.each(events, _alert) if events or body == [] else []


def _is_alert(event: object) -> bool:
    if pagerduty_outbound.is_webhook(event):
        return pagerduty_outbound.is_alert(event)
    return action_of(event) != ACKNOWLEDGE


def action_of(event: object) -> str:
    """``trigger``, ``acknowledge``, ``resolve``, or what stands there."""
    return shape.word(shape.either(shape.dig(event, "event_action"), shape.dig(event, "event_type")))


def _alert(event: object) -> VendorAlert:
    if pagerduty_outbound.is_webhook(event):
        return pagerduty_outbound.read(event)
    says = shape.mapping(event)
    old = any(name in says for name in _IN_V1)
    return _of_v1(says) if old and "payload" not in says else _of_v2(says)


def _of_v2(says: Mapping[str, object]) -> VendorAlert:
    payload = shape.mapping(says.get("payload"))
    key = shape.first(says.get("dedup_key"), says.get("incident_key"))
    resolved = action_of(says) == RESOLVE
    details = shape.mapping(payload.get("custom_details"))
    if shape.text(says.get("client")) == WAZUH and isinstance(details.get("rule"), dict):
        return wazuh.read(details, {})[0]
    return draft(
        title=_title(shape.first(payload.get("summary"), says.get("description")), key, resolved=resolved),
        status=AlertStatus.RESOLVED if resolved else AlertStatus.FIRING,
        severity=severity.of_word(payload.get("severity"), SEVERITY),
        severity_word=payload.get("severity"),
        host=_host(shape.text(payload.get("source")), shape.text(says.get("client")), details),
        occurred_at=times.parse(payload.get("timestamp")),
        dedup_key=key,
        customer=_customer(details),
        url=shape.first(says.get("client_url"), *_links(says)),
        description=_description(payload.get("custom_details")),
        labels=_labels(says, payload, details),
    )


def _of_v1(says: Mapping[str, object]) -> VendorAlert:
    key = shape.text(says.get("incident_key"))
    resolved = action_of(says) == RESOLVE
    details = shape.mapping(says.get("details"))
    return draft(
        title=_title(shape.text(says.get("description")), key, resolved=resolved),
        status=AlertStatus.RESOLVED if resolved else AlertStatus.FIRING,
        severity=severity.of_word(details.get("severity"), SEVERITY),
        severity_word=details.get("severity"),
        host=shape.first(details.get("host"), details.get("hostname"), details.get("source")),
        dedup_key=key,
        customer=_customer(details),
        url=shape.first(says.get("client_url"), *_links(says, "contexts")),
        description=_description(says.get("details")),
        labels={**_plain(details), "client": says.get("client")},
    )


def _title(said: str | None, key: str | None, *, resolved: bool) -> str:
    """A clear may come without a summary: its key says which condition is over."""
    if said is None and resolved:
        said = key
    if said is None:
        raise Unreadable("an event without a summary")
    return said


def _host(source: str | None, client: str | None, details: Mapping[str, object]) -> str | None:
    """The source, unless the tool names only itself there, as Alertmanager and Grafana do."""
    if source is not None and source != client:
        return source
    return host_of(shape.first(*(details.get(name) for name in ("host", "hostname", "instance"))))


def _links(says: Mapping[str, object], name: str = "links") -> list[object]:
    links = says.get(name)
    return [shape.dig(link, "href") for link in links[:8]] if isinstance(links, list) else []


def _customer(details: Mapping[str, object]) -> str | None:
    return shape.first(details.get("customer"), details.get("tenant"), details.get("client"))


def _description(details: object) -> str | None:
    """Details that are a text, or the text in them."""
    if isinstance(details, str):
        return shape.text(details)
    return shape.first(*(shape.dig(details, name) for name in _TEXTS))


def _plain(details: Mapping[str, object]) -> dict[str, object]:
    """What can be a label; a text of several lines is the alert's description."""
    return {name: value for name, value in details.items() if name not in _TEXTS}


def _labels(
    says: Mapping[str, object], payload: Mapping[str, object], details: Mapping[str, object]
) -> dict[str, object]:
    """The event's own classes first: they are what a rule looks at, and labels are cut at the end."""
    links, images = says.get("links"), says.get("images")
    own = {name: payload.get(name) for name in ("component", "group", "class")}
    shown = {
        "client": says.get("client"),
        "links": _hrefs(links, "href", "text"),
        "images": _hrefs(images, "src", "alt"),
    }
    return {**own, **shown, **{name: value for name, value in _plain(details).items() if name not in {*own, *shown}}}


def _hrefs(entries: object, address: str, words: str) -> str | None:
    if not isinstance(entries, list):
        return None
    said = [shape.first(shape.dig(each, address), shape.dig(each, words)) for each in entries[:8]]
    return " ".join(each for each in said if each) or None
