"""What holds an alert back, what passes, and that nothing is ever lost by it."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import pytest
from hypothesis import event, given, settings
from hypothesis import strategies as st

from tandem.agreement.compile import compile_agreement
from tandem.agreement.compiled import Agreement
from tandem.agreement.load import load_provider, load_tenant
from tandem.bus.plan import DueTimer
from tandem.model.alert import Alert, AlertStatus, Kind, Severity
from tandem.model.incident import Incident, IncidentState
from tandem.model.suppression import HoldOutcome, SuppressionKind
from tandem_router.batch import Batch, Loaded
from tandem_router.decide import Situation, decide
from tandem_router.explain import explain
from tandem_router.grouping import condition_of
from tandem_router.held import HELD, LET_GO, LOOK_AGAIN, Held
from tandem_router.routing import Routing
from tandem_router.service import new_incident_id
from tests.unit.router.world import NOON, PROVIDER, TENANT, Book, alert, clear

MINUTE, HOUR = timedelta(minutes=1), timedelta(hours=1)
LUNCH = "maintenance: [{id: lunch, name: Lunch, weekly: [{days: mon-sun, from: '11:00', to: '13:00'}], reason: Patches, owner: ann, SCOPE}]"


def with_sections(*sections: str, depends_on: dict[str, str] | None = None) -> Agreement:
    """The router's example with further sections; ``depends_on``: asset -> what it cannot be reached without."""
    text = TENANT.replace("KIND", "co-managed")
    for asset, above in (depends_on or {}).items():
        text = text.replace(f"{{id: {asset},", f"{{id: {asset}, depends_on: [{above}],")
    return compile_agreement(load_tenant(text + "\n" + "\n".join(sections)), load_provider(PROVIDER), version=1)


def window(scope: str = "everything: true") -> str:
    return LUNCH.replace("SCOPE", scope)


def decided(agreement: Agreement, one: Alert, *others: Incident) -> Routing:
    return decide(one, agreement, Situation(others=others), NOON)


def suppression(routing: Routing) -> dict[str, Any]:
    """That step of the trace."""
    step = routing.trace["suppression"]
    assert isinstance(step, dict)
    return step


def opened(agreement: Agreement, one: Alert) -> Incident:
    batch = Batch(Loaded(), Book(agreement), one.received_at, new_incident_id)
    batch.take_alert(one)
    (incident,) = batch.incidents.values()
    return incident


@pytest.mark.parametrize(
    ("scope", "holds"),
    [
        ("site: hq", True),
        ("site: [branch, HQ]", True),
        ("site: branch", False),
        ("asset: fs1", True),
        ("function: storage", True),
        ("function: storage, site: hq", True),
        ("function: network, site: hq", False),
        ("kind: rmm", True),
        ("kind: backup", False),
        ("vendor: generic", True),
        ("integration: rmm", True),
        ("integration: other", False),
        ("category: lan", False),
    ],
)
def test_a_window_holds_what_its_whole_scope_names(scope: str, holds: bool):
    routing = decided(with_sections(window(scope)), alert("Disk full on fs1", host="fs1"))

    assert (routing.hold is not None) == holds


def test_what_holds_it_is_in_the_reasons_and_the_trace():
    routing = decided(with_sections(window("site: hq")), alert("Disk full on fs1", host="fs1"))

    assert routing.hold is not None
    assert (routing.hold.kind, routing.hold.by, routing.hold.until) == (SuppressionKind.WINDOW, "lunch", NOON + HOUR)
    assert routing.because[-1] == "held by window lunch (Patches, ann) until 2026-11-17 18:00 UTC"
    assert suppression(routing)["by"] == "lunch"


@pytest.mark.parametrize(
    ("one", "who"),
    [
        (alert("internet down", severity=Severity.CRITICAL), "a P1"),
        (alert("odd sign-in", kind=Kind.SIEM, severity=Severity.HIGH), "a high security finding"),
        (alert("odd sign-in", kind=Kind.SIEM, severity=Severity.LOW), "what the security track handles"),
    ],
)
def test_p1_and_security_pass_and_say_so_unless_both_consented(one: Alert, who: str):
    passed = decided(with_sections(window()), one)
    held = decided(with_sections(window("everything: true, allow_suppress_p1: true")), one)

    assert passed.hold is None
    assert f"window lunch holds it, but {who} passes" in passed.because
    assert suppression(passed)["passed"]
    assert held.hold is not None


