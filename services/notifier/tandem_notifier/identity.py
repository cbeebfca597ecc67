"""The id of a page: the same page planned twice, by a batch that is run again or by another process, has one id.

It is the page's idempotency key (``webhook-id``), so a receiver that saw it before can drop it.
"""

from __future__ import annotations

from uuid import UUID

from tandem.ids import uuid8
from tandem.model.ownership import Party


def page_id(
    incident_id: UUID, cycle: int, party: Party, *, path: str, pass_: int, step: int, person: str, channel: str
) -> UUID:
    """UUIDv8 of what the page is; ``pass_`` counts up over restarts of a path within a cycle."""
    place = (str(cycle), party.value, path, str(pass_), str(step), person, channel)
    return uuid8("page", incident_id.bytes, *place)
