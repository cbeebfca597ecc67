"""The auditor against a receiver over real HTTP: who is told what, and that nobody who hangs keeps it from looking."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import timedelta

import pytest
from standardwebhooks.webhooks import Webhook

from tandem.app.auditor.findings import Finding, Look, Terms, Violation
from tandem.app.auditor.invariants import INVARIANTS
from tandem.app.auditor.receiver import Receiver, alarm_secret, allowing
from tandem.app.auditor.watch import DEEP, SHALLOW, Auditor
from tandem.clock import ManualClock, SystemClock
from tandem.errors import StartFailed
from tandem.guard import Guard
from tandem.http.aiohttp_client import AiohttpClient
from tandem.metrics import Metrics
from tests.support.alarm_receiver import AlarmReceiver, alarm_receiver
from tests.support.pulse import pulse

KEY = bytes(range(32))
SECRET = alarm_secret(KEY)
ATTEMPT_S = 30.0
"""Generous: who answers is heard, however busy the machine is."""
HUNG_S = 0.5
LATE = Finding(1, (Violation("acme", "1", None, "timer clock is due", "restart it"),))


class Database:
    """What a look finds, as a test says."""

    def __init__(self) -> None:
        self.violated: dict[str, Finding] = {}
        self.unanswered: set[str] = set()
        self.asked: list[Terms] = []

    async def look(self, terms: Terms) -> Look:
        self.asked.append(terms)
        findings = {each.name: Finding() for each in INVARIANTS if each.name not in self.unanswered}
        return Look({**findings, **self.violated}, seconds=0.5)


class Scene:
    """An auditor over a database and a receiver."""

    def __init__(
        self, ears: AlarmReceiver, http: AiohttpClient, *, attempt_s: float = ATTEMPT_S, **settings: str | None
    ) -> None:
        self.ears = ears
        self.database = Database()
        # Signatures are checked against the receiver's own clock, which is the machine's.
        self.clock = ManualClock(SystemClock().now())
        self.metrics = Metrics()
        urls = {"alarm_url": ears.alarm_url, "heartbeat_url": ears.heartbeat_url, **settings}
        self.receiver = Receiver(
            http,
            **urls,
            secret=SECRET,
            where="https://tandem.example",
            timeout_s=attempt_s,
            backoff_s=(0.01, 0.01),
        )
        self.auditor = Auditor(
            self.database.look,
            self.receiver,
            clock=self.clock,
            metrics=self.metrics,
            every_s=30.0,
            patience=timedelta(seconds=30),
            budget_s=5.0,
        )

    async def looks(self, **violated: Finding) -> None:
        """Half a minute later the auditor looks and finds this."""
        self.database.violated = violated
        self.clock.advance(timedelta(seconds=30))
        await self.auditor.step()

    def gauge(self, name: str, **labels: str) -> float | None:
        return self.metrics.registry.get_sample_value(name, labels)


@pytest.fixture
async def http() -> AsyncIterator[AiohttpClient]:
    client = AiohttpClient(Guard(allowing(["http://127.0.0.1/"], "127.0.0.1")))
    yield client
    await client.close()


@pytest.fixture
async def scene(http: AiohttpClient) -> AsyncIterator[Scene]:
    async with alarm_receiver() as ears:
        yield Scene(ears, http)


async def test_a_clean_look_pings_and_tells_nothing(scene: Scene):
    await scene.looks()
    await scene.looks()

    assert (len(scene.ears.pings), scene.ears.alarms) == (2, [])


async def test_a_violation_is_told_signed_and_the_ping_is_withheld_until_it_is_over(scene: Scene):
    await scene.looks(late_timers=LATE)
    await scene.looks(late_timers=LATE)
    assert (scene.ears.words, scene.ears.pings) == ([("violated", "late_timers")], [])

    await scene.looks()

    assert scene.ears.words == [("violated", "late_timers"), ("cleared", "late_timers")]
    assert len(scene.ears.pings) == 1
    for message in scene.ears.alarms:
        Webhook(SECRET).verify(message.raw, message.headers)


async def test_the_ping_is_withheld_when_a_question_was_not_answered(scene: Scene):
    scene.database.unanswered = {"double_clock"}

    await scene.looks(auditor_budget=Finding(1))

    assert scene.ears.words == [("violated", "auditor_budget")]
    assert scene.ears.pings == []


async def test_an_alarm_that_is_refused_with_500_is_tried_again_at_once(scene: Scene):
    scene.ears.answers.extend([500, 503])

    await scene.looks(late_timers=LATE)

    assert scene.ears.words == [("violated", "late_timers")]
    assert scene.ears.tried == 3


async def test_an_alarm_that_nobody_takes_comes_again_at_the_next_look(scene: Scene):
    scene.ears.answers.extend([400])
    await scene.looks(late_timers=LATE)
    assert scene.ears.alarms == []

    await scene.looks(late_timers=LATE)

    assert scene.ears.words == [("violated", "late_timers")]


async def test_a_receiver_that_hangs_keeps_the_auditor_only_for_a_bounded_time(http: AiohttpClient):
    async with alarm_receiver() as ears, pulse() as lived:
        scene = Scene(ears, http, attempt_s=HUNG_S)
        ears.hangs = True

        await scene.looks(**{each.name: LATE for each in INVARIANTS})
        await scene.looks()
        took = lived.seconds
        ears.hangs = False
        scene.receiver._timeout_s = ATTEMPT_S
        await scene.looks(late_timers=LATE)

    assert took < 2 * 3 * HUNG_S + 10
    assert ears.words == [("violated", "late_timers")]


async def test_without_urls_it_is_counted_all_the_same(http: AiohttpClient):
    async with alarm_receiver() as ears:
        scene = Scene(ears, http, alarm_url=None, heartbeat_url=None)

        await scene.looks(late_timers=LATE)
        await scene.looks()

        assert (ears.alarms, ears.pings) == ([], [])
        assert scene.gauge("tandem_auditor_violations", invariant="late_timers") == 0


async def test_the_gauges_say_what_was_found_and_when_everything_was_last_answered(scene: Scene):
    await scene.looks(late_timers=LATE)
    first = scene.clock.now()
    assert scene.gauge("tandem_auditor_violations", invariant="late_timers") == 1
    assert scene.gauge("tandem_auditor_violations", invariant="unowned") == 0
    assert scene.gauge("tandem_auditor_last_run_seconds") == first.timestamp()

    scene.database.unanswered = {"late_timers"}
    await scene.looks(auditor_budget=Finding(1))

    assert scene.gauge("tandem_auditor_violations", invariant="auditor_budget") == 1
    assert scene.gauge("tandem_auditor_violations", invariant="late_timers") == 1
    assert scene.gauge("tandem_auditor_last_run_seconds") == first.timestamp()
    assert scene.gauge("tandem_auditor_run_seconds") == 0.5


async def test_it_looks_an_hour_back_mostly_and_a_day_once_an_hour_and_while_something_stands(scene: Scene):
    def reach() -> timedelta:
        terms = scene.database.asked[-1]
        return terms.now - terms.since

    await scene.looks()
    assert reach() == DEEP
    await scene.looks()
    assert reach() == SHALLOW
    await scene.looks(orphan_alerts=Finding(1))
    await scene.looks(orphan_alerts=Finding(1))
    assert reach() == DEEP
    await scene.looks()
    await scene.looks()
    assert reach() == SHALLOW
    scene.clock.advance(timedelta(hours=1))
    await scene.looks(auditor_budget=Finding(1))
    assert reach() == DEEP
    await scene.looks(auditor_budget=Finding(1))
    assert reach() == SHALLOW, "a look that was too slow is not made again at once"


@pytest.mark.parametrize("url", ["alarm.example", "ftp://alarm.example/x", "https://"])
def test_a_url_that_cannot_be_one_stops_the_start(url: str):
    with pytest.raises(StartFailed, match="TANDEM_ALARM_URL"):
        allowing([url], "")


def test_the_operators_own_addresses_may_be_private_and_no_others():
    egress = allowing(["http://10.0.0.5:9000/hook", None, "http://[fd00::1]/x"], "")

    assert egress.verdict("10.0.0.5", ["10.0.0.5"], 9000, plain=True) is None
    assert egress.verdict("fd00::1", ["fd00::1"], 80, plain=True) is None
    assert egress.verdict("10.0.0.5", ["10.0.0.5"], 22, plain=True) is not None
    assert egress.verdict("10.0.0.6", ["10.0.0.6"], 9000, plain=True) is not None


@pytest.mark.parametrize("chosen", ["secret", "whsec_", "whsec_not base64"])
def test_a_secret_that_cannot_sign_stops_the_start(chosen: str):
    with pytest.raises(StartFailed, match="TANDEM_ALARM_SECRET"):
        alarm_secret(KEY, chosen)


def test_every_instance_has_its_own_secret():
    assert alarm_secret(KEY) != alarm_secret(KEY[::-1])
