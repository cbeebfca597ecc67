"""Which alerts are one incident: the group key. Holds no look-up of incidents."""

from __future__ import annotations

from hashlib import sha256

from tandem.model.alert import Alert
from tandem_router.classify import DEDUP_KEY, Classified

_LONGEST = 300
TEST = "test:"
"""What the identity and the group of a test message begin with; no integration's name holds a colon."""


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
    return _bounded(f"{TEST if alert.test else ''}{'&'.join(parts)}")


def condition_of(alert: Alert) -> str:
    """A condition's identity in its tenant: two integrations may use one key for different things (R-P8).

    A test is a condition of its own, or it would put the real incident of its key into observe.
    """
    return f"{TEST if alert.test else ''}{alert.integration}/{alert.dedup_key}"


def plain_condition(condition: str) -> tuple[str, bool]:
    """``INTEGRATION/KEY`` of a condition, and whether it is a test's."""
    return condition.removeprefix(TEST), condition.startswith(TEST)


def dedup_group(alert: Alert) -> str:
    """The group of one condition alone."""
    return _bounded(f"dedup:{condition_of(alert)}")


def _quoted(value: str | None) -> str:
    return (value or "").replace("%", "%25").replace("&", "%26").replace("=", "%3D")


def _bounded(key: str) -> str:
    if len(key) <= _LONGEST:
        return key
    digest = sha256(key.encode("utf-8", "surrogatepass")).hexdigest()
    return f"{key[: _LONGEST - 65]}#{digest}"
