"""How an attempt at a page ended, and what follows from it. Pure: ``sender.py`` makes the attempts."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from tandem.errors import DeliveryFailed, DeliveryReason
from tandem.model.events import PageEvent, PageEventKind
from tandem_notifier.backoff import judge
from tandem_notifier.paging import Page, event_of


@dataclass(frozen=True, slots=True, kw_only=True)
class Result:
    """How one attempt ended."""

    page: Page
    started_at: datetime
    ended_at: datetime
    delivered: bool
    retry_at: datetime | None
    """When it is tried again; None with ``delivered`` false: given up."""
    give_way: bool
    """The escalation goes on now."""
    reason: str | None
    """A word of a closed set, None when delivered."""
    detail: str | None

    @property
    def healthy(self) -> bool:
        """Whether the target answers: it took the page, or refused it in a way that says nothing else."""
        return self.delivered or self.reason in {DeliveryReason.STATUS_4XX.value, DeliveryReason.NO_CONTACT.value}


def delivered(page: Page, started_at: datetime, ended_at: datetime) -> Result:
    """The channel took it."""
    return Result(
        page=page,
        started_at=started_at,
        ended_at=ended_at,
        delivered=True,
        retry_at=None,
        give_way=False,
        reason=None,
        detail=None,
    )


def failed(page: Page, failure: DeliveryFailed, started_at: datetime, ended_at: datetime) -> Result:
    """It did not, and when it is tried again."""
    verdict = judge(page, failure, ended_at)
    return Result(
        page=page,
        started_at=started_at,
        ended_at=ended_at,
        delivered=False,
        retry_at=verdict.retry_at,
        give_way=verdict.give_way,
        reason=failure.reason.value,
        detail=failure.detail[:300],
    )


def page_event(result: Result) -> PageEvent | None:
    """What readers hear of an attempt: arrived, failed at first, given way, given up; not every retry."""
    page = result.page
    if result.delivered:
        kind = PageEventKind.SENT if page.channel == "email" else PageEventKind.DELIVERED
        return event_of(page, kind, result.ended_at)
    if page.attempt > 1 and result.retry_at is not None and not result.give_way:
        return None
    more = "" if result.retry_at is None else ", will be tried again"
    return event_of(page, PageEventKind.FAILED, result.ended_at, f"{result.reason}: {result.detail}{more}")
