"""Standard Webhooks signatures of what we send, and the secret each receiver checks them with (domain.md section 4).

Pure. A receiver's secret is derived from the instance's key, per tenant and person, so that none has to be stored.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
from datetime import datetime
from uuid import UUID

PREFIX = "whsec_"


def receiver_secret(key: bytes, tenant: str, person: str) -> str:
    """The secret with which ``person`` of ``tenant`` verifies pages: ``whsec_`` and 32 bytes in base64."""
    material = b"\0".join((b"tandem.webhook.v1", tenant.encode(), person.encode()))
    return PREFIX + base64.b64encode(hmac.digest(key, material, hashlib.sha256)).decode("ascii")


def headers(secret: str, page_id: UUID, at: datetime, body: bytes) -> dict[str, str]:
    """The three headers of an attempt made at ``at``; ``webhook-id`` is the same for every attempt."""
    stamp = str(int(at.timestamp()))
    raw = base64.b64decode(secret.removeprefix(PREFIX))
    mac = hmac.digest(raw, b".".join((str(page_id).encode(), stamp.encode(), body)), hashlib.sha256)
    return {
        "webhook-id": str(page_id),
        "webhook-timestamp": stamp,
        "webhook-signature": "v1," + base64.b64encode(mac).decode("ascii"),
    }
