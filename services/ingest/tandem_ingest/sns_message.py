"""What Amazon SNS posts, and whether it is signed as it says. Pure: certificates are fetched by sns.py.

Source: docs.aws.amazon.com/sns/latest/dg, "Verifying the signatures of Amazon SNS messages" and "HTTP/HTTPS
subscription confirmation JSON format": the signed string is name and value of some fields, a line each, by name.
"""

from __future__ import annotations

import re
from base64 import b64decode
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from urllib.parse import urlsplit

from cryptography import x509
from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey

from tandem.errors import Refused
from tandem.model.integration import Integration
from tandem_ingest import times
from tandem_ingest.decode import decode
from tandem_ingest.unreadable import Unreadable

NOTIFICATION, SUBSCRIPTION, UNSUBSCRIPTION = "Notification", "SubscriptionConfirmation", "UnsubscribeConfirmation"
TOLERANCE = timedelta(minutes=75)
"""SNS goes on for an hour when we are away, and what it sends again has its first instant."""
SMALLEST_KEY = 2048
_CONFIRMATION = ("Message", "MessageId", "SubscribeURL", "Timestamp", "Token", "TopicArn", "Type")
_SIGNED: Mapping[str, tuple[str, ...]] = {
    NOTIFICATION: ("Message", "MessageId", "Subject", "Timestamp", "TopicArn", "Type"),
    SUBSCRIPTION: _CONFIRMATION,
    UNSUBSCRIPTION: _CONFIRMATION,
}
_HOST = re.compile(r"sns\.[a-z0-9-]{4,40}\.amazonaws\.com(?:\.cn)?", re.ASCII)
_CERTIFICATE = re.compile(r"/SimpleNotificationService-[A-Za-z0-9]{1,64}\.pem", re.ASCII)
_HASHES: Mapping[str, type[hashes.HashAlgorithm]] = {"1": hashes.SHA1, "2": hashes.SHA256}


@dataclass(frozen=True, slots=True)
class SnsMessage:
    """A message as it came; nothing of it is true before ``is_signed`` says so."""

    kind: str
    message_id: str
    topic: str
    at: datetime
    version: str
    signature: bytes
    certificate_url: str
    subscribe_url: str
    signed: bytes


def read(body: bytes) -> SnsMessage | None:
    """The message in ``body``; None when it is none."""
    try:
        said = decode(body)
    except (Unreadable, Refused):
        return None
    if not isinstance(said, dict):
        return None
    text = {name: value for name, value in said.items() if isinstance(value, str)}
    signed, at = _signed(text), times.parse(text.get("Timestamp"), zone=UTC)
    if signed is None or at is None:
        return None
    return SnsMessage(
        kind=text["Type"],
        message_id=text["MessageId"],
        topic=text["TopicArn"],
        at=at,
        version=text.get("SignatureVersion", ""),
        signature=_bytes(text.get("Signature", "")),
        certificate_url=text.get("SigningCertURL") or text.get("SigningCertUrl", ""),
        subscribe_url=text.get("SubscribeURL", ""),
        signed=signed,
    )


def may_post(message: SnsMessage, integration: Integration, now: datetime) -> bool:
    """Whether it is worth fetching a certificate for: a topic we know, of now, signed as we can check."""
    return (
        message.topic in integration.topics
        and abs(now - message.at) <= TOLERANCE
        and message.version in _HASHES
        and is_amazons(message.certificate_url, path=_CERTIFICATE)
    )


def is_signed(message: SnsMessage, key: RSAPublicKey) -> bool:
    """Whether ``key`` signed it."""
    try:
        key.verify(message.signature, message.signed, PKCS1v15(), _HASHES[message.version]())
    except (InvalidSignature, UnsupportedAlgorithm):
        return False
    return True


def key_of(pem: bytes, now: datetime) -> RSAPublicKey:
    """The key in a certificate that is valid now.

    Raises:
        ValueError: it is no certificate, not valid at this time, or its key is not what SNS signs with.
    """
    certificate = x509.load_pem_x509_certificate(pem)
    key = certificate.public_key()
    if not certificate.not_valid_before_utc <= now <= certificate.not_valid_after_utc:
        raise ValueError("the certificate is not valid now")
    if not isinstance(key, RSAPublicKey) or key.key_size < SMALLEST_KEY:
        raise ValueError("the certificate's key is not one SNS signs with")
    return key


def is_amazons(url: str, *, path: re.Pattern[str] | None = None) -> bool:
    """Whether ``url`` is a plain https URL of SNS itself, so that nobody has us fetch something else."""
    if not url.isascii() or not url.isprintable() or " " in url or not {"\\", "#"}.isdisjoint(url) or len(url) > 2000:
        return False
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError:
        return False
    plain = parts.scheme == "https" and "@" not in parts.netloc and port in {None, 443}
    named = _HOST.fullmatch(parts.hostname or "") is not None
    return plain and named and (path is None or (path.fullmatch(parts.path) is not None and not parts.query))


def is_confirmation(url: str) -> bool:
    """Whether ``url`` confirms a subscription at SNS, and does nothing else there."""
    return is_amazons(url) and "Action=ConfirmSubscription" in urlsplit(url).query.split("&")


def _signed(text: Mapping[str, str]) -> bytes | None:
    """The string that was signed; None when a part of it is missing."""
    fields = _SIGNED.get(text.get("Type", ""))
    if fields is None or any(name not in text for name in fields if name != "Subject"):
        return None
    lines = [f"{name}\n{text[name]}\n" for name in fields if name in text]
    return "".join(lines).encode("utf-8", "surrogatepass")


def _bytes(signature: str) -> bytes:
    try:
        return b64decode(signature, validate=True)
    except ValueError:
        return b""
