"""Amazon SNS as a sender: a certificate authority's key of our own, messages signed as AWS documents it."""

from __future__ import annotations

import asyncio
import base64
import json
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import cache
from typing import Any

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa
from cryptography.x509.oid import NameOID

from tandem.errors import DeliveryFailed, DeliveryReason

TOPIC = "arn:aws:sns:eu-west-3:111122223333:ops"
CERTIFICATE = "https://sns.eu-west-3.amazonaws.com/SimpleNotificationService-9c6465fa7f48f5cacd23014631ec1136.pem"
SUBSCRIBE = f"https://sns.eu-west-3.amazonaws.com/?Action=ConfirmSubscription&TopicArn={TOPIC}&Token=2336412f37"
_NOTIFICATION = ("Message", "MessageId", "Subject", "Timestamp", "TopicArn", "Type")
_OTHER = ("Message", "MessageId", "SubscribeURL", "Timestamp", "Token", "TopicArn", "Type")


@cache
def key(number: int = 0, bits: int = 2048) -> rsa.RSAPrivateKey:
    """A key that signs; another number is another key."""
    del number
    return rsa.generate_private_key(65537, bits)


def certificate(now: datetime, *, of: rsa.RSAPrivateKey | None = None, days: int = 1, curve: bool = False) -> bytes:
    """A certificate, signed by an authority of our own; valid from a day before ``now``."""
    authority = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "sns.amazonaws.com")])
    public = ec.generate_private_key(ec.SECP256R1()).public_key() if curve else (of or key()).public_key()
    made = x509.CertificateBuilder(
        x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "an authority")]), name, public, x509.random_serial_number()
    )
    made = made.not_valid_before(now - timedelta(days=2)).not_valid_after(now + timedelta(days=days))
    return made.sign(authority, hashes.SHA256()).public_bytes(serialization.Encoding.PEM)


def message(now: datetime, *, version: str = "2", by: rsa.RSAPrivateKey | None = None, **changes: str | None) -> bytes:
    """A signed message; ``changes`` are signed too, None leaves a field out."""
    says: dict[str, str | None] = {
        "Type": "Notification",
        "MessageId": "22b80b92-fdea-4c2c-8f9d-bdfb0c7bf324",
        "TopicArn": TOPIC,
        "Subject": 'ALARM: "erp-db-cpu"',
        "Message": '{"title":"CPU over 90","host":"erp-db"}',
        "Timestamp": f"{now:%Y-%m-%dT%H:%M:%S}.350Z",
        "SignatureVersion": version,
        "SigningCertURL": CERTIFICATE,
        **changes,
    }
    body = {name: value for name, value in says.items() if value is not None}
    fields = _NOTIFICATION if body["Type"] == "Notification" else _OTHER
    text = "".join(f"{name}\n{body[name]}\n" for name in fields if name in body)
    kind = hashes.SHA1() if version == "1" else hashes.SHA256()  # noqa: S303 - version 1 is SHA-1
    signature = (by or key()).sign(text.encode(), padding.PKCS1v15(), kind)
    return json.dumps({**body, "Signature": base64.b64encode(signature).decode()}).encode()


def subscription(now: datetime, **changes: str | None) -> bytes:
    """The message that asks whether the address wants the topic."""
    says: dict[str, Any] = {"Type": "SubscriptionConfirmation", "Token": "2336412f37", "SubscribeURL": SUBSCRIBE}
    return message(now, **{**says, "Subject": None, **changes})


@dataclass
class Internet:
    """What can be fetched; everything else cannot be reached."""

    pages: dict[str, bytes] = field(default_factory=dict)
    asked: list[str] = field(default_factory=list)
    was_asked: asyncio.Event = field(default_factory=asyncio.Event)
    """Set by a request for ``SUBSCRIBE``."""

    async def __call__(self, url: str, deadline_s: float) -> bytes:
        """As ``tandem_ingest.sns.Fetch``."""
        assert deadline_s > 0
        self.asked.append(url)
        if url == SUBSCRIBE:
            self.was_asked.set()
        if url not in self.pages:
            raise DeliveryFailed(DeliveryReason.CONNECT, "no route", retry=True)
        return self.pages[url]
