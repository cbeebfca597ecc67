"""What an acknowledge link shows and does: pure views of a case for one link, and the command it makes.

HTTP and HTML are ``api.py``'s.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from tandem.ids import uuid8
from tandem.model.events import Command, CommandDetail, CommandKind
from tandem.model.ownership import Actor
from tandem_notifier.case import Case, LegState
from tandem_notifier.links import AckLink


class Standing(StrEnum):
    """What pressing the button would mean now."""

    OPEN = "open"
    ALREADY = "already"
    """The link's party has acknowledged; pressing changes nothing."""
    RESOLVED = "resolved"
    UNKNOWN = "unknown"
    """We have no case of it (any more)."""


@dataclass(frozen=True, slots=True)
class View:
    """What a person sees behind their link."""

    standing: Standing
    title: str = ""
    priority: str = ""
    number: int = 0
    since: datetime | None = None
    host: str | None = None
    by: str | None = None
    """Who acknowledged for the link's party."""
    at: datetime | None = None


def view(case: Case | None, link: AckLink) -> View:
    """``case`` as the holder of ``link`` sees it."""
    if case is None:
        return View(Standing.UNKNOWN)
    brief = case.brief.on(link.track or case.brief.track)
    taken = brief.acknowledged.get(link.party)
    leg = case.leg(link.party, brief.track)
    pages_again = leg is not None and leg.repaged and leg.state is LegState.PAGING
    standing = Standing.RESOLVED if brief.resolved else Standing.OPEN
    if taken is not None and not brief.resolved and not pages_again:
        standing = Standing.ALREADY
    return View(
        standing=standing,
        title=brief.title,
        priority=brief.priority.value,
        number=brief.number,
        since=brief.detected_at,
        host=brief.host,
        by=taken.person if taken else None,
        at=taken.at if taken else None,
    )


def command_of(link: AckLink, at: datetime) -> Command:
    """The wish to acknowledge. Its id is the page's: a button pressed twice is one wish."""
    return Command(
        command_id=uuid8("ack-link", link.page_id.bytes),
        tenant=link.tenant,
        incident_id=link.incident_id,
        kind=CommandKind.ACKNOWLEDGE,
        by=Actor(link.party, link.person),
        at=at,
        via="link",
        page_id=link.page_id,
        detail=CommandDetail(track=link.track),
    )
