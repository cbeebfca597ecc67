"""The notifier as a stage of the pipeline: loads cases, folds the batch, and hands new pages to the sender.

Wiring only. ``batch.py`` decides, ``store/`` knows the SQL, ``sender.py`` sends.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Protocol
from uuid import UUID

from tandem.agreement.compiled import Agreement
from tandem.bus.plan import Inbox, Plan
from tandem.bus.topics import INCIDENTS, PAGES, SLA, SUPPRESSIONS, URGENT, Topic, incident_key
from tandem.model.events import IncidentEvent, SlaEvent
from tandem.model.priority import Priority
from tandem.model.suppression import SuppressionEvent
from tandem_notifier.batch import Batch, matters
from tandem_notifier.case import Case
from tandem_notifier.opening import OPENING
from tandem_notifier.paging import SENDING, Page
from tandem_notifier.store import cases as stored
from tandem_notifier.store.pages import put_page
from tandem_notifier.suppressions import notices, worth_telling


class Book(Protocol):
    """Agreements at run time; ``tandem.policy.book.AgreementBook`` is one."""

    async def ensure(self, pairs: Iterable[tuple[str, int | None]]) -> None:
        """Have these versions ready."""
        ...

    def at(self, tenant: str, version: int) -> Agreement:
        """A version that ``ensure`` made ready."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class NotifierSettings:
    """What the stage needs to know of its process."""

    boot: str
    """This start of this process; pages are born leased to it."""
    public_url: str
    """Console address in links, without a trailing slash."""
    trusts_version_one: bool = True
    """A first version was never seen before, so nothing is read for it. False where the bus may deliver twice."""


State = dict[UUID, Case]


class Notifier:
    """See ``tandem.bus.plan.Stage``."""

    group = "notifier"
    inputs: tuple[Topic, ...] = (URGENT, INCIDENTS, SLA, SUPPRESSIONS)
    timer_schema: str | None = "notifier"

    def __init__(self, book: Book, settings: NotifierSettings, *, send: Callable[[list[Page]], None]) -> None:
        """``send`` takes pages right after their commit; it must not wait and may drop what it has no room for."""
        self._book = book
        self._settings = settings
        self._send = send

    async def load(self, connection: Any, inbox: Inbox, now: datetime) -> State:  # noqa: ANN401, ARG002 - the port's
        """The cases the batch is about, locked; brand-new incidents need none and cost no statement."""
        wanted = self._wanted(inbox)
        opening = {timer.tenant for timer in inbox.timers if timer.kind == OPENING}
        if opening:
            wanted |= set(await stored.load_nights(connection, opening))
        texts = await stored.load(connection, wanted) if wanted else []
        cases = [stored.read_case(text) for text in texts]
        events = [payload for payload in inbox.payloads if isinstance(payload, IncidentEvent)]
        pairs = {(event.incident.tenant, event.incident.agreement_version) for event in events}
        pairs |= {(case.brief.tenant, case.brief.agreement_version) for case in cases}
        notices = [payload for payload in inbox.payloads if isinstance(payload, SuppressionEvent)]
        pairs |= {(event.tenant, event.agreement_version) for event in notices}
        await self._book.ensure(pairs)
        return {case.brief.incident_id: case for case in cases}

    def plan(self, inbox: Inbox, state: State, now: datetime) -> Plan:
        """Facts first, then timers: an acknowledgement that is in the batch stops the step that is due."""
        batch = Batch(state, self._book.at, self._settings.public_url, now)
        for payload in inbox.payloads:
            if isinstance(payload, IncidentEvent):
                batch.on_incident(payload)
            elif isinstance(payload, SlaEvent):
                batch.on_sla(payload)
        for timer in inbox.timers:
            batch.on_timer(timer)
        plan = self._plan_of(batch, now)
        self._tell(plan, inbox, now)
        return plan

    def _tell(self, plan: Plan, inbox: Inbox, now: datetime) -> None:
        """Windows and silences, to both parties' teams."""
        events = [payload for payload in inbox.payloads if isinstance(payload, SuppressionEvent)]
        for event in worth_telling(events):
            agreement = self._book.at(event.tenant, event.agreement_version)
            for page in notices(event, agreement, now, self._settings.public_url):
                put_page(plan.writes, page, boot=self._settings.boot)

    def committed(self, plan: Plan) -> None:
        """The pages are durable: send them now."""
        if plan.after:
            self._send(plan.after)

    def _plan_of(self, batch: Batch, now: datetime) -> Plan:
        plan = Plan()
        for incident_id, outcome in batch.outcomes.items():
            stored.put_outcome(plan.writes, outcome, boot=self._settings.boot, now=now)
            key = incident_key(outcome.case.brief.tenant, incident_id)
            for event in outcome.events:
                plan.publish(PAGES, key, event)
            plan.after.extend(page for page in outcome.pages if page.state == SENDING)
            for due_at in (outcome.next_due, outcome.opens_at):
                if due_at is not None:
                    plan.expect_timer(due_at)
        for tenant, due_at in batch.to_look_again.items():
            stored.put_opening(plan.writes, tenant, due_at)
            plan.expect_timer(due_at)
        for page in batch.lists:
            put_page(plan.writes, page, boot=self._settings.boot)
            plan.after.extend([page] if page.state == SENDING else [])
        return plan

    def _wanted(self, inbox: Inbox) -> set[UUID]:
        """Incidents that may have a case.

        A P1's opening comes twice, once on ``urgent``: where only one is at hand, the other may have been worked on.
        """
        new: set[UUID] = set()
        openings = Counter(event.incident.incident_id for event in inbox.payloads if _opens_p1(event))
        wanted = {UUID(timer.key) for timer in inbox.timers if timer.kind != OPENING}
        for payload in inbox.payloads:
            if isinstance(payload, IncidentEvent):
                incident = payload.incident
                first = incident.version == 1 and self._settings.trusts_version_one
                half = openings[incident.incident_id] == 1
                (new if first and not half else wanted).add(incident.incident_id)
            elif isinstance(payload, SlaEvent) and matters(payload):
                wanted.add(payload.clock.incident_id)
        return wanted - new


def _opens_p1(payload: object) -> bool:
    """What ``urgent`` holds a copy of."""
    if not isinstance(payload, IncidentEvent):
        return False
    return payload.incident.version == 1 and payload.incident.priority is Priority.P1
