"""The body of ``POST /api/v2/alerts``: a list of label sets with a beginning and an end. Pure; knows no HTTP.

Alertmanager's rules: labels without a value do not count, a beginning that is missing is the end or now, an end that
is missing is five minutes from now (``resolve_timeout``), and an end that has passed means resolved.

Source: prometheus/alertmanager, api/v2/api.go (postAlertsHandler), types/types.go (Alert.Validate) and
api/v2/openapi.yaml.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

import msgspec

from tandem.errors import Reason, Refused
from tandem.model.alert import VendorAlert
from tandem_ingest import normalise, times
from tandem_ingest.decode import decode
from tandem_ingest.doors.fingerprint import fingerprint
from tandem_ingest.unreadable import Unreadable
from tandem_ingest.vendors import shape
from tandem_ingest.vendors.catalogue import vendor_of
from tandem_ingest.vendors.monitoring import alertmanager

RESOLVE_TIMEOUT = timedelta(minutes=5)
ALERTS = 5_000
"""In one post; Prometheus sends 256 at most unless told otherwise."""
TITLE_LABELS = 5
_VENDOR = vendor_of("alertmanager")
_decode_list = msgspec.json.Decoder(list[msgspec.Raw]).decode


@dataclass(frozen=True, slots=True, kw_only=True)
class Posted:
    """One valid alert, in both forms."""

    alert: VendorAlert
    fingerprint: str
    labels: Mapping[str, str]
    annotations: Mapping[str, str]
    starts_at: datetime
    ends_at: datetime
    url: str


@dataclass(frozen=True, slots=True, kw_only=True)
class PostedAlerts:
    """What a post holds."""

    valid: tuple[Posted, ...]
    faults: tuple[str, ...]
    """One for each alert that is not valid, in Alertmanager's words."""
    end_assumed: bool
    """Some alert did not say when it ends: the same bytes a minute later mean a later end."""


def read(body: bytes, now: datetime) -> PostedAlerts:
    """The alerts of ``body``.

    Raises:
        Refused: TOO_COMPLEX, see ``decode``; each alert has these limits to itself, a batch of Prometheus passes them.
        Unreadable: no JSON, or no list.
    """
    valid, faults, end_assumed = [], [], False
    for element in _elements(body):
        try:
            posted, assumed = _posted(element, now)
        except Unreadable as fault:
            faults.append(fault.reason)
        else:
            valid.append(posted)
            end_assumed |= assumed
    return PostedAlerts(valid=tuple(valid), faults=tuple(faults), end_assumed=end_assumed)


def _elements(body: bytes) -> list[object]:
    try:
        parts = _decode_list(body)
    except (ValueError, RecursionError):
        whole = decode(body)
        if not isinstance(whole, list):
            raise Unreadable("the body is no list of alerts") from None
        return whole
    if len(parts) > ALERTS:
        raise Refused(Reason.TOO_COMPLEX, f"more than {ALERTS} alerts")
    return [_element(bytes(part)) for part in parts]


def _element(part: bytes) -> object:
    """What a strict parser refuses in one element does not cost the others."""
    try:
        return decode(part)
    except Unreadable:
        return None


def _posted(element: object, now: datetime) -> tuple[Posted, bool]:
    labels = _texts(shape.dig(element, "labels"))
    if not labels:
        raise Unreadable("invalid label set: at least one label pair required")
    annotations = _texts(shape.dig(element, "annotations"))
    said_start, said_end = times.parse(shape.dig(element, "startsAt")), times.parse(shape.dig(element, "endsAt"))
    ends_at = said_end or now + RESOLVE_TIMEOUT
    starts_at = said_start or (min(said_end, now) if said_end else now)
    if said_end is not None and said_start is not None and said_end < said_start:
        raise Unreadable(f"start time must be before end time: {labels.get('alertname', '')[:64]}")
    its_print = fingerprint(labels)
    url = _encodable(shape.text(shape.dig(element, "generatorURL")) or "")
    says = {
        "status": "firing" if ends_at > now else alertmanager.RESOLVED,
        "labels": labels,
        "annotations": _titled(annotations, labels),
        "startsAt": starts_at.isoformat(),
        "endsAt": ends_at.isoformat(),
        "generatorURL": url,
        "fingerprint": its_print,
    }
    reading = normalise.read_value(_VENDOR, {"alerts": [says]}, {})
    if not reading.alerts:
        raise Unreadable(reading.quarantined or "no alert")
    posted = Posted(
        alert=reading.alerts[0], fingerprint=its_print, labels=labels, annotations=annotations, starts_at=starts_at,
        ends_at=ends_at, url=url,
    )  # fmt: skip
    return posted, said_end is None


def _texts(pairs: object) -> dict[str, str]:
    """Scalars as text that has a wire form; empty ones do not count."""
    found = {_encodable(name): shape.text(value) for name, value in shape.mapping(pairs).items()}
    return {name: _encodable(value) for name, value in found.items() if value}


def _encodable(text: str) -> str:
    """Without lone surrogates."""
    return text if text.isascii() else text.encode("utf-8", "replace").decode()


def _titled(annotations: Mapping[str, str], labels: Mapping[str, str]) -> Mapping[str, str]:
    """Alertmanager takes a label set without a name; what it says is then its title."""
    if "alertname" in labels or annotations.keys() & {"summary", "title", "description"}:
        return annotations
    return {**annotations, "title": ", ".join(f"{name}={labels[name]}" for name in sorted(labels)[:TITLE_LABELS])}
