"""What a sender and an operator are told by an installation that cannot write."""

from __future__ import annotations

import time
from collections.abc import Sequence

import aiohttp

from tests.support.installation import Installation, P
from tests.support.ledger import Outcome, Post

ANSWERED_S = 4.0
"""Two are demanded; the rest is a busy machine."""
_ASK_S = 10.0


def refused_only(posts: Sequence[Post]) -> float:
    """Every try was answered, in time, 202 or 503, and some of them 503; returns the longest in seconds."""
    tries = [each for post in posts for each in post.tries]
    said = {each.status for each in tries}
    assert said <= {202, 503}, said
    assert Outcome.REFUSED in {each.outcome for each in tries}, "nothing was refused"
    longest = max((each.ended_at or 0.0) - each.intended_at for each in tries)
    assert longest < ANSWERED_S
    return longest


async def why_not(running: Installation[P]) -> tuple[str, Post]:
    """Post once, which must be refused with advice.

    Returns:
        What ``/readyz``, red as well, says of it, and the post: whoever was refused comes again, so deliver it later.
    """
    post = running.ledger.add(running.alert())
    intent, base = post.intend(), running.supervisor.address
    timeout = aiohttp.ClientTimeout(total=_ASK_S)
    async with aiohttp.ClientSession(timeout=timeout, trust_env=False) as session:
        async with session.post(f"{base}{post.path}", data=post.body, headers=post.headers) as answer:
            intent.status, intent.outcome, intent.ended_at = answer.status, Outcome.REFUSED, time.time()
            assert answer.status == 503, await answer.text()
            assert int(answer.headers["Retry-After"]) > 0
            assert answer.content_type == "application/problem+json"
        async with session.get(f"{base}/readyz") as ready:
            assert ready.status == 503, await ready.text()
            return await ready.text(), post
