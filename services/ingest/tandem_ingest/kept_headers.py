"""Headers of a post that could not be read, kept beside its bytes: a mapping may need them when it is read again. Pure.

They are labels of the plain alert that stands for the post, ``header.<name>``: durable with it, and for people to see.
Kept is what a tool says of its message; never what proves the sender, and not what proxies and clients add.
"""

from __future__ import annotations

import hmac
from collections.abc import Iterable, Mapping
from hashlib import sha256

from tandem.model.integration import Integration
from tandem_ingest import text
from tandem_ingest.vendors.mapping.paths import SECRET_WORDS

BEGIN = "header."
MOST = 20
LONGEST = 500
"""Characters of a value; a longer one is left out: cut, it would name another customer."""
_TRANSPORT = frozenset(
    {
        *("host", "connection", "keep-alive", "te", "trailer", "transfer-encoding", "upgrade", "via", "forwarded"),
        *("content-type", "content-length", "content-encoding", "accept", "user-agent", "expect", "date", "origin"),
        *("cache-control", "pragma", "referer", "traceparent", "tracestate", "x-real-ip", "x-request-id"),
    }
)
"""The content type is kept as itself."""
_BEGINNINGS = ("accept-", "x-forwarded-", "proxy-", "sec-", "cf-", "x-amzn-trace", "x-envoy-", "x-b3-")


def kept(headers: Mapping[str, str], integration: Integration) -> dict[str, str]:
    """The labels to keep.

    Args:
        headers: names in lower case.
        integration: whose credentials are left out, whatever the header is called.
    """
    found: dict[str, str] = {}
    for name, value in headers.items():
        if len(found) == MOST:
            break
        said, altered = text.line(value, LONGEST)
        if said and not altered and _tells(name) and not _proves(name, said, integration):
            found[f"{BEGIN}{name}"] = said
    return found


def of_labels(labels: Mapping[str, str]) -> dict[str, str]:
    """The headers that ``kept`` has made labels of."""
    return {name.removeprefix(BEGIN): value for name, value in labels.items() if name.startswith(BEGIN)}


def _tells(name: str) -> bool:
    """Whether a header may say something of the message."""
    if not 0 < len(name) <= text.WORD - len(BEGIN) or not name.isascii() or not name.isprintable():
        return False
    return name not in _TRANSPORT and not name.startswith(_BEGINNINGS) and not any(w in name for w in SECRET_WORDS)


def _proves(name: str, value: str, integration: Integration) -> bool:
    """Whether a header may hold what lets a sender in, by its place or by its value."""
    scheme = integration.hmac
    places = (integration.header, *((scheme.header, scheme.timestamp_header, scheme.id_header) if scheme else ()))
    if name in {place.lower() for place in places if place}:
        return True
    return any(_is_secret(each, integration) for each in _parts(value))


def _parts(value: str) -> Iterable[str]:
    """The value, and what stands behind a scheme's word."""
    return (value, value.rpartition(" ")[2])


def _is_secret(value: str, integration: Integration) -> bool:
    digest = sha256(value.encode("utf-8", "surrogatepass")).digest()
    return any(hmac.compare_digest(digest, secret.digest) for secret in integration.secrets)
