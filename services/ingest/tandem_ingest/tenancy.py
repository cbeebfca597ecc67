"""Whose an alert is, where one integration posts for many customers. Pure; unknown.py keeps what nobody owns yet.

Never guessed: a customer the provider's mapping does not know owns nothing here, and neither does an alert that names
none. Such an alert waits, and whoever looks after the integration is told by one alert that names no customer.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from datetime import datetime
from uuid import UUID

from tandem.ids import alert_id
from tandem.model.alert import Alert, AlertStatus, Kind, Severity, VendorAlert
from tandem.model.integration import Integration
from tandem_ingest import text

NAME_LENGTH = 200
_LABEL = "labels."


@dataclass(frozen=True, slots=True)
class Held:
    """An alert that waits for its owner."""

    alert: Alert
    """With the integration's own tenant."""
    customer: str
    """As the alert says; empty when it names none."""


def customer_of(integration: Integration, alert: VendorAlert | Alert) -> str | None:
    """What the alert says of whose it is."""
    field = integration.tenant_from or "customer"
    return alert.labels.get(field[len(_LABEL) :]) if field.startswith(_LABEL) else alert.customer


def owner(integration: Integration, alert: VendorAlert | Alert) -> str | None:
    """The tenant whose alert it is; None when nobody can say. A test that names no customer is nobody's secret."""
    if integration.tenant_from is None:
        return integration.tenant
    customer = customer_of(integration, alert)
    if alert.test and not customer:
        return integration.tenant
    return named(integration, customer)


def named(integration: Integration, customer: str | None) -> str | None:
    """The tenant the provider's mapping knows as ``customer``.

    A label may hold a list, as of the host groups of Zabbix ("Linux servers, Acme"): its one known name counts.
    Two tenants in it are nobody: see ``tenant_of``.
    """
    whole = integration.tenant_of(customer)
    if whole is not None or not customer or not (integration.tenant_from or "").startswith(_LABEL):
        return whole
    found = {integration.tenant_of(part) for part in customer.split(",")} - {None}
    return found.pop() if len(found) == 1 else None


def waits(integration: Integration | None, alert: Alert) -> bool:
    """Whether nobody can say whose ``alert`` is."""
    return integration is not None and owner(integration, alert) is None


def is_mixed(integration: Integration, alerts: Iterable[VendorAlert]) -> bool:
    """Whether one post speaks of several customers."""
    if integration.tenant_from is None:
        return False
    return len({owner(integration, each) or (customer_of(integration, each),) for each in alerts}) > 1


def held(integration: Integration, alert: Alert) -> Held:
    """``alert`` as it waits."""
    customer = text.line(customer_of(integration, alert) or "", NAME_LENGTH)[0]
    return Held(replace(alert, tenant=integration.tenant), customer)


def parted(
    integration: Integration, alerts: Iterable[Alert], holds: Callable[[str, str], bool]
) -> tuple[list[Alert], list[Held]]:
    """Alerts that have an owner, and those that wait: for one, or behind earlier ones of their customer."""
    owned: list[Alert] = []
    waiting: list[Held] = []
    for alert in alerts:
        each = held(integration, alert)
        waits = owner(integration, alert) is None or (each.customer and holds(integration.name, each.customer))
        if waits:
            waiting.append(each)
        else:
            owned.append(alert)
    return owned, waiting


def key_of(customer: str) -> str:
    """The customer as the mapping compares it."""
    return customer.strip().casefold()


def notice(integration: Integration, first: Alert) -> Alert:
    """Tells the integration's own tenant that alerts wait; a retry of the same post makes the same one."""
    return _notice(integration, first.alert_id, first.received_at, AlertStatus.FIRING)


def all_clear(integration: Integration, last: UUID, now: datetime) -> Alert:
    """Ends ``notice``: nothing of the integration waits any more."""
    return _notice(integration, last, now, AlertStatus.RESOLVED)


def _notice(integration: Integration, cause: UUID, at: datetime, status: AlertStatus) -> Alert:
    delivery = f"unknown-customer:{status.value}:{cause}"
    return Alert(
        alert_id=alert_id(integration.tenant, integration.name, delivery, 0),
        tenant=integration.tenant,
        integration=integration.name,
        vendor="tandem",
        kind=Kind.MONITORING,
        delivery_id=delivery,
        dedup_key=f"unknown-customer:{integration.name}",
        title=f"Alerts of an unknown customer wait at {integration.name}",
        status=status,
        severity=Severity.HIGH,
        description=(
            "They are stored and go to nobody until the provider's customers map them to a client. Which customers:"
            f" tandem integrations unknown {integration.name}"
        ),
        received_at=at,
    )
