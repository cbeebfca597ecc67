"""A small agreement, alerts and instants for the router's tests, compiled by the production compiler."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from functools import cache
from typing import Any
from uuid import UUID

from tandem.agreement.compile import compile_agreement
from tandem.agreement.compiled import Agreement
from tandem.agreement.load import load_provider, load_tenant
from tandem.ids import alert_id, uuid8
from tandem.model.alert import Alert, AlertStatus, Kind, Severity
from tandem.model.events import Command, CommandDetail, CommandKind
from tandem.model.ownership import Actor, Party

NOON = datetime(2026, 11, 17, 17, 0, tzinfo=UTC)
"""Tuesday 12:00 in New York: internal hours."""
NIGHT = datetime(2026, 11, 17, 8, 0, tzinfo=UTC)
"""Tuesday 03:00 in New York."""
THANKSGIVING = datetime(2026, 11, 26, 17, 0, tzinfo=UTC)
"""Noon of a holiday."""

PROVIDER = """
schema: tandem/provider/v1
provider: {id: brightwater, name: Brightwater, zone: America/New_York}
people:
  mo: {name: Mo, party: msp, contacts: [{channel: email, to: mo@brightwater.example}]}
  sam: {name: Sam, party: msp, contacts: [{channel: email, to: sam@brightwater.example}]}
parties:
  msp: {name: Brightwater, calendar: 24x7, accountable: mo}
schedules:
  - {id: msp-ops, zone: America/New_York, party: msp, track: ops, layers: [{people: [mo], anchor: 2026-01-05T09:00:00}]}
  - {id: msp-soc, zone: America/New_York, party: msp, track: soc, layers: [{people: [sam], anchor: 2026-01-05T09:00:00}]}
paths:
  - {id: msp-ops, party: msp, track: ops, steps: [{page: ["schedule:msp-ops"]}]}
  - {id: msp-soc, party: msp, track: soc, steps: [{page: ["schedule:msp-soc"]}]}
"""

TENANT = """
schema: tandem/agreement/v1
use: brightwater
tenant: {id: acme, name: Acme, kind: KIND, mode: live, users: 100, zone: America/New_York}
calendars:
  office: {zone: America/New_York, weekly: {mon-fri: 09:00-17:00}, holidays: [2026-11-26]}
people:
  ann:
    name: Ann
    party: internal
    contacts: [{channel: email, to: ann@acme.example}]
    absences: [{from: 2026-12-01, to: 2026-12-02}]
  bob:
    name: Bob
    party: internal
    contacts: [{channel: email, to: bob@acme.example}]
    absences: [{from: 2026-12-02, to: 2026-12-03}]
parties:
  internal: {name: Acme IT, calendar: office, accountable: ann, security_contact: bob}
schedules:
  - {id: it, zone: America/New_York, party: internal, track: ops, layers: [{people: [ann], anchor: 2026-01-05T09:00:00}]}
paths:
  - {id: internal-ops, party: internal, track: ops, steps: [{page: ["schedule:it"]}]}
  - {id: internal-soc, party: internal, track: soc, steps: [{page: ["person:bob"]}]}
functions:
  - {id: storage, name: Storage}
  - {id: network, name: Network}
  - {id: network-msp, name: Network run by the MSP}
  - {id: erp, name: ERP}
  - {id: mail, name: Mail}
  - {id: backup, name: Backup}
  - {id: edr, name: Endpoint security, track: soc}
  - {id: siem-night, name: Findings that page at night, track: soc}
  - {id: stays, name: Internal around the clock}
sites:
  - {id: hq, name: Headquarters, users: 60}
assets:
  - {id: fs1, hosts: [fs1.acme.example], site: hq, users: 5}
  - {id: sw10, users: 10, site: hq}
  - {id: sw11, users: 10, site: hq}
  - {id: sw20, users: 20}
  - {id: sw21, users: 21}
  - {id: db1, users: 3, data_class: regulated}
  - {id: crm, users: 1, function: mail}
