"""The checker of crash tests: our promise over a ledger, the provider's log and the database's rows. Pure.

``tests/crash/test_checker.py`` plants every violation it must find.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from itertools import pairwise
from uuid import UUID

from tests.support.ledger import Ledger
from tests.support.pager_provider import Received
from tests.support.served import Kill

LATE_S = 1.0
"""A request that a killed process had written may be read by the provider so much later."""
OUTCOME_S = 5.0
"""How long ago an attempt whose outcome a kill has lost may have been taken; generous, it is some milliseconds."""


@dataclass(frozen=True)
class AlertRow:
    id: UUID
    tenant: str
    dedup_key: str
    incident_id: UUID | None


@dataclass(frozen=True)
class IncidentRow:
    id: UUID
    tenant: str
    dedup_key: str
    """Of its alerts; empty when it has none."""
    priority: str
    responsible_party: str


@dataclass(frozen=True)
class ClockRow:
    incident_id: UUID
    clock: str
    party: str
    cycle: int
    counted_s: float | None = None


@dataclass(frozen=True)
class PageRow:
    page_id: UUID
    tenant: str
    incident_id: UUID
    state: str
    party: str
    planned_at: datetime


@dataclass(frozen=True)
class Rows:
    """What the database holds at the end, all of it."""

    alerts: Sequence[AlertRow] = ()
    decisions: Sequence[UUID] = ()
    """Alert ids, one per row."""
    incidents: Sequence[IncidentRow] = ()
    facts: Sequence[tuple[UUID, int, str]] = ()
    """(incident, version, kind)."""
    clocks: Sequence[ClockRow] = ()
    pages: Sequence[PageRow] = ()
    deliveries: Sequence[UUID] = ()
    """Page ids, one per attempt that was recorded as delivered."""
    quarantined: int = 0


@dataclass(frozen=True)
class Oracle:
    """What the agreement wants, said independently of the code that decides it."""

    clocks: frozenset[str] = frozenset({"detection", "response", "resolution"})
    """Kinds of clock that every incident of the test has."""
    people: Mapping[str, frozenset[str]] = field(default_factory=dict)
    """Tenant -> whose phones may ring for it."""
    quarantined: int = 0
    """Records that a test has spoilt."""


@dataclass(frozen=True)
class Findings:
    """What was violated, and the figures beside it."""

    violations: list[str]
    lost: int
    doubled: int
    repeated: int
    """Pages that the provider took more than once."""
    by_kill: list[tuple[int, int | None]]
    """Per kill: pages repeated after it, pages in flight at it."""


def check(ledger: Ledger, log: Sequence[Received], rows: Rows, kills: Sequence[Kill], oracle: Oracle) -> Findings:
    """Hold everything that was sent against everything that came of it."""
    lost = [*_lost_alerts(ledger, rows), *_lost_incidents(ledger, rows), *_unpaged(ledger, log, rows)]
    doubled = [
        *_doubled_alerts(ledger, rows),
        *_doubled_incidents(rows),
        *_doubled_clocks(rows),
        *_more_than_one("delivery of page", rows.deliveries),
    ]
    repeated, unexplained = _repeated(log, kills)
    others = [
        *_unfinished(ledger),
        *_quarantined(rows, oracle),
        *_broken_histories(rows),
        *_missing_clocks(rows, oracle),
    ]
    foreign = [*_foreign_alerts(ledger, rows), *_foreign_pages(log, rows, oracle)]
    return Findings(
        violations=[*lost, *doubled, *others, *foreign, *unexplained, *_too_often(repeated, kills)],
        lost=len(lost),
        doubled=len(doubled),
        repeated=sum(repeated.values()),
        by_kill=[(repeated[number], kill.in_flight) for number, kill in enumerate(kills)],
    )


# -- nothing lost -------------------------------------------------------------------------------------------------


def _unfinished(ledger: Ledger) -> Iterable[str]:
    for post in ledger.posts:
        if not post.accepted:
            outcomes = [each.outcome for each in post.tries]
            yield f"{post.dedup_key}: never accepted, {outcomes}"


def _lost_alerts(ledger: Ledger, rows: Rows) -> Iterable[str]:
    """I1 and I2: what was answered 2xx has its alert and its decision."""
    alerts, decided = {row.id for row in rows.alerts}, set(rows.decisions)
    for post in ledger.posts:
        for alert_id in post.alert_ids:
            if alert_id not in alerts:
                yield f"{post.dedup_key}: accepted as {alert_id}, and there is no alert"
            elif alert_id not in decided:
                yield f"{post.dedup_key}: alert {alert_id} has no decision"


def _lost_incidents(ledger: Ledger, rows: Rows) -> Iterable[str]:
    there = {(row.tenant, row.dedup_key) for row in rows.incidents}
    for tenant, key in _conditions(ledger) - there:
        yield f"{key}: accepted for {tenant}, and there is no incident"


def _unpaged(ledger: Ledger, log: Sequence[Received], rows: Rows) -> Iterable[str]:
    """I3: somebody was paged about every new condition, and every page that the database calls delivered arrived."""
    paged = {UUID(page.body["incident_id"]) for page in log if _is_about_an_incident(page)}
    conditions = _conditions(ledger)
    for row in rows.incidents:
        if (row.tenant, row.dedup_key) in conditions and row.id not in paged:
            yield f"{row.dedup_key}: nobody was paged about incident {row.id}"
    arrived = {page.webhook_id for page in log}
    for page in rows.pages:
        if page.state == "delivered" and str(page.page_id) not in arrived:
            yield f"page {page.page_id} counts as delivered and never arrived"


def _conditions(ledger: Ledger) -> set[tuple[str, str]]:
    return {(post.tenant, post.dedup_key) for post in ledger.posts if post.firing and post.accepted}


def _missing_clocks(rows: Rows, oracle: Oracle) -> Iterable[str]:
    running = defaultdict(set)
    for row in rows.clocks:
        running[row.incident_id].add(row.clock)
    for incident in rows.incidents:
        if missing := oracle.clocks - running[incident.id]:
            yield f"{incident.dedup_key}: incident {incident.id} has no clock {', '.join(sorted(missing))}"


# -- nothing doubled ----------------------------------------------------------------------------------------------


def _doubled_alerts(ledger: Ledger, rows: Rows) -> Iterable[str]:
    """One delivery is one alert, whatever its tries; nothing is there that was not sent."""
    yield from _more_than_one("alert", (row.id for row in rows.alerts))
    yield from _more_than_one("decision", rows.decisions)
    known = set().union(*(post.alert_ids for post in ledger.posts))
    excused = {(post.tenant, post.dedup_key) for post in ledger.posts if post.may_be_two}
    for post in ledger.posts:
        if len(post.alert_ids) > 1 and not post.may_be_two:
            yield f"{post.dedup_key}: one delivery, accepted as {len(post.alert_ids)} alerts"
    for row in rows.alerts:
        if row.id not in known and (row.tenant, row.dedup_key) not in excused:
            yield f"{row.dedup_key}: alert {row.id} was never answered to its sender"


def _doubled_incidents(rows: Rows) -> Iterable[str]:
    yield from (f"incident {row.id} has no alert" for row in rows.incidents if not row.dedup_key)
    yield from _more_than_one("incident", (row.id for row in rows.incidents))
    yield from _more_than_one("incident of", ((row.tenant, row.dedup_key) for row in rows.incidents))


def _doubled_clocks(rows: Rows) -> Iterable[str]:
    """I5."""
    yield from _more_than_one("clock", ((row.incident_id, row.clock, row.party, row.cycle) for row in rows.clocks))
    for row in rows.clocks:
        if row.counted_s is not None and row.counted_s < 0:
            yield f"clock {row.clock} of incident {row.incident_id} counted {row.counted_s} s"


def _more_than_one(what: str, keys: Iterable[object]) -> Iterable[str]:
    for key, count in Counter(keys).items():
        if count > 1:
            yield f"{count} times {what} {key}"


def _broken_histories(rows: Rows) -> Iterable[str]:
    """Versions run from 1 without a gap, and an incident opens once."""
    histories: dict[UUID, list[tuple[int, str]]] = defaultdict(list)
    for incident_id, version, kind in rows.facts:
        histories[incident_id].append((version, kind))
    for incident in rows.incidents:
        facts = sorted(histories[incident.id])
        if [version for version, _ in facts] != list(range(1, len(facts) + 1)) or not facts:
            yield f"{incident.dedup_key}: versions of incident {incident.id} are {[version for version, _ in facts]}"
        if sum(kind == "opened" for _, kind in facts) != 1:
            yield f"{incident.dedup_key}: incident {incident.id} opened {sum(kind == 'opened' for _, kind in facts)} times"


def _quarantined(rows: Rows, oracle: Oracle) -> Iterable[str]:
    if rows.quarantined != oracle.quarantined:
        yield f"{rows.quarantined} records were put into quarantine, {oracle.quarantined} should be"


def _repeated(log: Sequence[Received], kills: Sequence[Kill]) -> tuple[Counter[int | None], list[str]]:
    """I8: how many pages came again after which kill (None: after none), and those that nothing explains."""
    arrivals: dict[str, list[Received]] = defaultdict(list)
    for page in log:
        arrivals[page.webhook_id].append(page)
    repeated, unexplained = Counter[int | None](), []
    for webhook_id, pages in arrivals.items():
        for first, again in pairwise(pages):
            kill = _kill_between(first, again, kills)
            repeated[kill] += 1
            if kill is None and first.answered:
                unexplained.append(
                    f"page {webhook_id} came again although its first was answered and nobody was killed"
                )
    return repeated, unexplained


def _kill_between(first: Received, again: Received, kills: Sequence[Kill]) -> int | None:
    """The kill that may have lost the first one's outcome."""
    for number, kill in enumerate(kills):
        if not kill.sends:
            continue
        lost = kill.killed_at - OUTCOME_S <= first.received_at <= kill.killed_at + LATE_S
        if lost and kill.killed_at <= again.received_at:
            return number
    return None


