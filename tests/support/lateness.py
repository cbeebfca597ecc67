"""How late pages are: from the 2xx to the first page about it, by the clocks of the test's own process. Pure."""

from __future__ import annotations

import time
from collections.abc import Iterable, Mapping, Sequence

from tests.support.ledger import Outcome, Post
from tests.support.pager_provider import Received


def lateness(posts: Iterable[Post], pages: Sequence[Received]) -> Mapping[str, float]:
    """Dedup key -> seconds, of every accepted condition somebody was paged about."""
    accepted = {post.dedup_key: at for post in posts if post.firing and (at := _accepted_at(post)) is not None}
    monotonic_ahead = time.monotonic() - time.time()
    first: dict[str, float] = {}
    for page in pages:
        if page.about in accepted:
            first.setdefault(page.about, page.received_at - monotonic_ahead)
    return {key: max(0.0, at - accepted[key]) for key, at in first.items()}


def quantile(values: Iterable[float], part: float) -> float:
    """The value below which ``part`` of them lie."""
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(part * len(ordered)))]


def _accepted_at(post: Post) -> float | None:
    """When its sender first heard that it was accepted, in Unix seconds."""
    ends = [each.ended_at for each in post.tries if each.outcome is Outcome.ACCEPTED and each.ended_at is not None]
    return min(ends, default=None)
