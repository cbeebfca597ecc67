"""The query string as a body, for senders that have nothing else: a GET, or a POST without a body. Knows no vendor."""

from __future__ import annotations

SECRETS = frozenset({"key"})
"""Parameters that prove who posts: they are not part of what is said, and are neither read nor kept."""


def as_body(query: bytes) -> bytes:
    """The form that ``query`` is, as bytes, without SECRETS; empty when nothing is left."""
    if not query:
        return b""
    return b"&".join(pair for pair in query.split(b"&") if pair and _name(pair) not in SECRETS)


def _name(pair: bytes) -> str:
    return pair.partition(b"=")[0].decode("latin-1").strip().casefold()
