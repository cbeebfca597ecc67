"""How vendors sign, written apart from Tandem's verifier: from each vendor's own description, a function each.

Sources: docs.github.com (validating webhook deliveries), grafana.com (webhook notifier, HMAC signature), docs.sentry.io
(integration platform webhooks), api.slack.com (verifying requests), developer.pagerduty.com (webhook signatures);
CrowdStrike and ConnectWise as their users describe them. Standard Webhooks and Svix by the ``standardwebhooks`` library.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
from collections.abc import Callable
from datetime import datetime

from standardwebhooks import Webhook

Signer = Callable[[str, bytes, datetime], dict[str, str]]
"""(secret, body, now) -> headers in lower case."""
MESSAGE_ID = "msg_2KWPBgLlAfxdpx2AI54pPJ85f4W"


def _hex(secret: str, message: bytes, kind: str = "sha256") -> str:
    return hmac.new(secret.encode(), message, getattr(hashlib, kind)).hexdigest()


def _b64(secret: str, message: bytes) -> str:
    return base64.b64encode(hmac.new(secret.encode(), message, hashlib.sha256).digest()).decode()


def _seconds(now: datetime) -> str:
    return str(int(now.timestamp()))


def _svix(prefix: str) -> Signer:
    def sign(secret: str, body: bytes, now: datetime) -> dict[str, str]:
        signature = Webhook(secret).sign(MESSAGE_ID, now, body.decode())
        return {
            f"{prefix}-id": MESSAGE_ID,
            f"{prefix}-timestamp": _seconds(now),
            f"{prefix}-signature": signature,
        }

    return sign


def _crowdstrike(secret: str, body: bytes, now: datetime) -> dict[str, str]:
    stamp = f"{now:%Y-%m-%dT%H:%M:%SZ}"
    return {"x-cs-primary-signature": _b64(secret, body + stamp.encode()), "x-cs-delivery-timestamp": stamp}


def _grafana_timestamp(secret: str, body: bytes, now: datetime) -> dict[str, str]:
    stamp = _seconds(now)
    signature = _hex(secret, f"{stamp}:".encode() + body)
    return {"x-grafana-alerting-signature": signature, "x-grafana-alerting-timestamp": stamp}


def _slack(secret: str, body: bytes, now: datetime) -> dict[str, str]:
    stamp = _seconds(now)
    signature = _hex(secret, b"v0:" + stamp.encode() + b":" + body)
    return {"x-slack-signature": f"v0={signature}", "x-slack-request-timestamp": stamp}


SIGNERS: dict[str, Signer] = {
    "tandem": lambda s, b, _: {"x-tandem-signature": f"sha256={_hex(s, b)}"},
    "standard-webhooks": _svix("webhook"),
    "svix": _svix("svix"),
    "github": lambda s, b, _: {"x-hub-signature-256": f"sha256={_hex(s, b)}"},
    "github-sha1": lambda s, b, _: {"x-hub-signature": f"sha1={_hex(s, b, 'sha1')}"},
    "grafana": lambda s, b, _: {"x-grafana-alerting-signature": _hex(s, b)},
    "grafana-timestamp": _grafana_timestamp,
    "sentry": lambda s, b, _: {"sentry-hook-signature": _hex(s, b)},
    "crowdstrike": _crowdstrike,
    "pagerduty": lambda s, b, _: {"x-pagerduty-signature": f"v1={_hex('another', b)},v1={_hex(s, b)}"},
    "connectwise": lambda s, b, _: {"x-content-signature": _b64(s, b)},
    "slack": _slack,
}
