"""What a batch of the router needs before it can be decided: gathered from the agreements and the tables.

Most batches ask for little beside their own incidents: each question is put only where an alert's agreement asks it.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import Any
from uuid import UUID

from tandem.bus.plan import DueTimer, Inbox
from tandem.model.alert import Alert, AlertStatus
from tandem.model.events import Command, CommandKind
from tandem_router import announce, expiry, reach, stale, storm
from tandem_router.batch import OF_INCIDENTS, Agreements, Loaded, active, place
from tandem_router.classify import Classified
from tandem_router.grouping import condition_of, dedup_group
from tandem_router.overflow import Queue
from tandem_router.roll import ROLL
from tandem_router.store import checks, holds, lookup, memberships, running, windows
from tandem_router.store.alerts import latest_expiring
from tandem_router.store.rolls import ROLLED_AT_ONCE, find_running
from tandem_router.suppress import wants_others

Placed = dict[UUID, tuple[Classified, str]]
"""Alert id -> classification and group key."""


class Needed:
    """Reads for one router."""

    def __init__(self, agreements: Agreements) -> None:
        """``agreements`` are held in memory."""
        self._agreements = agreements

    async def load(self, connection: Any, inbox: Inbox, now: datetime) -> Loaded:  # noqa: ANN401 - the port's signature
        """One statement: incidents of the alerts' groups, of commands and timers, locked, and what was done before.

        Raises:
            PoisonRecord: an alert or a raise of a tenant without an active agreement.
            Unavailable: the database or an agreement's version cannot be had now.
        """
        alerts = [payload for payload in inbox.payloads if isinstance(payload, Alert)]
        commands = [payload for payload in inbox.payloads if isinstance(payload, Command)]
        raised = {command.tenant for command in commands if command.kind is CommandKind.RAISE}
        waiting, let_go = await holds.load_waiting(connection, inbox.timers)
        lapsed = await self._lapsed(connection, inbox.timers, now)
        alerts += [each.waiting(each.ends_at(now)) for each in waiting]
        alerts += [clear for _, clear in lapsed.values()]
        reopened = {command.tenant for command in commands if command.kind is CommandKind.REOPEN}
        tenants = raised | reopened | {alert.tenant for alert in alerts}
        tenants |= checks.tenants_of(inbox)
        await self._agreements.ensure([(tenant, None) for tenant in tenants])
        watched = await checks.load(connection, inbox, self._agreements.active, now)
        for tenant in raised:
            active(self._agreements, tenant)
        placed = {alert.alert_id: place(alert, active(self._agreements, alert.tenant)) for alert in alerts}
        firing = {alert.tenant for alert in alerts if alert.status is AlertStatus.FIRING}
        outages = await running.find_outages(connection, self._outages_since(alerts, placed))
        silent, next_looks = await self._silent(connection, inbox.timers, now)
        merging = {command.incident_id for command in commands if command.kind is CommandKind.MERGE}
        rolls = {timer.key: await find_running(connection, timer) for timer in inbox.timers if timer.kind == ROLL}
        others = await self._others(connection, alerts, placed, now)
        loaded = await lookup.load(
            connection,
            places={place for alert in alerts for place in _places(alert, placed[alert.alert_id][1])},
            incidents=_named(commands, inbox.timers).union(outages, silent, *rolls.values(), others),
            numbering=raised | firing,
            alerts={alert.alert_id for alert in alerts},
            commands={command.command_id for command in commands},
            counted=self._counted(alerts, placed),
        )
        loaded.conditions = await memberships.conditions_of(connection, merging | outages)
        loaded.next_looks = next_looks
        await self._agreements.ensure({(known.tenant, known.agreement_version) for known in loaded.incidents})
        loaded.classified = placed
        loaded.checks = watched
        loaded.let_go = let_go
        loaded.expired = lapsed
        boundaries = [timer for timer in inbox.timers if timer.kind == announce.BOUNDARY]
        await self._agreements.ensure([(timer.tenant, None) for timer in boundaries])
        loaded.rolled = {key: ids[-1] for key, ids in rolls.items() if len(ids) == ROLLED_AT_ONCE}
        loaded.queues = await self._queues(connection, [*alerts, *commands, *inbox.timers])
        loaded.told = {timer.tenant: await windows.load_told(connection, timer) for timer in boundaries}
        return loaded

    async def _lapsed(
        self,
        connection: Any,  # noqa: ANN401 - as load
        timers: list[DueTimer],
        now: datetime,
    ) -> expiry.Expired:
        """Conditions that nobody repeated before they expired (R-P13); most timers ask for none."""
        asked = [(timer.tenant, timer.key) for timer in timers if timer.kind == expiry.EXPIRY]
        return expiry.expired(await latest_expiring(connection, asked), now)

    def _outages_since(self, alerts: list[Alert], placed: Placed) -> dict[str, datetime]:
        """Per tenant, since when outages count together with those of these alerts; most alerts ask for none (R-P2)."""
        since: dict[str, datetime] = {}
        for alert in alerts:
            agreement = active(self._agreements, alert.tenant)
            if reach.may_count(alert, placed[alert.alert_id][0], agreement):
                begun = alert.received_at - agreement.rules.window
                since[alert.tenant] = min(begun, since.get(alert.tenant, begun))
        return since

    def _counted(self, alerts: list[Alert], placed: Placed) -> set[tuple[str, str]]:
        """(tenant, place) where these alerts may begin a storm or join one (R-P10)."""
        firing = [alert for alert in alerts if alert.status is AlertStatus.FIRING]
        return {
            (alert.tenant, place)
            for alert in firing
            for place in storm.places(
                alert, placed[alert.alert_id][0].site, active(self._agreements, alert.tenant).storm
            )
        }

    async def _silent(
        self,
        connection: Any,  # noqa: ANN401 - as load
        timers: list[DueTimer],
        now: datetime,
    ) -> tuple[set[UUID], list[tuple[str, datetime]]]:
        """Incidents that nobody repeats any more, and who is next, of the tenants that are looked at (R-P13)."""
        tenants = {timer.tenant for timer in timers if timer.kind == stale.LOOK}
        await self._agreements.ensure([(tenant, None) for tenant in tenants])
        found: set[UUID] = set()
        following = []
        for tenant in sorted(tenants):
            agreement = self._agreements.active(tenant)
            look = stale.look(tenant, now, agreement.stale) if agreement is not None else None
            if look is not None:
                silent, last = await running.find_silent(connection, look)
                found |= silent
                following += [(tenant, last)] if last is not None else []
                following += [(tenant, look.silent_since)] if len(silent) == stale.MOST_AT_ONCE else []
        return found, following

    async def _queues(
        self,
        connection: Any,  # noqa: ANN401 - as load
        about: list[Alert | Command | DueTimer],
    ) -> dict[str, Queue]:
        """The internal parties' queues of tenants whose rows may overflow; most have none and cost nothing."""
        found = {each.tenant: self._agreements.active(each.tenant) for each in about}
        wanted = {tenant: known for tenant, known in found.items() if known is not None and known.overflows}
        return await running.load_queues(connection, wanted) if wanted else {}

    async def _others(
        self,
        connection: Any,  # noqa: ANN401 - as load
        alerts: list[Alert],
        placed: Placed,
        now: datetime,
    ) -> set[UUID]:
        """Open incidents that may mute one of these alerts; most alerts ask for none."""
        everything, assets, since = set(), set(), now
        for alert in alerts:
            agreement = active(self._agreements, alert.tenant)
            any_open, above = wants_others(alert, placed[alert.alert_id][0], agreement)
            if any_open:
                everything.add(alert.tenant)
            assets |= {(alert.tenant, asset) for asset in above}
            since = min(since, alert.received_at - agreement.timing.parent_outage)
        return await running.find_others(connection, everything, assets, since)


def _named(commands: Iterable[Command], timers: Iterable[DueTimer]) -> set[UUID]:
    """Incidents that commands and timers name."""
    others = {command.detail.other_incident for command in commands if command.detail.other_incident is not None}
    own = {command.incident_id for command in commands}
    return own | others | {UUID(timer.key) for timer in timers if timer.kind in OF_INCIDENTS}


def _places(alert: Alert, key: str) -> set[tuple[str, str, str]]:
    """Where the alert's incident may be: its group, and its dedup key alone from when its words were others."""
    return {(alert.tenant, each, condition_of(alert)) for each in (key, dedup_group(alert))}
