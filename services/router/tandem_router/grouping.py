"""Which alerts are one incident: the group key. Holds no look-up of incidents."""

from __future__ import annotations

from hashlib import sha256

from tandem.model.alert import Alert
from tandem_router.classify import DEDUP_KEY, Classified

_LONGEST = 300


def group_key(alert: Alert, classified: Classified) -> str:
    """One text per incident at a time; plain ``dedup:KEY`` unless the rule groups by something else.

    A field that the alert does not have groups by its dedup key instead: unknown is not equal to unknown.
    """
    if classified.group_by == DEDUP_KEY:
        return dedup_group(alert)
    fields = {
        "dedup_key": condition_of(alert),
        "function": classified.function,
        "site": classified.site,
        "host": alert.host.casefold() if alert.host else None,
        "category": classified.category,
    }
    parts = [f"{name}={_quoted(fields[name])}" for name in classified.group_by if fields[name] is not None]
    if len(parts) < len(classified.group_by):
        return dedup_group(alert)
    return _bounded("&".join(parts))


def condition_of(alert: Alert) -> str:
    """A condition's identity in its tenant: two integrations may use one key for different things (R-P8)."""
    return f"{alert.integration}/{alert.dedup_key}"


def dedup_group(alert: Alert) -> str:
    """The group of one condition alone."""
    return _bounded(f"dedup:{condition_of(alert)}")


def is_plain(key: str) -> bool:
    """Whether the group is one dedup key alone, so that no look-up of members is needed to find it."""
    return key.startswith("dedup:")


def _quoted(value: str | None) -> str:
    return (value or "").replace("%", "%25").replace("&", "%26").replace("=", "%3D")


def _bounded(key: str) -> str:
    if len(key) <= _LONGEST:
        return key
    digest = sha256(key.encode("utf-8", "surrogatepass")).hexdigest()
    return f"{key[: _LONGEST - 65]}#{digest}"
