"""An incident and what belongs to it, written as the services that own the rows write them, with their own roles."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import uuid4

import msgspec

from tandem.model.incident import Incident
from tandem.model.ownership import Owner, Party, Track
from tandem.model.priority import Priority

NOW = datetime(2026, 11, 20, 15, 0, tzinfo=UTC)
_RESPONSE = timedelta(minutes=30)
DETAIL_TRACE = {
    "at": NOW.isoformat(),
    "agreement_version": 3,
    "classification": {
        "rule": "disk-full",
        "function": "servers",
        "category": "storage",
        "class": "degradation",
        "asset": "fs01",
        "site": "berlin",
    },
    "row": {
        "id": "servers-internal",
        "owner": "internal",
        "lead": None,
        "runners_up": [{"row": "servers-msp-night", "why_not": "site is not hamburg"}],
    },
    "priority": {
        "priority": "P2",
        "floor": "P2",
        "floor_source": "vendors.ninjaone.CRITICAL",
        "rule_floor": None,
        "affected_users": 27,
        "tenant_users": 100,
        "share_limit": 0.2,
        "assets": ["fs01"],
        "regulated": False,
        "wide_outage": "",
        "regulated_rule": "",
    },
    "hours": {"on_duty": True, "calendar": "internal", "zone": "Europe/Berlin", "local": "Fri 2026-11-20 16:00"},
    "track": "ops",
    "parties": {"responsible": "internal", "took_over": False, "paged": ["internal"], "informed": []},
    "paths": {"internal": "internal-ops"},
    "clocks": [{"clock": "response", "target_s": 3600, "business_hours": False}],
    "mode": "live",
}


def incident(**changes: Any) -> Incident:
    """An incident of Acme that internal IT is responsible for, opened ten minutes before NOW."""
    opened_at = changes.pop("opened_at", NOW - timedelta(minutes=10))
    owner = Owner(changes.pop("owner", Owner.INTERNAL))
    party = Party(changes.pop("responsible_party", Party.MSP if owner is Owner.MSP else Party.INTERNAL))
    values: dict[str, Any] = {
        "incident_id": uuid4(),
        "tenant": "acme",
        "group_key": uuid4().hex,
        "version": 1,
        "title": "Disk C: is 97 % full",
        "priority": Priority.P2,
        "owner": owner,
        "lead": party if owner is Owner.SHARED else None,
        "responsible_party": party,
        "monitoring_owner": Party.MSP,
        "must_acknowledge": (party,),
        "function": "servers",
        "track": Track.OPS,
        "host": "fs01",
        "row": "servers-internal",
        "sla_profile": "standard",
        "agreement_version": 3,
        "provider": "northwind",
        "opened_at": opened_at,
        "detected_at": opened_at,
        "occurred_at": opened_at,
        "last_seen_at": opened_at,
        "because": (
            "rule disk-full makes it servers",
            "row servers-internal: internal",
            "P2 by vendors.ninjaone.CRITICAL",
        ),
    }
    return Incident(**{**values, **changes})


def plain(value: Any) -> Any:
    """A dataclass as jsonb holds it."""
    return msgspec.to_builtins(value, str_keys=True, enc_hook=_unmapped)


def _unmapped(value: Any) -> Any:
    if isinstance(value, Mapping):
        return dict(value)
    raise NotImplementedError(type(value).__name__)


@dataclass(slots=True)
class Rows:
    """Writes as the owners of the views would."""

    router: Any
    sla: Any
    notifier: Any
    policy: Any
    numbers: dict[str, int] = field(default_factory=dict)
    agreed: list[str] = field(default_factory=list)

    async def add(self, made: Incident, *, trace: Mapping[str, Any] | None = None) -> Incident:
        """An opened incident with its first fact, alert and decision."""
        number = self.numbers.get(made.tenant, 0) + 1
        self.numbers[made.tenant] = number
        made = replace(made, number=number)
        await self.router.execute(
            "insert into router.incident (id, tenant, number, group_key, version, state, priority, owner,"
            " responsible_party, function, title, opened_at, resolved_at, snapshot)"
            " values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14)",
            made.incident_id, made.tenant, made.number, made.group_key, made.version, made.state, made.priority,
            made.owner, made.responsible_party, made.function, made.title, made.opened_at, made.resolved_at, plain(made),
        )  # fmt: skip
        alert = {"title": made.title, "host": made.host, "integration": "acme-ninja", "vendor": "ninjaone"}
        await self.fact(made, "opened", made.opened_at, alert=alert)
        await self.alert(made)
        await self.router.execute(
            "insert into router.decision (alert_id, tenant, incident_id, at, agreement_version, trace)"
            " values ($1, $2, $3, $4, 3, $5)",
            uuid4(), made.tenant, made.incident_id, made.opened_at, dict(trace or DETAIL_TRACE),
        )  # fmt: skip
        return made

    async def alert(self, made: Incident, **body: Any) -> None:
        """An alert of the incident."""
        values: dict[str, Any] = {
            "vendor": "ninjaone",
            "title": made.title,
            "status": "firing",
            "severity": "critical",
            "severity_word": "CRITICAL",
            "host": made.host,
            "occurred_at": made.occurred_at,
            "labels": {"drive": "C:"},
        }
        await self.router.execute(
            "insert into router.alert (id, tenant, incident_id, integration, dedup_key, received_at, body)"
            " values ($1, $2, $3, 'acme-ninja', 'disk:fs01', $4, $5)",
            uuid4(), made.tenant, made.incident_id, made.detected_at, {**values, **body},
        )  # fmt: skip

    async def fact(self, made: Incident, kind: str, at: datetime, **body: Any) -> None:
        """A fact at the incident's version."""
        values: dict[str, Any] = {
            "priority": made.priority,
            "owner": made.owner,
            "responsible_party": made.responsible_party,
            "party": None,
            "person": None,
            "alert": None,
            "detail": {},
        }
        await self.router.execute(
            "insert into router.event (tenant, incident_id, version, kind, effective_at, received_at, body)"
            " values ($1, $2, $3, $4, $5, $5, $6)",
            made.tenant, made.incident_id, made.version, kind, at, {**values, **body},
        )  # fmt: skip

    async def update(self, made: Incident, kind: str, at: datetime, **body: Any) -> None:
        """The incident's next version, with its fact."""
        await self.router.execute(
            "update router.incident set version = $2, state = $3, snapshot = $4, resolved_at = $5 where id = $1",
            made.incident_id, made.version, made.state, plain(made), made.resolved_at,
        )  # fmt: skip
        await self.fact(made, kind, at, **body)

    async def clock(
        self,
        made: Incident,
        clock: str = "response",
        *,
        party: str | None = None,
        target: timedelta = _RESPONSE,
        state: str = "running",
        stop_at: datetime | None = None,
        breached: bool = False,
    ) -> None:
        """A clock that started when the incident was detected."""
        due = made.detected_at + target
        side = party or made.responsible_party.value
        await self.sla.execute(
            "insert into sla.clock (tenant, incident_id, key, clock, party, cycle, priority, start_at, target_s, due_at,"
            " state, stop_at, counted_s, breached_at, warned, flags, calendar)"
            " values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, '[]', '[]', '24x7')",
            made.tenant, made.incident_id, f"{clock}/{side}/{made.cycle}", clock, side, made.cycle, made.priority,
            made.detected_at, target.total_seconds(), due, state, stop_at, 0.0, due if breached else None,
        )  # fmt: skip

    async def page(self, made: Incident, *, person: str = "mara", state: str = "delivered", **changes: Any) -> None:
        """A page about the incident."""
        values: dict[str, Any] = {
            "page_id": uuid4(),
            "tenant": made.tenant,
            "incident_id": made.incident_id,
            "cycle": made.cycle,
            "party": made.responsible_party,
            "answers_for": made.responsible_party,
            "track": made.track,
            "person": person,
            "key": "k",
            "channel": "webhook",
            "target": "https://pager.test/hook",
            "path": "internal-ops",
            "pass": 0,
            "step": 0,
            "told": False,
            "state": state,
            "attempt": 1,
            "planned_at": made.opened_at,
            "deadline_at": made.opened_at + timedelta(minutes=5),
            "sent_at": made.opened_at + timedelta(seconds=2),
            "reason": "",
            "content": b"",
            **changes,
        }
        names = ", ".join(values)
        places = ", ".join(f"${place}" for place in range(1, len(values) + 1))
        await self.notifier.execute(f"insert into notifier.page ({names}) values ({places})", *values.values())

    async def agreement(self, tenant: str, document: str = "schema: tandem/agreement/v1\n") -> None:
        """An active agreement, so that the tenant is one of ``*``."""
        await self.policy.execute(
            "insert into agreement.version (tenant, version, hash, source, document, provider, author, note,"
            " created_at) values ($1, 1, 'h', $2, '{}', null, 'lead', '', $3)",
            tenant, document, NOW,
        )  # fmt: skip
        self.agreed.append(tenant)
        await self.policy.execute("insert into agreement.active values ($1, 1, $2)", tenant, NOW)
