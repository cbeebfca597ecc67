"""Pingdom: the fixed body of its webhook, for uptime and transaction checks.

The check is the condition. ``state_changed_timestamp`` is epoch seconds. Source: alerta tests, target/goalert and
other receivers' recorded bodies of the Pingdom webhook.
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

IMPORTANCE: Mapping[str, Severity] = MappingProxyType({"high": Severity.HIGH, "low": Severity.LOW})
UP = frozenset({"up", "success"})


def read(body: object, headers: Mapping[str, str]) -> list[VendorAlert]:  # noqa: ARG001 - the adapters' one signature
    """The check of a post."""
    return batch.one_or_many(body, _check)


def _check(body: object) -> VendorAlert:
    says = shape.mapping(body)
    name, state = shape.text(says.get("check_name")), shape.text(says.get("current_state"))
    if name is None or state is None:
        raise Unreadable("no check_name or current_state: not a Pingdom webhook")
    up = state.casefold() in UP
    asked = shape.mapping(says.get("check_params"))
    about = shape.first(says.get("description"), says.get("long_description"))
    return draft(
        title=headline(f"{name} is {state.lower()}", None if up else about),
        status=AlertStatus.RESOLVED if up else AlertStatus.FIRING,
        severity=severity.of_word(says.get("importance_level"), IMPORTANCE),
        severity_word=says.get("importance_level"),
        host=asked.get("hostname"),
        occurred_at=times.parse(says.get("state_changed_timestamp")),
        dedup_key=says.get("check_id"),
        url=asked.get("full_url"),
        description=shape.first(says.get("long_description"), says.get("description")),
        labels={
            "check": name,
            "check_type": says.get("check_type"),
            "tags": says.get("tags"),
            "previous_state": says.get("previous_state"),
            "probe": shape.dig(says, "first_probe", "location"),
        },
    )
