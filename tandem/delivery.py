"""What a provider's HTTP answer means for one attempt. Pure.

Sending is ``tandem.http``'s, when to try again the notifier's.

Source: Standard Webhooks 1.0 (2xx only is success, 3xx a failure, 410 final, Retry-After honoured).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from email.utils import parsedate_to_datetime

from tandem.errors import DeliveryFailed, DeliveryReason
from tandem.redaction import clean

LONGEST_WAIT_S = 86_400.0
"""Of a provider's Retry-After that we believe."""


@dataclass(frozen=True, slots=True)
class HttpAnswer:
    """An answer. Header names are lower case; ``body`` is cut by the client that read it."""

    status: int
    headers: Mapping[str, str] = field(default_factory=dict)
    body: bytes = b""


def judge(answer: HttpAnswer) -> HttpAnswer:
    """A 2xx answer is returned, every other one raised as DeliveryFailed; ``retry`` says whether it may get better."""
    status = answer.status
    if 200 <= status < 300:
        return answer
    detail = f"HTTP {status}: {clean(answer.body[:200])}"
    wait_s = retry_after(answer.headers)
    if status == 429:
        raise DeliveryFailed(DeliveryReason.THROTTLED, detail, retry=True, retry_after_s=wait_s)
    if status >= 500:
        raise DeliveryFailed(DeliveryReason.STATUS_5XX, detail, retry=True, retry_after_s=wait_s)
    if status >= 400:
        raise DeliveryFailed(DeliveryReason.STATUS_4XX, detail, retry=status in {408, 425}, retry_after_s=wait_s)
    raise DeliveryFailed(DeliveryReason.REJECTED, f"HTTP {status}: redirects are not followed", retry=False)


def retry_after(headers: Mapping[str, str]) -> float | None:
    """Seconds, from seconds or from a date against the answer's own Date; None when it says nothing usable."""
    text = headers.get("retry-after", "").strip()
    if text.isascii() and text.isdigit():
        return min(float(text[:9]), LONGEST_WAIT_S)
    try:
        delay = parsedate_to_datetime(text) - parsedate_to_datetime(headers.get("date", ""))
    except (ValueError, TypeError, OverflowError):
        return None
    return min(max(delay.total_seconds(), 0.0), LONGEST_WAIT_S)
