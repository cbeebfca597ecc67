"""When a page that failed is tried again, and when it counts as lost.

Pure; the jitter comes from the page's id, so that a batch run again decides the same.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from tandem.errors import DeliveryFailed
from tandem_notifier.paging import Page

DELAYS_S = (1.0, 2.0, 2.0, 2.0, 3.0, 3.0, 5.0, 5.0, 10.0, 15.0, 15.0, 30.0, 30.0, 60.0)
"""Before attempt 2, 3, ...; the last one repeats. A pager that comes back has its pages within three seconds."""
TOLD_FACTOR = 10.0
"""What is told may wait longer than a page."""
OVERDUE = timedelta(seconds=45)
"""A page undelivered for so long lets the escalation go on, as its attempts do: next contact within a minute (F8)."""
LONGEST_WISH_S = 300.0
"""Retry-After is honoured up to here."""


@dataclass(frozen=True, slots=True)
class Verdict:
    """What becomes of a page after a failed attempt."""

    retry_at: datetime | None
    """None: no further attempt."""
    give_way: bool
    """The escalation goes on now; said once per page."""


def judge(page: Page, failure: DeliveryFailed, now: datetime) -> Verdict:
    """Retry with growing delays until the page's deadline, unless the failure is final."""
    retry_at = now + delay(page, failure)
    if not failure.retry or retry_at >= page.deadline_at:
        return Verdict(None, give_way=not page.late and not page.told)
    overdue = retry_at - page.planned_at > OVERDUE
    return Verdict(retry_at, give_way=overdue and not page.late and not page.told)


def delay(page: Page, failure: DeliveryFailed) -> timedelta:
    """Between two attempts: the table's with a fifth of jitter, or longer where the receiver asks for it."""
    seconds = DELAYS_S[min(page.attempt, len(DELAYS_S)) - 1] * (TOLD_FACTOR if page.told else 1.0)
    seconds *= 0.8 + 0.4 * ((page.page_id.int >> page.attempt % 64) % 1000) / 1000
    wish = min(failure.retry_after_s or 0.0, LONGEST_WISH_S)
    return timedelta(seconds=max(seconds, wish))