def test_a_test_and_a_clear_are_never_held():
    agreement = with_sections(window())

    assert decided(agreement, alert("Disk full", test=True)).hold is None
    assert decided(agreement, alert("Disk full", status=AlertStatus.RESOLVED)).hold is None


def test_of_two_windows_the_one_that_ends_last_holds():
    late = "{id: late, name: Late, weekly: [{days: mon-sun, from: '12:00', to: '15:00'}], reason: x, owner: ann, everything: true}"
    two = f"{window().rstrip(']')}, {late}]"

    routing = decided(with_sections(two), alert("Disk full"))

    assert routing.hold is not None
    assert routing.hold.by == "late"


INHIBIT = "inhibit: [{id: lan, source: {function: network, class: outage}, target: {function: storage}, equal: [site]}]"


@pytest.mark.parametrize(("host", "muted"), [("sw10", True), ("sw20", False)])
def test_an_inhibition_needs_its_source_open_and_the_same_site(host: str, muted: bool):
    agreement = with_sections(INHIBIT)
    source = opened(agreement, alert("switch down", host=host))
    disk = alert("Disk full on fs1", host="fs1")

    assert (decided(agreement, disk, source).hold is not None) == muted
    assert decided(agreement, disk).hold is None


def test_an_outage_above_explains_what_depends_on_it_while_it_lasts():
    agreement = with_sections(depends_on={"fs1": "sw10"})
    outage = opened(agreement, alert("switch down", host="sw10"))
    disk = alert("Disk full on fs1", host="fs1")

    hold = decided(agreement, disk, outage).hold

    assert hold is not None
    assert (hold.kind, hold.by, hold.parent) == (SuppressionKind.PARENT, "sw10", outage.incident_id)
    assert decided(agreement, disk, opened(agreement, alert("Disk full on sw10", host="sw10"))).hold is None
    assert decided(agreement, alert("Disk full", host="sw11"), outage).hold is None


def test_explain_says_that_it_would_be_held():
    said, body = explain(with_sections(window()), {"title": "Disk full on fs1", "host": "fs1"}, NOON)

    assert said.startswith("Held until 2026-11-17 18:00 UTC by window lunch")
    assert body["held"]["by"] == "lunch"


# -- nothing is lost ----------------------------------------------------------------------------------------------------


@dataclass
class Ledger:
    """The router over time without a database: what a store would keep, and timers that run when they are due."""

    agreement: Agreement
    now: datetime
    incidents: dict[UUID, Incident] = field(default_factory=dict)
    members: dict[tuple[str, str], UUID] = field(default_factory=dict)
    holds: dict[UUID, Held] = field(default_factory=dict)
    timers: dict[str, datetime] = field(default_factory=dict)
    seen: set[UUID] = field(default_factory=set)
    outcomes: dict[UUID, str] = field(default_factory=dict)
    first: dict[str, datetime] = field(default_factory=dict)

    def take(self, one: Alert) -> None:
        batch = self._batch()
        batch.take_alert(one)
        self._keep(batch)

    def until(self, at: datetime) -> None:
        """Run what is due, in order."""
        while due := [(when, key) for key, when in self.timers.items() if when <= at]:
            when, key = min(due)
            self.now = max(self.now, when)
            del self.timers[key]
            kind, _, name = key.partition(" ")
            batch = self._batch(key=name if kind == LET_GO else None)
            batch.take_timer(DueTimer("acme", name, kind, when))
            self._keep(batch)
        self.now = at

    def _batch(self, key: str | None = None) -> Batch:
        waiting = {held.key: held for held in self.holds.values() if held.outcome is None}
        loaded = Loaded(
            incidents=list(self.incidents.values()), members=dict(self.members), seen=set(self.seen),
            numbers={"acme": len(self.incidents)}, held=waiting,
        )  # fmt: skip
        if key is not None:
            loaded.let_go[key] = tuple(h.held_id for h in waiting.values() if f"incident:{h.parent}" == key)
        return Batch(loaded, Book(self.agreement), self.now, new_incident_id)

    def _keep(self, batch: Batch) -> None:
        for made in batch.decided:
            self.seen.add(made.alert.alert_id)
            self.outcomes[made.alert.alert_id] = made.outcome
        self.members |= batch.joined
        for held in batch.holds.changed.values():
            self.holds[held.held_id] = held
            if held.outcome is None:
                self.timers[f"{HELD} {held.held_id}"] = held.until or self.now + LOOK_AGAIN
            else:
                self.timers.pop(f"{HELD} {held.held_id}", None)
        for over in batch.ended_holders():
            self.timers[f"{LET_GO} incident:{over.incident_id}"] = self.now
        self.incidents = dict(batch.incidents)
        for incident in self.incidents.values():
            if incident.hold_until is not None:
                self.timers[f"hold_down {incident.incident_id}"] = incident.hold_until