def _too_often(repeated: Mapping[int | None, int], kills: Sequence[Kill]) -> Iterable[str]:
    """At most what was in flight is repeated."""
    for number, kill in enumerate(kills):
        count = repeated.get(number, 0)
        if kill.in_flight is not None and count > kill.in_flight:
            yield f"{count} pages repeated after {kill.how}, {kill.in_flight} were in flight"


# -- nothing to the wrong side ------------------------------------------------------------------------------------


def _foreign_alerts(ledger: Ledger, rows: Rows) -> Iterable[str]:
    tenants = {alert_id: post.tenant for post in ledger.posts for alert_id in post.alert_ids}
    for row in rows.alerts:
        if tenants.get(row.id, row.tenant) != row.tenant:
            yield f"{row.dedup_key}: sent for {tenants[row.id]}, stored for {row.tenant}"


def _is_about_an_incident(page: Received) -> bool:
    """Not a notice of a window or a silence."""
    return page.body.get("kind") != "notice"


def _is_a_first(page: Received) -> bool:
    return page.body["kind"] == "page" and page.body["step"] == 0


def _called(rows: Rows) -> set[str]:
    """Pages of a party that was asked after the responsible one was."""
    responsible = {row.id: row.responsible_party for row in rows.incidents}
    asked: dict[UUID, datetime] = {}
    for row in sorted(rows.pages, key=lambda row: row.planned_at, reverse=True):
        if row.party == responsible.get(row.incident_id):
            asked[row.incident_id] = row.planned_at
    return {
        str(row.page_id) for row in rows.pages if row.incident_id in asked and row.planned_at > asked[row.incident_id]
    }


def _foreign_pages(log: Sequence[Received], rows: Rows, oracle: Oracle) -> Iterable[str]:
    """I4: a page is about an incident there is, of its tenant, to somebody whom that tenant's agreement names.

    The first goes to the responsible party; whose people could not be reached calls the other party, later.
    """
    incidents = {row.id: row for row in rows.incidents}
    called = _called(rows)
    for page in filter(_is_about_an_incident, log):
        said = page.body
        incident = incidents.get(UUID(said["incident_id"]))
        if incident is None:
            yield f"page {page.webhook_id} is about incident {said['incident_id']}, which there is not"
        elif said["tenant"] != incident.tenant:
            yield f"page {page.webhook_id} says {said['tenant']}, its incident is of {incident.tenant}"
        elif page.path not in oracle.people.get(incident.tenant, frozenset()):
            yield f"page {page.webhook_id} of {incident.tenant} went to {page.path}"
        elif said["party"] != incident.responsible_party and _is_a_first(page) and page.webhook_id not in called:
            yield f"page {page.webhook_id} went to party {said['party']}, responsible is {incident.responsible_party}"
