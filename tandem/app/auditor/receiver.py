"""Telling: alarms as signed JSON to one URL, a ping after each clean look to another. HTTP and nothing else.

An attempt has a deadline and a look few attempts: whoever hangs must not keep the auditor from looking.
"""

from __future__ import annotations

import base64
from collections.abc import Sequence
from datetime import datetime
from urllib.parse import urlsplit

import structlog

from tandem.app.auditor.alarms import Alarm
from tandem.clock import pause
from tandem.egress import Egress, parse_allowed
from tandem.errors import DeliveryFailed, StartFailed
from tandem.http.port import HttpClient
from tandem_notifier import signing

TIMEOUT_S = 5.0
"""Of one attempt."""
BACKOFF_S = (0.5, 2.0)
"""Between the attempts of one look; the next look tries again."""

log = structlog.get_logger("tandem.auditor")


def alarm_secret(key: bytes, chosen: str | None = None) -> str:
    """The secret with which the receiver verifies alarms: the operator's, else one made from the instance's key.

    Raises:
        StartFailed: the chosen one is not ``whsec_`` and base64.
    """
    if chosen is None:
        return signing.receiver_secret(key, "", "auditor")
    try:
        known = chosen.startswith(signing.PREFIX) and base64.b64decode(chosen[len(signing.PREFIX) :], validate=True)
    except ValueError:
        known = b""
    if not known:
        raise StartFailed("TANDEM_ALARM_SECRET: write whsec_ and the secret in base64", exit_code=2)
    return chosen


def allowing(urls: Sequence[str | None], others: str) -> Egress:
    """The egress rule with the operator's own addresses: settings are not input, so private ones may be meant.

    Raises:
        StartFailed: a URL that cannot be one.
    """
    own = [_place(url) for url in urls if url]
    return parse_allowed(",".join([*own, others]))


def _place(url: str) -> str:
    parts = urlsplit(url)
    if parts.scheme not in {"http", "https"} or not parts.hostname:
        message = "TANDEM_ALARM_URL and TANDEM_HEARTBEAT_URL: write http://HOST/... or https://HOST/..."
        raise StartFailed(message, exit_code=2)
    host = f"[{parts.hostname}]" if ":" in parts.hostname else parts.hostname
    return f"{host}:{parts.port or (443 if parts.scheme == 'https' else 80)}"


class Receiver:
    """Where alarms and the heartbeat go; either may be missing."""

    def __init__(
        self,
        http: HttpClient,
        *,
        alarm_url: str | None,
        heartbeat_url: str | None,
        secret: str,
        where: str,
        timeout_s: float = TIMEOUT_S,
        backoff_s: Sequence[float] = BACKOFF_S,
    ) -> None:
        """``secret`` signs alarms as pages are signed; ``where`` names the installation in them."""
        self._http = http
        self._alarm_url = alarm_url
        self._heartbeat_url = heartbeat_url
        self._secret = secret
        self._where = where
        self._timeout_s = timeout_s
        self._backoff_s = backoff_s

    async def alarm(self, alarm: Alarm, at: datetime) -> bool:
        """Whether the receiver has taken it; true without one, as there is nobody to tell."""
        if self._alarm_url is None:
            return True
        body = alarm.body(self._where)
        headers = signing.headers(self._secret, alarm.alarm_id, at, body) | {"content-type": "application/json"}
        return await self._post("alarm", self._alarm_url, headers, body)

    async def heartbeat(self) -> bool:
        """Ping; whether it was taken."""
        return self._heartbeat_url is None or await self._post("heartbeat", self._heartbeat_url, {}, b"")

    async def _post(self, what: str, url: str, headers: dict[str, str], body: bytes) -> bool:
        for delay in (*self._backoff_s, None):
            try:
                await self._http.post(url, headers=headers, body=body, timeout_s=self._timeout_s)
            except DeliveryFailed as fault:
                log.warning("not taken", what=what, fault=str(fault), again_in_s=delay if fault.retry else None)
                if delay is None or not fault.retry:
                    return False
                await pause(delay)
            else:
                return True
        return False
