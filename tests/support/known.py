"""How much an installation knows about some posts, before and after something that must change nothing.

Only theirs: what has stood open for a quarter of an hour goes on by itself meanwhile, to the next step of its path.
"""

from __future__ import annotations

from collections.abc import Sequence

from tests.support.fleet import Fleet
from tests.support.installation import Installation
from tests.support.ledger import Post

_LINES = "select count(*) from console.feed where incident_id = any($1)"


async def known(fleet: Installation[Fleet], posts: Sequence[Post]) -> dict[str, int]:
    """Once nothing waits: how many there are of everything that a reader may double."""
    rows = await fleet.settled()
    keys = {post.dedup_key for post in posts}
    theirs = {row.id for row in rows.incidents if row.dedup_key in keys}
    pages = {str(row.page_id) for row in rows.pages if row.incident_id in theirs}
    (lines,) = await fleet.supervisor.server.ask(_LINES, list(theirs))
    return {
        "alerts": len(rows.alerts),
        "incidents": len(rows.incidents),
        "facts": len([fact for fact in rows.facts if fact[0] in theirs]),
        "clocks": len([clock for clock in rows.clocks if clock.incident_id in theirs]),
        "pages": len(pages),
        "arrived": len([page for page in fleet.provider.pages if page.webhook_id in pages]),
        "lines of the feed": lines[0],
    }
