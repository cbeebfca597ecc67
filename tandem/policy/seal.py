"""Secrets at rest: AES-256-GCM under a key derived per tenant from the envelope key, bound to tenant and field.

A row moved to another tenant or column does not open. Pure but for the nonce, which the caller draws.
"""

from __future__ import annotations

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from tandem.errors import TandemError

NONCE_BYTES = 12
_FORMAT = b"\x01"


class SealBroken(TandemError):
    """Sealed under another key, for another tenant or field, or damaged."""


def seal(value: bytes, *, key: bytes, tenant: str, field: str, nonce: bytes) -> bytes:
    """``format | nonce | ciphertext``; ``nonce`` is 12 random bytes, never used twice."""
    bound = f"{tenant}\0{field}".encode()
    return _FORMAT + nonce + AESGCM(_derived(key, tenant)).encrypt(nonce, value, bound)


def open_seal(sealed: bytes, *, key: bytes, tenant: str, field: str) -> bytes:
    """What was sealed.

    Raises:
        SealBroken: see the class.
    """
    nonce, text = sealed[1 : 1 + NONCE_BYTES], sealed[1 + NONCE_BYTES :]
    try:
        if not sealed.startswith(_FORMAT):
            raise ValueError
        return AESGCM(_derived(key, tenant)).decrypt(nonce, text, f"{tenant}\0{field}".encode())
    except (InvalidTag, ValueError) as fault:
        message = f"a secret of {tenant} cannot be opened: is TANDEM_SECRET_KEY the one it was stored under?"
        raise SealBroken(message) from fault


def _derived(key: bytes, tenant: str) -> bytes:
    return HKDF(hashes.SHA256(), 32, salt=None, info=b"tandem secret " + tenant.encode()).derive(key)
