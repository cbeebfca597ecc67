"""A test through the real door: a secret is lent for two minutes, a marked alert is posted the way the tool would."""

from __future__ import annotations

import json
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import timedelta
from uuid import UUID, uuid4

from sqlalchemy.ext.asyncio import AsyncEngine

from tandem.clock import Clock, monotonic, pause
from tandem.errors import DeliveryFailed, DeliveryReason
from tandem.http.aiohttp_client import AiohttpClient
from tandem.model.integration import AuthKind, Integration
from tandem.policy import secrets, ways_in
from tandem.policy.integrations import one_integration
from tandem_console.api.connecting import TrialFailed

LENT = timedelta(minutes=2)
SETTLE_S = 2.5
"""By then a process that is well has looked at the integrations again; earlier posts would count as refused."""
KNOWN_S = 15.0
"""By then the others have, too."""
POST_S = 10.0
_STEP_S = 0.3


@dataclass(frozen=True, slots=True, kw_only=True)
class DoorTrial:
    """Posts tests to one door."""

    policy: AsyncEngine
    key: bytes
    clock: Clock
    http: AiohttpClient
    """May reach ``base``."""
    base: str
    """Where the way in answers, seen from here."""
    hint: str
    """The setting that says where that is."""
    settle: Callable[[], Awaitable[None]] | None = None
    """Makes the door know new secrets at once, where it is in this process; None: wait until it has looked."""

    async def post(self, name: str, customer: str | None) -> UUID:
        """The id of the accepted alert.

        Raises:
            TrialFailed: it was not accepted, and why.
        """
        way = await one_integration(self.policy, name)
        return await self.send(way, await self.lend(way), customer)

    async def lend(self, way: Integration) -> secrets.Made:
        """A secret for this test alone.

        Raises:
            TrialFailed: this way in takes no test.
        """
        if not way.enabled:
            raise TrialFailed(f"{way.name} is disabled; `tandem integrations enable {way.name}`")
        if way.auth is AuthKind.SNS:
            raise TrialFailed("only Amazon can sign its messages: publish one to the topic and see it come in")
        now = self.clock.now()
        return await secrets.lend(self.policy, way, key=self.key, now=now, until=now + LENT)

    async def send(self, way: Integration, made: secrets.Made, customer: str | None) -> UUID:
        """Post with the lent secret, and take it back whatever happens.

        Raises:
            TrialFailed: it was not accepted, and why.
        """
        try:
            await (self.settle() if self.settle is not None else pause(SETTLE_S))
            return await self._posted(way, made, customer)
        finally:
            await secrets.revoke(self.policy, way.name, str(made.secret_id), now=self.clock.now())

    async def _posted(self, way: Integration, made: secrets.Made, customer: str | None) -> UUID:
        """The alert's id; waits until every process knows the secret."""
        url, headers, body = self._message(way, made.secret, customer)
        until = monotonic() + KNOWN_S
        while True:
            try:
                answer = await self.http.post(url, headers=headers, body=body, timeout_s=POST_S)
                return UUID(json.loads(answer.body)["accepted"][0]["alert_id"])
            except DeliveryFailed as fault:
                if fault.reason is not DeliveryReason.STATUS_4XX or monotonic() > until:
                    raise TrialFailed(self._refusal(fault)) from fault
            except (ValueError, LookupError, TypeError) as fault:
                raise TrialFailed("the answer is not Tandem's; is something else at this address?") from fault
            await pause(_STEP_S)

    def _message(self, way: Integration, secret: str, customer: str | None) -> tuple[str, dict[str, str], bytes]:
        now, its_id = self.clock.now(), f"test-{uuid4().hex}"
        says = {**json.loads(ways_in.BODY), "dedup_key": its_id, "time": now.isoformat(), "customer": customer}
        body = json.dumps(says).encode()
        proof = ways_in.credentials(way, secret, body, now, its_id)
        headers = {"content-type": "application/json", "x-tandem-test": "1", **proof}
        return ways_in.address(way, f"{self.base}/v1/alerts/{way.name}", secret), headers, body

    def _refusal(self, fault: DeliveryFailed) -> str:
        if fault.reason is DeliveryReason.CONNECT:
            return f"nobody answers at {self.base}; is `tandem serve` running there? ({self.hint})"
        return f"{self.base}: {fault}"