TITLES = st.sampled_from(["Disk full on fs1", "mail slow", "switch port", "space low", "erp down", "internet down"])
HOSTS = st.sampled_from([None, "fs1", "sw10", "sw20", "crm", "db1"])
STEPS = st.lists(
    st.tuples(
        TITLES,
        HOSTS,
        st.sampled_from(list(Severity)),
        st.sampled_from(["fires", "fires", "clears"]),
        st.integers(0, 90),
    ),
    min_size=1,
    max_size=14,
)
CLOCKS = st.integers(0, 23).map(lambda hour: f"{hour:02d}:00")
WINDOWS = st.lists(
    st.tuples(CLOCKS, CLOCKS, st.sampled_from(["everything: true", "site: hq", "function: storage", "asset: [fs1, sw10]", "everything: true, allow_suppress_p1: true"])),
    max_size=3,
)  # fmt: skip


def sections(windows: list[tuple[str, str, str]]) -> str:
    made = (
        f"{{id: w{number}, name: W, weekly: [{{days: mon-sun, from: '{start}', to: '{end}'}}], reason: x, owner: ann, {scope}}}"
        for number, (start, end, scope) in enumerate(windows)
    )
    return f"maintenance: [{', '.join(made)}]"


@settings(max_examples=150, deadline=None)
@given(windows=WINDOWS, steps=STEPS, related=st.booleans())
def test_whatever_is_held_gets_one_outcome_and_what_still_fires_is_somebodys(windows, steps, related):
    more = [INHIBIT] if related else []
    agreement = with_sections(sections(windows), *more, depends_on={"fs1": "sw10", "crm": "db1"} if related else None)
    ledger = Ledger(agreement, datetime(2026, 11, 17, 5, tzinfo=UTC))
    firing: dict[str, Alert] = {}
    onset: dict[str, datetime] = {}

    for title, host, severity, what, minutes in steps:
        ledger.until(ledger.now + timedelta(minutes=minutes))
        name = f"{title} {host}"
        one = alert(name, ledger.now, host=host, severity=severity, occurred_at=ledger.now)
        if what == "clears":
            one = clear(one, ledger.now)
            firing.pop(condition_of(one), None)
            onset.pop(condition_of(one), None)
        else:
            firing[condition_of(one)] = one
            onset.setdefault(condition_of(one), ledger.now)
        ledger.take(one)
        held_or_open(ledger, firing)
    for _ in range(4):
        held_or_open(ledger, firing)
        ledger.until(ledger.now + timedelta(hours=13))

    holds = list(ledger.holds.values())
    for h in holds:
        event(f"{h.kind.value} {h.outcome}")
    counted = {outcome: [h for h in holds if h.outcome is outcome] for outcome in (*HoldOutcome, None)}
    assert sum(len(found) for found in counted.values()) == len(holds)
    assert all(h.outcome_at is not None and h.outcome_at >= h.since for h in holds if h.outcome is not None)
    assert sum(h.count for h in holds) == list(ledger.outcomes.values()).count("held")
    for h in counted[HoldOutcome.RELEASED]:
        assert h.incident_id is not None
        incident = ledger.incidents[h.incident_id]
        assert incident.cycle > 1 or incident.occurred_at <= h.first_since
    for h in holds:
        assert (h.incident_id is not None) == (h.outcome in {HoldOutcome.RELEASED, HoldOutcome.MERGED})


def held_or_open(ledger: Ledger, firing: dict[str, Alert]) -> None:
    """Every condition that fires waits in exactly one hold, or is known to an incident that is not resolved."""
    waiting = [held.condition for held in ledger.holds.values() if held.outcome is None]
    assert len(waiting) == len(set(waiting))
    known = {
        condition
        for incident in ledger.incidents.values()
        if incident.state is not IncidentState.RESOLVED
        for condition in incident.firing
    }
    for condition in firing:
        assert (condition in waiting) != (condition in known), condition
    assert set(waiting) | known <= set(firing) | known
    assert set(waiting) <= set(firing)
