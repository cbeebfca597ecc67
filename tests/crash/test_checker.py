"""The checker of the crash tests finds every violation it is there for; one that never failed would prove nothing."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from uuid import UUID

import pytest

from tests.support.checker import (
    AlertRow,
    ClockRow,
    Findings,
    IncidentRow,
    Oracle,
    PageRow,
    Rows,
    check,
)
from tests.support.ledger import Ledger, Outcome, Post, Try
from tests.support.pager_provider import Received
from tests.support.served import Kill

ALERT, OTHER_ALERT, INCIDENT, OTHER_INCIDENT, PAGE, CALLED = (UUID(int=number) for number in range(1, 7))
ORACLE = Oracle(clocks=frozenset({"response"}), people={"acme": frozenset({"ada"}), "other": frozenset({"bob"})})
PLANNED_AT = datetime(2026, 12, 1, 9, 0, tzinfo=UTC)
SENT_AT = 1_000_000.0
"""Far from a boundary of ten minutes."""
KILL = Kill(100.0, "kill -9 of the process", in_flight=1)


@dataclass
class Story:
    """One alert that went all the way as it should; a test spoils one thing."""

    ledger: Ledger
    log: list[Received]
    rows: Rows
    kills: list[Kill]

    @property
    def post(self) -> Post:
        return self.ledger.posts[0]

    def check(self) -> Findings:
        return check(self.ledger, self.log, self.rows, self.kills, ORACLE)


def accepted(alert_id: UUID) -> Try:
    return Try(SENT_AT + 1, SENT_AT + 2, Outcome.ACCEPTED, 202, (alert_id,))


def page(**fields) -> Received:
    said = {
        "incident_id": str(INCIDENT),
        "tenant": "acme",
        "kind": "page",
        "step": 0,
        "party": "internal",
        **fields.pop("body", {}),
    }
    return Received(**{"received_at": 10.0, "path": "ada", "webhook_id": str(PAGE), "body": said, **fields})


def told(**fields) -> Received:
    return page(webhook_id="told", body={"kind": "told", "party": "msp"}, **fields)


@pytest.fixture
def story() -> Story:
    tries = [Try(SENT_AT, SENT_AT, Outcome.UNKNOWN), accepted(ALERT)]
    post = Post("acme", "/v1/alerts/rmm", {}, b"{}", "disk", tries=tries)
    rows = Rows(
        alerts=[AlertRow(ALERT, "acme", "disk", INCIDENT)],
        decisions=[ALERT],
        incidents=[IncidentRow(INCIDENT, "acme", "disk", "P2", "internal")],
        facts=[(INCIDENT, 1, "opened"), (INCIDENT, 2, "acknowledged")],
        clocks=[ClockRow(INCIDENT, "response", "internal", 1, 3.0)],
        pages=[PageRow(PAGE, "acme", INCIDENT, "delivered", "internal", PLANNED_AT)],
        deliveries=[PAGE],
    )
    return Story(Ledger([post]), [page(), told()], rows, [])


def test_a_story_that_went_well_has_no_findings(story: Story):
    assert story.check() == Findings(violations=[], lost=0, doubled=0, repeated=0, by_kill=[])


def change(**fields) -> Callable[[Story], None]:
    """A story whose rows are others."""

    def spoil(story: Story) -> None:
        story.rows = replace(story.rows, **{name: make(getattr(story.rows, name)) for name, make in fields.items()})

    return spoil


def none(_rows):
    return []


def twice(rows):
    return [*rows, *rows]


def log(*pages: Received) -> Callable[[Story], None]:
    def spoil(story: Story) -> None:
        story.log = list(pages)

    return spoil


def never_accepted(story: Story) -> None:
    del story.post.tries[1]
    story.rows, story.log = Rows(), []


def two_ids_for_one_delivery(story: Story) -> None:
    story.post.tries.append(accepted(OTHER_ALERT))
    change(alerts=lambda rows: [*rows, replace(rows[0], id=OTHER_ALERT)], decisions=lambda ids: [*ids, OTHER_ALERT])(
        story
    )


def repeated_long_before_the_kill(story: Story) -> None:
    story.kills = [KILL]
    story.log = [page(received_at=50.0), page(received_at=101.0)]


def repeated_without_a_kill(story: Story) -> None:
    story.kills = [KILL]
    story.log = [page(received_at=101.5), page(received_at=102.0)]


def repeated_when_another_service_was_killed(story: Story) -> None:
    story.kills = [replace(KILL, how="kill -9 of router-1", sends=False)]
    story.log = [page(received_at=99.9), page(received_at=101.0)]


def more_repeated_than_in_flight(story: Story) -> None:
    story.kills = [KILL]
    two = [page(), page(webhook_id="other")]
    story.log = [replace(each, received_at=at) for at in (99.9, 101.0) for each in two]


def called_after(waited: timedelta) -> Callable[[Story], None]:
    """The other party gets a page as well, so long after the responsible one was asked."""

    def spoil(story: Story) -> None:
        called = PageRow(CALLED, "acme", INCIDENT, "delivered", "msp", PLANNED_AT + waited)
        story.rows = replace(story.rows, pages=[*story.rows.pages, called], deliveries=[PAGE, CALLED])
        story.log.append(page(webhook_id=str(CALLED), body={"party": "msp"}))

    return spoil


LOST = {
    "an accepted alert that is not there": change(alerts=none, decisions=none),
    "an alert without a decision": change(decisions=none),
    "an alert without an incident": change(incidents=none, facts=none, clocks=none, pages=none),
    "an incident that nobody was paged about": log(),
    "a delivered page that never arrived": log(told()),
}
DOUBLED = {
    "an alert twice": change(alerts=twice),
    "a decision twice": change(decisions=twice),
    "one delivery as two alerts": two_ids_for_one_delivery,
    "an alert that nobody sent": change(alerts=lambda rows: [*rows, AlertRow(OTHER_ALERT, "acme", "disk", INCIDENT)]),
    "two incidents of one condition": change(
        incidents=lambda rows: [*rows, replace(rows[0], id=OTHER_INCIDENT)],
        facts=lambda rows: [*rows, (OTHER_INCIDENT, 1, "opened")],
        clocks=lambda rows: [*rows, replace(rows[0], incident_id=OTHER_INCIDENT)],
    ),
    "an incident without an alert": change(incidents=lambda rows: [*rows, replace(rows[0], dedup_key="")]),
    "a clock twice": change(clocks=twice),
    "a clock that ran backwards": change(clocks=lambda rows: [replace(rows[0], counted_s=-1.0)]),
    "a delivery recorded twice": change(deliveries=twice),
}
OTHERS = {
    "a post that was never accepted": never_accepted,
    "a record in quarantine": change(quarantined=lambda count: count + 1),
    "a gap in an incident's history": change(facts=lambda facts: [facts[0], (INCIDENT, 3, "resolved")]),
    "an incident that opened twice": change(facts=lambda facts: [*facts, (INCIDENT, 3, "opened")]),
    "an incident without its clock": change(clocks=none),
    "an alert stored for another client": change(alerts=lambda rows: [replace(rows[0], tenant="other")]),
    "a page about no incident": log(page(), page(webhook_id="lost", body={"incident_id": str(OTHER_INCIDENT)})),
    "a page that names another client": log(page(body={"tenant": "other"})),
    "a page to another client's person": log(page(path="bob")),
    "a page to the party that is not responsible": log(page(body={"party": "msp"})),
    "a page to both parties at once": called_after(timedelta()),
    "a page that came again for no reason": log(page(), page(received_at=11.0)),
    "a page repeated whose outcome no kill has lost": repeated_long_before_the_kill,
    "a page repeated after the kill was over": repeated_without_a_kill,
    "a page repeated by the kill of a service that sends none": repeated_when_another_service_was_killed,
    "more pages repeated than were in flight": more_repeated_than_in_flight,
}


@pytest.mark.parametrize("spoil", LOST.values(), ids=LOST.keys())
def test_what_is_lost_is_found(story: Story, spoil: Callable[[Story], None]):
    spoil(story)

    findings = story.check()

    assert findings.violations
    assert findings.lost


@pytest.mark.parametrize("spoil", DOUBLED.values(), ids=DOUBLED.keys())
def test_what_is_doubled_is_found(story: Story, spoil: Callable[[Story], None]):
    spoil(story)

    findings = story.check()

    assert findings.violations
    assert findings.doubled


@pytest.mark.parametrize("spoil", OTHERS.values(), ids=OTHERS.keys())
def test_every_other_violation_is_found(story: Story, spoil: Callable[[Story], None]):
    spoil(story)

    assert story.check().violations


def test_a_spoilt_record_belongs_in_quarantine(story: Story):
    wanted = replace(ORACLE, quarantined=1)

    assert check(story.ledger, story.log, story.rows, story.kills, wanted).violations
    story.rows = replace(story.rows, quarantined=1)
    assert check(story.ledger, story.log, story.rows, story.kills, wanted).violations == []


def test_the_other_party_may_be_called_once_the_responsible_one_was_asked(story: Story):
    called_after(timedelta(seconds=90))(story)

    assert story.check().violations == []


def test_a_page_in_flight_at_a_kill_may_come_again_once(story: Story):
    story.kills = [KILL]
    story.log = [page(received_at=99.9), page(received_at=103.0)]

    findings = story.check()

    assert findings.violations == []
    assert (findings.repeated, findings.by_kill) == (1, [(1, 1)])


def test_a_page_whose_answer_was_lost_may_come_again(story: Story):
    story.log = [page(answered=False), page(received_at=11.0)]

    assert story.check().violations == []


def test_without_a_delivery_id_a_retry_past_the_window_may_be_a_second_alert_of_the_same_incident(story: Story):
    two_ids_for_one_delivery(story)
    story.post.own_id = False
    story.post.tries[-1].ended_at = SENT_AT + 600

    assert story.check().violations == []


def test_the_window_of_a_retry_is_one_of_the_clock_that_ingest_has(story: Story):
    two_ids_for_one_delivery(story)
    story.post.own_id = False
    for each in story.post.tries:
        each.intended_at = each.ended_at = 1_200.0
    story.post.tries[-1].ended_at = 1_220.0
    assert story.check().violations

    story.post.ahead_s = 590.0

    assert story.check().violations == []


def test_an_intent_is_written_before_its_outcome_is_known():
    post = Post("acme", "/v1/alerts/rmm", {}, b"{}", "disk")

    intent = post.intend()

    assert intent.outcome is None
    assert abs(intent.intended_at - time.time()) < 60
    assert not post.accepted
