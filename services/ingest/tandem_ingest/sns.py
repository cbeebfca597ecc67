"""Amazon SNS at the door: its certificates, fetched once and kept, and the handshake of a new subscription.

A stranger can name a certificate, so only a plausible one of Amazon's own host is fetched, few at once, and one that
could not be had is not asked for again at once. What cannot be checked now is a 503: SNS comes again, and after a 4xx
it would not.
"""

from __future__ import annotations

import asyncio
from collections import OrderedDict
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from datetime import datetime

import structlog
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey

from tandem.clock import monotonic, pause
from tandem.errors import DeliveryFailed, DeliveryReason, Unavailable
from tandem.model.alert import VendorAlert
from tandem.model.integration import AuthKind, Integration
from tandem_ingest import signature, sns_message, text
from tandem_ingest.doors.door import Answer, json_answer
from tandem_ingest.normalise import Reading
from tandem_ingest.sns_message import NOTIFICATION, SUBSCRIPTION, UNSUBSCRIPTION, SnsMessage

Fetch = Callable[[str, float], Awaitable[bytes]]
"""(url, deadline in seconds) -> the body of a 2xx answer; guarded, follows no redirect. Raises DeliveryFailed."""

FETCH_S = 1.5
"""For a certificate: the answer to the post must be out within two seconds."""
CONFIRM_S = 10.0
CONFIRM_PAUSES_S = (2.0, 15.0, 60.0)
"""Between the tries to confirm a subscription; SNS keeps the token for three days and can be asked to send it again."""
KEPT = 32
"""Certificates; SNS has one per region and changes it once a year."""
KEPT_S = 86_400.0
"""Then it is looked at again, whether it is still valid."""
ASKED_AGAIN_S = 30.0
FETCHES = 4
CONFIRMING = 16

log = structlog.get_logger("tandem.ingest")


async def cannot_fetch(url: str, deadline_s: float) -> bytes:  # noqa: ARG001 - the port of who may not go out
    """Of a lane that nobody gave a way out."""
    raise DeliveryFailed(DeliveryReason.CONNECT, "nothing is fetched here", retry=False)


@dataclass(frozen=True, slots=True)
class _Known:
    """A certificate's key, or that it could not be had; ``until`` is ``monotonic()``."""

    key: RSAPublicKey | None
    until: float


def _not_now() -> Unavailable:
    return Unavailable("certificate", "SNS's certificate cannot be had now")


def _unsubscribed(integration: Integration, message: SnsMessage) -> VendorAlert:
    """Somebody ended the subscription: from now on it is silent here, whatever happens there."""
    return VendorAlert(
        title=text.line(f"SNS topic {message.topic} no longer posts to {integration.name}", 300)[0],
        dedup_key=text.line(f"unsubscribed:{message.topic}", 255)[0],
        description="Its subscription was ended. Subscribe the address again, or retire the integration.",
    )


class SnsDoor:
    """Checks what SNS signed and confirms subscriptions."""

    def __init__(self, fetch: Fetch) -> None:
        """``fetch`` goes through the guard of outgoing requests."""
        self._fetch = fetch
        self._known: OrderedDict[str, _Known] = OrderedDict()
        self._fetching = 0
        self._confirming: set[asyncio.Task[None]] = set()

    async def proven(
        self, integration: Integration | None, path_secret: str | None, body: bytes, now: datetime
    ) -> SnsMessage | None:
        """The message that SNS signed for one of the integration's topics; None for everything else.

        Raises:
            Unavailable: its certificate cannot be had now.
        """
        if integration is None or AuthKind.SNS not in integration.kinds:
            return None
        message = sns_message.read(body) if signature.is_open(integration, path_secret) else None
        if message is None or not sns_message.may_post(message, integration, now):
            return None
        return message if sns_message.is_signed(message, await self._key(message.certificate_url, now)) else None

    def heard(self, integration: Integration, headers: Mapping[str, str], body: bytes) -> Answer | Reading | None:
        """What an authentic post is when it is about the subscription; None when it is a notification or no SNS at all.

        Looked at for posts that were proven by a secret in the URL too: those are SNS's with less to set up.
        """
        kind = headers.get("x-amz-sns-message-type", "")
        if AuthKind.SNS not in integration.kinds and kind not in {SUBSCRIPTION, UNSUBSCRIPTION}:
            return None
        message = sns_message.read(body)
        if message is None or message.kind == NOTIFICATION:
            return None
        if message.kind == UNSUBSCRIPTION:
            log.warning("unsubscribed", integration=integration.name, topic=message.topic)
            return Reading(alerts=(_unsubscribed(integration, message),), delivery_id=message.message_id)
        self.confirm(message, integration)
        return json_answer(202, {"accepted": [], "quarantined": 0}, ignored=True)

    def confirm(self, message: SnsMessage, integration: Integration) -> None:
        """Go and confirm the subscription, beside the answer to SNS."""
        if not sns_message.is_confirmation(message.subscribe_url) or len(self._confirming) >= CONFIRMING:
            log.warning("subscription not confirmed", integration=integration.name, topic=message.topic)
            return
        task = asyncio.create_task(self._confirm(message, integration.name), name="sns confirmation")
        self._confirming.add(task)
        task.add_done_callback(self._confirming.discard)

    async def close(self) -> None:
        """Leave confirmations that are under way; SNS can be asked to send its request again."""
        tasks = list(self._confirming)
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    async def _confirm(self, message: SnsMessage, name: str) -> None:
        for wait_s in (*CONFIRM_PAUSES_S, None):
            try:
                await self._fetch(message.subscribe_url, CONFIRM_S)
            except DeliveryFailed as fault:
                log.warning("subscription not confirmed yet", integration=name, topic=message.topic, fault=str(fault))
            else:
                log.info("subscription confirmed", integration=name, topic=message.topic)
                return
            if wait_s is not None:
                await pause(wait_s)

    async def _key(self, url: str, now: datetime) -> RSAPublicKey:
        known = self._known.get(url)
        if known is None or monotonic() >= known.until:
            return await self._fetched(url, now)
        self._known.move_to_end(url)
        if known.key is None:
            raise _not_now()
        return known.key

    async def _fetched(self, url: str, now: datetime) -> RSAPublicKey:
        if self._fetching >= FETCHES:
            raise _not_now()
        self._fetching += 1
        try:
            key = sns_message.key_of(await self._fetch(url, FETCH_S), now)
        except (DeliveryFailed, ValueError) as fault:
            log.warning("certificate of SNS not usable", fault=str(fault))
            self._keep(url, _Known(None, monotonic() + ASKED_AGAIN_S))
            raise _not_now() from fault
        finally:
            self._fetching -= 1
        self._keep(url, _Known(key, monotonic() + KEPT_S))
        return key

    def _keep(self, url: str, found: _Known) -> None:
        self._known[url] = found
        self._known.move_to_end(url)
        while len(self._known) > KEPT:
            self._known.popitem(last=False)
