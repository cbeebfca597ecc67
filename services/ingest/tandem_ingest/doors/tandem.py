"""Our own door: ``POST /v1/alerts/{integration}[/{secret}]``, for every dialect; the integration says which.

A GET with a query string is taken too, and so is a POST without a body: the query is the form they send.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Protocol

from tandem.errors import Reason, Refused, Unavailable
from tandem.model.alert import Alert
from tandem.model.integration import Integration
from tandem_ingest import handshake, normalise, query, signature, trial
from tandem_ingest.doors.credentials import unknown
from tandem_ingest.doors.door import Answer, Asked, Taken, json_answer
from tandem_ingest.integrations import IntegrationBook
from tandem_ingest.normalise import Reading
from tandem_ingest.sns_message import SnsMessage
from tandem_ingest.vendors.vendor import Vendor

PREFIX = "/v1/alerts/"
LIMIT = 1024 * 1024
NOT_HERE = "there is nothing at this address"


class Sns(Protocol):
    """What Amazon signs, and asks of a new subscription; ``tandem_ingest/sns.py``."""

    async def proven(
        self, integration: Integration | None, path_secret: str | None, body: bytes, now: datetime
    ) -> SnsMessage | None:
        """The message that SNS signed; None for everything else. Raises Unavailable."""
        ...

    def heard(self, integration: Integration, headers: Mapping[str, str], body: bytes) -> Answer | Reading | None:
        """What an authentic post is when it is about the subscription itself."""
        ...


class TandemDoor:
    """Refuses in our own words."""

    limit = LIMIT
    methods = ("POST",)

    def __init__(self, sns: Sns) -> None:
        """``sns`` proves what Amazon signs."""
        self._sns = sns

    def allows(self, asked: Asked) -> bool:
        """A POST, a GET whose query says something, and a sender of CloudEvents that asks for leave."""
        if asked.method == "OPTIONS":
            return handshake.of_options(asked.headers) is not None
        return asked.method == "POST" or (asked.method == "GET" and bool(_said(asked)))

    def find(self, asked: Asked, book: IntegrationBook) -> Answer | None:
        """``/v1/alerts/NAME[/SECRET]``; the integration is filled in when there is one of that name."""
        name, slash, secret = asked.path[len(PREFIX) :].partition("/")
        if not name or "/" in secret or bool(secret) != bool(slash):
            raise Refused(Reason.NOT_FOUND, NOT_HERE)
        asked.integration = book.get(name)
        asked.secret = secret if slash else None
        return None

    async def take(self, asked: Asked, book: IntegrationBook, now: datetime) -> Taken | Answer:
        """Verified as its integration says, and read: a handshake is answered, everything else is alerts."""
        integration = asked.integration
        # Verified and kept as the body it stands for: a signature over nothing must not vouch for it.
        asked.body = asked.body or _said(asked)
        proven = await self._sns.proven(integration, asked.secret, asked.body, now)
        signed_id = signature.verify(
            integration, asked.headers, asked.secret, asked.body, now,
            query=asked.query, sns_id=proven.message_id if proven is not None else None,
        )  # fmt: skip
        if integration is None:  # verify has refused it; the type checker cannot know
            raise unknown()
        answer = self._shaken(integration, asked)
        if isinstance(answer, Answer):
            return answer
        vendor = book.vendor_of(integration)
        body, reading = (asked.body, answer) if answer is not None else _read(vendor, asked)
        return Taken(integration=integration, vendor=vendor, body=body, reading=reading, delivery_id=signed_id)

    def _shaken(self, integration: Integration, asked: Asked) -> Answer | Reading | None:
        """What a sender is told that asks before it posts; None for a post that is one."""
        if asked.method == "OPTIONS":
            return handshake.of_options(asked.headers)
        said = self._sns.heard(integration, asked.headers, asked.body)
        return said or handshake.of_post(asked.query, asked.headers, asked.body)

    def accepted(self, asked: Asked, taken: Taken, alerts: Sequence[Alert]) -> Answer:  # noqa: ARG002 - as doors do
        """The ids, in the order of the post; an event that says nothing new has none."""
        each = [{"alert_id": alert.alert_id, "dedup_key": alert.dedup_key, "status": alert.status} for alert in alerts]
        quarantined = sum(alert.quarantined is not None for alert in alerts)
        return json_answer(202, {"accepted": each, "quarantined": quarantined})

    def refused(self, asked: Asked, refusal: Refused) -> Answer | Refused:
        """A URL with a wrong secret in it does not exist."""
        if refusal.reason is Reason.UNAUTHENTICATED and asked.secret is not None:
            return Refused(Reason.NOT_FOUND, NOT_HERE)
        return refusal

    def unavailable(self, asked: Asked, fault: Unavailable) -> Answer | Unavailable:  # noqa: ARG002 - as doors do
        """503 and try again, or what the dialect retries on."""
        return fault


def _said(asked: Asked) -> bytes:
    """The query as the form it is, without a secret."""
    if not asked.query:
        return b""
    own = asked.integration
    said = signature.without_secret(own, asked.query) if own is not None else asked.query
    return query.as_body(said.encode("latin-1"))


def _read(vendor: Vendor, asked: Asked) -> tuple[bytes, Reading]:
    """The body after decompression, and what it says."""
    try:
        body = asked.plain()
    except Refused as refusal:
        if refusal.reason is not Reason.INVALID:
            raise
        # Authentic, and damaged on its way: stored and told, not refused.
        return asked.body, Reading(quarantined=refusal.detail)
    if trial.HEADER in asked.headers:
        return body, trial.read(body, asked.headers)
    return body, normalise.read(vendor, body, asked.headers)
