"""Acknowledge links: a signed token that says which page, whose, for whom and until when.

Pure: ``now`` is the caller's, so the library's own timestamps (which read the system clock) are not used. The token is
a capability; it is made when a page is sent and stored nowhere.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from uuid import UUID

from itsdangerous import BadData, URLSafeSerializer

from tandem.model.ownership import Party, Track

VALID_FOR = timedelta(days=7)
LONGEST = 1500
"""Characters of a token; what is longer is not read."""
_SALT = "tandem.ack-link.v1"


@dataclass(frozen=True, slots=True, kw_only=True)
class AckLink:
    """What a token says."""

    page_id: UUID
    incident_id: UUID
    tenant: str
    party: Party
    person: str
    expires_at: datetime
    track: Track | None = None
    """Of the page, whose leg the answer stops; links of before do not say."""

    def expired(self, now: datetime) -> bool:
        """Whether it no longer acknowledges at ``now``."""
        return now >= self.expires_at


def sign(key: bytes, link: AckLink) -> str:
    """The token of ``link``, safe in a URL path."""
    fields = [link.page_id.hex, link.incident_id.hex, link.tenant, link.party.value, link.person]
    track = [link.track.value] if link.track is not None else []
    return _serializer(key).dumps([*fields, int(link.expires_at.timestamp()), *track])


def read(key: bytes, token: str) -> AckLink | None:
    """What ``token`` says, expired or not; None when it is not one of ours."""
    if len(token) > LONGEST:
        return None
    try:
        fields = _serializer(key).loads(token)
        page_id, incident_id, tenant, party, person, expires, *track = fields
        return AckLink(
            page_id=UUID(hex=page_id),
            incident_id=UUID(hex=incident_id),
            tenant=tenant,
            party=Party(party),
            person=person,
            expires_at=datetime.fromtimestamp(expires, UTC),
            track=Track(track[0]) if track else None,
        )
    except (BadData, ValueError, TypeError, AttributeError, OverflowError):
        return None


def _serializer(key: bytes) -> URLSafeSerializer:
    return URLSafeSerializer(key, salt=_SALT)
