"""Notices: what is told to a party's team and belongs to no incident; no answer is asked for. Pure.

A notice travels as a page that is only told; ``render.py`` says how it looks.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

import msgspec

from tandem.agreement.compiled import Agreement
from tandem.agreement.schema.people import Contact
from tandem.model.ownership import Party, Track
from tandem_notifier.paging import PLANNED, TOLD_DEADLINE, Page
from tandem_notifier.reach import accountable_of
from tandem_notifier.telling import TEAM, quietly
from tandem_notifier.urgency import Urgency

NOTICE = "notice"
"""``kind`` in the content of such a page."""
Target = tuple[str, Contact]
"""Who, and where."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Notice:
    """What is told, to one party."""

    identity: UUID
    """Of its page."""
    about: UUID
    """Stands for the incident that there is not: notices of one thing have the same."""
    path: str
    reason: str
    title: str
    text: str
    more: Mapping[str, object]
    """Further fields of its content, for machines."""


def address(agreement: Agreement, party: Party) -> Target | None:
    """The team's address, else the Accountable's quietest contact."""
    spec = agreement.parties.get(party)
    if spec is None:
        return None
    if spec.team is not None:
        return TEAM, spec.team
    return quietly(agreement, accountable_of(agreement, party))


def page_of(notice: Notice, agreement: Agreement, party: Party, target: Target, now: datetime) -> Page:
    """The page of ``notice``, planned: whoever claims its row sends it."""
    person, contact = target
    return Page(
        page_id=notice.identity,
        tenant=agreement.tenant.id,
        incident_id=notice.about,
        cycle=1,
        party=party,
        answers_for=party,
        track=Track.OPS,
        person=person,
        key=contact.channel,
        channel=contact.channel,
        target=contact.to,
        path=notice.path,
        pass_=0,
        step=0,
        told=True,
        urgency=Urgency.TOLD,
        state=PLANNED,
        attempt=0,
        late=False,
        planned_at=now,
        deadline_at=now + TOLD_DEADLINE,
        leased_until=None,
        alert_at=None,
        reason=notice.reason,
        content=msgspec.json.encode(_content(notice, agreement, party, person)),
    )


def _content(notice: Notice, agreement: Agreement, party: Party, person: str) -> dict[str, object]:
    return {
        "page_id": notice.identity,
        "kind": NOTICE,
        "tenant": agreement.tenant.id,
        "tenant_name": agreement.tenant.name,
        "party": party,
        "person": person,
        "title": notice.title,
        "text": notice.text,
        **notice.more,
    }