classification:
  - {id: disk-full, when: {title: {contains: disk}}, function: storage, class: degradation, priority: P2}
  - {id: disk-low, when: {title: {contains: space low}}, function: storage, class: degradation}
  - {id: switch, when: {title: {contains: switch}}, function: network, class: outage, group_by: [function, category], category: lan}
  - {id: msp-link, when: {title: {contains: uplink}}, function: network-msp, class: outage}
  - {id: internet, when: {title: {contains: internet}}, function: network, class: outage, sitewide: true}
  - {id: erp, when: {title: {contains: erp}}, function: erp, class: outage}
  - {id: leak, when: {title: {contains: leak}}, function: mail, class: breach}
  - {id: verify, when: {kind: backup}, function: backup, class: backup}
  - {id: loud, when: {title: {contains: ransom}}, function: siem-night, class: security}
  - {id: finding, when: {kind: siem}, function: edr, class: security}
  - {id: stays, when: {title: {contains: stays}}, function: stays}
  - {id: mail, when: {title: {contains: mail}}, function: mail}
matrix:
  - {id: storage, function: storage, owner: internal}
  - {id: network, function: network, owner: internal}
  - {id: network-msp, function: network-msp, owner: msp}
  - {id: erp, function: erp, owner: shared, lead: internal}
  - {id: mail, function: mail, owner: msp}
  - {id: backup, function: backup, owner: msp, both_told: true}
  - {id: edr, function: edr, owner: msp}
  - {id: siem-night, function: siem-night, owner: msp, night: page}
  - {id: stays, function: stays, owner: internal, after_hours: internal}
"""


@cache
def agreement(*, kind: str = "co-managed", version: int = 1, mode: str = "live") -> Agreement:
    """The example, compiled."""
    text = TENANT.replace("KIND", kind).replace("mode: live", f"mode: {mode}")
    return compile_agreement(load_tenant(text), load_provider(PROVIDER), version=version)


class Book:
    """Agreements in memory."""

    def __init__(self, *versions: Agreement) -> None:
        self.versions = {(a.tenant.id, a.version): a for a in versions}
        self.current = {a.tenant.id: a for a in versions}

    async def ensure(self, pairs) -> None:
        return None

    def active(self, tenant: str) -> Agreement | None:
        return self.current.get(tenant)

    def at(self, tenant: str, version: int) -> Agreement:
        return self.versions[tenant, version]


_count = iter(range(10**9))


def alert(title: str = "Disk full on fs1", at: datetime = NOON, **fields: Any) -> Alert:
    """An alert accepted at ``at``; every call is another delivery unless ``alert_id`` is given."""
    number = str(next(_count))
    defaults: dict[str, Any] = {
        "alert_id": alert_id("acme", "rmm", number, 0),
        "tenant": "acme",
        "integration": "rmm",
        "vendor": "generic",
        "kind": Kind.RMM,
        "delivery_id": number,
        "dedup_key": title,
        "title": title,
        "status": AlertStatus.FIRING,
        "severity": Severity.MEDIUM,
        "received_at": at,
        "occurred_at": at - timedelta(minutes=1),
    }
    return Alert(**{**defaults, **fields})


def clear(of: Alert, at: datetime, **fields: Any) -> Alert:
    """The clear of an alert's condition."""
    return alert(
        of.title,
        at,
        **{"dedup_key": of.dedup_key, "host": of.host, "status": AlertStatus.RESOLVED, "kind": of.kind}
        | {"severity": of.severity, "occurred_at": at}
        | fields,
    )


def command(
    incident_id: UUID, kind: CommandKind, party: Party | None = Party.MSP, at: datetime = NOON, **detail: Any
) -> Command:
    """A command of a person of ``party``."""
    number = str(next(_count))
    return Command(
        command_id=uuid8("command", number),
        tenant="acme",
        incident_id=incident_id,
        kind=kind,
        by=Actor(party, f"{party.value}-person" if party else None),
        at=at,
        detail=CommandDetail(**detail),
    )
