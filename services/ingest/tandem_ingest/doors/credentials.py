"""Secrets that senders of other APIs show, however they show them. Our own door's verifier is signature.py."""

from __future__ import annotations

import hmac
from base64 import b64decode
from collections.abc import Mapping
from datetime import datetime
from hashlib import sha256

from tandem.errors import Reason, Refused
from tandem.model.integration import Integration

_SCHEMES = frozenset({"bearer", "geniekey", "token"})


def unknown() -> Refused:
    """The one refusal; it says nothing of why."""
    return Refused(Reason.UNAUTHENTICATED, "Unknown integration, or credentials that are missing, wrong or expired.")


def authorization(headers: Mapping[str, str]) -> str:
    """The secret of an ``Authorization`` header: a token, or the password of basic; empty when there is none."""
    scheme, _, shown = headers.get("authorization", "").partition(" ")
    if scheme.lower() in _SCHEMES:
        return shown.strip()
    if scheme.lower() != "basic":
        return ""
    try:
        return b64decode(shown.strip(), validate=True).decode().partition(":")[2]
    except ValueError:
        return ""


def proves(integration: Integration | None, shown: str, now: datetime) -> bool:
    """Whether ``shown`` is a valid secret of ``integration``; in constant time, also for one that does not exist.

    A key that signs is never shown by its owner, so it proves nothing when it is.
    """
    digest = sha256(shown.encode("utf-8", "surrogatepass")).digest()
    if integration is None or not integration.enabled or not integration.shows:
        return False
    found = False
    for secret in integration.secrets:
        if secret.expires_at is None or now < secret.expires_at:
            found |= hmac.compare_digest(digest, secret.digest)
    return found and bool(shown)
