"""Pages: one message to one person on one channel, as a value, and the page events of a batch (interfaces.md 6).

Pure. Who is paged is decided in ``escalation.py`` and ``telling.py``; how a page looks is ``render.py``'s.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

import msgspec

from tandem.agreement.compiled import Agreement
from tandem.model.events import PageEvent, PageEventKind
from tandem.model.ownership import Party, Track
from tandem.model.priority import Priority
from tandem_notifier.brief import Brief
from tandem_notifier.urgency import Urgency, urgency_of
from tandem_notifier.wants import Noted, Wanted, Wants

PAGE_DEADLINE = timedelta(minutes=30)
"""Attempts at a page end then; the escalation has long gone on (``backoff.OVERDUE``)."""
TOLD_DEADLINE = timedelta(hours=24)
LEASE = timedelta(seconds=15)
"""How long one boot may take for an attempt: the channel's ten seconds, a short queue and the write of its outcome."""
PLANNED, SENDING, WOULD_HAVE_PAGED = "planned", "sending", "would_have_paged"


@dataclass(frozen=True, slots=True, kw_only=True)
class Page:
    """One page. ``page_id`` is its idempotency key and never changes over attempts."""

    page_id: UUID
    tenant: str
    incident_id: UUID
    cycle: int
    party: Party
    """Whose path run it belongs to."""
    answers_for: Party
    """The person's own party: on whose behalf they acknowledge."""
    track: Track
    person: str
    key: str
    """The channel, numbered when a person has two of a kind."""
    channel: str
    target: str
    """Where to: a URL or a mail address."""
    path: str
    pass_: int
    step: int
    told: bool
    """Needs no answer and carries no acknowledge link."""
    urgency: Urgency
    """As the incident was when the page was planned."""
    state: str
    attempt: int
    """Of the attempt being made, from 1."""
    late: bool
    """The escalation has already gone on because this page took too long."""
    planned_at: datetime
    deadline_at: datetime
    leased_until: datetime | None
    alert_at: datetime | None
    """When the alert was accepted, on the first page of an incident's track only."""
    reason: str
    content: bytes
    """The body as JSON, without what differs between attempts and without the acknowledge link."""


def pages_of(wants: Wants, now: datetime, incident_url: str) -> Iterator[Page]:
    """The pages a case wants, born sending (or as would-have-paged in observe mode and tests)."""
    brief = wants.case.brief
    for wanted in wants.pages.values():
        yield _page(brief.on(wanted.track), wanted, wants.agreement, now, incident_url)


def events_of(wants: Wants, pages: list[Page], now: datetime) -> Iterator[PageEvent]:
    """Page events of a case: its new pages, then gaps, exhausted paths and acknowledgements."""
    brief = wants.case.brief
    for page in pages:
        quiet = page.state == WOULD_HAVE_PAGED
        yield event_of(
            page, PageEventKind.WOULD_HAVE_PAGED if quiet else PageEventKind.PLANNED, now, page.reason or None
        )
    for note in wants.notes:
        yield _noted(brief, note, now)


def event_of(page: Page, kind: PageEventKind, at: datetime, reason: str | None = None) -> PageEvent:
    """A page event about ``page``."""
    return PageEvent(
        tenant=page.tenant,
        incident_id=page.incident_id,
        page_id=page.page_id,
        kind=kind,
        at=at,
        party=page.party,
        track=page.track,
        person=page.person,
        channel=page.channel,
        path=page.path,
        step=page.step,
        attempt=page.attempt if kind is not PageEventKind.WOULD_HAVE_PAGED else 0,
        reason=reason,
    )


def _noted(brief: Brief, note: Noted, at: datetime) -> PageEvent:
    sent = note.sent
    return PageEvent(
        tenant=brief.tenant,
        incident_id=brief.incident_id,
        page_id=sent.page_id if sent else None,
        kind=note.kind,
        at=at,
        party=note.party,
        track=note.track,
        person=sent.person if sent else None,
        channel=sent.channel if sent else None,
        path=note.path,
        step=note.step,
        reason=note.reason,
    )


def _page(brief: Brief, wanted: Wanted, agreement: Agreement, now: datetime, incident_url: str) -> Page:
    sent = wanted.sent
    person = agreement.people.get(sent.person)
    first = not wanted.told and sent.step == 0 and sent.pass_ == 0 and brief.cycle == 1
    return Page(
        page_id=sent.page_id,
        tenant=brief.tenant,
        incident_id=brief.incident_id,
        cycle=brief.cycle,
        party=wanted.party,
        answers_for=person.party if person else wanted.party,
        track=wanted.track,
        person=sent.person,
        key=sent.channel,
        channel=wanted.contact.channel,
        target=wanted.contact.to,
        path=sent.path,
        pass_=sent.pass_,
        step=sent.step,
        told=wanted.told,
        urgency=urgency_of(brief.urgency, told=wanted.told),
        state=WOULD_HAVE_PAGED if brief.quiet else SENDING,
        attempt=1,
        late=False,
        planned_at=now,
        deadline_at=now + (TOLD_DEADLINE if wanted.told else PAGE_DEADLINE),
        leased_until=now + LEASE,
        alert_at=brief.asked_at if first else None,
        reason=wanted.reason,
        content=msgspec.json.encode(_content(brief, wanted, agreement, incident_url)),
    )


def _content(brief: Brief, wanted: Wanted, agreement: Agreement, incident_url: str) -> dict[str, object]:
    """The body of interfaces.md section 6; ``render.py`` adds ``attempt`` and ``ack_url``."""
    person = agreement.people.get(wanted.sent.person)
    is_p1 = brief.priority is Priority.P1
    return {
        "page_id": wanted.sent.page_id,
        "kind": "told" if wanted.told else "page",
        "incident_id": brief.incident_id,
        "number": brief.number,
        "alert_ids": brief.alert_ids,
        "tenant": brief.tenant,
        "tenant_name": agreement.tenant.name,
        "party": wanted.party,
        "track": brief.track,
        "person": wanted.sent.person,
        "person_name": person.name if person else wanted.sent.person,
        "path": wanted.sent.path,
        "pass": wanted.sent.pass_,
        "step": wanted.sent.step,
        "title": brief.title,
        "priority": brief.priority,
        "state": brief.state,
        "owner": brief.owner,
        "responsible_party": brief.responsible_party,
        "function": brief.function,
        "site": brief.site,
        "host": brief.host,
        "detected_at": brief.detected_at,
        "reason": wanted.reason,
        "because": brief.because,
        "runbook": brief.runbook,
        "approval": brief.approval,
        "accountable": _name(agreement, brief.accountable.get(brief.responsible_party)),
        "public_communications": _name(agreement, brief.public_communications if is_p1 else None),
        "agreement_version": brief.agreement_version,
        "incident_url": f"{incident_url}/incidents/{brief.incident_id}",
    }


def _name(agreement: Agreement, person: str | None) -> str | None:
    """A person's name for people; the id of one the agreement does not know."""
    known = agreement.people.get(person or "")
    return known.name if known is not None else person
