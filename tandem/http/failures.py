"""What is never sent, and what an error means for one attempt: whether it may get better by trying again. Pure."""

from __future__ import annotations

from yarl import URL

from tandem.errors import DeliveryFailed, DeliveryReason
from tandem.guard import blocked
from tandem.redaction import clean


def target_of(url: str) -> URL:
    """The parsed URL, path and query as given; raises DeliveryFailed for what is never sent."""
    if any(ord(char) <= 0x20 or ord(char) == 0x7F for char in url):
        raise blocked("a URL has no spaces and no control characters")
    try:
        target = URL(url, encoded=url.isascii())  # quoting anew would break signed URLs
    except ValueError as error:
        raise not_sendable(error) from error
    if target.scheme not in {"http", "https"} or not target.raw_host:
        raise blocked("only http and https URLs with a host")
    if target.user is not None or target.password is not None:
        raise blocked("credentials belong in a header, not in a URL")
    return target


def timed_out(timeout_s: float) -> DeliveryFailed:
    """Resolving, connecting and reading together took longer."""
    return DeliveryFailed(DeliveryReason.TIMEOUT, f"no answer within {timeout_s:g} s", retry=True)


def tls_failed(error: Exception) -> DeliveryFailed:
    """A certificate does not get better by asking again; a broken handshake may."""
    return DeliveryFailed(DeliveryReason.TLS, _brief(error), retry="CERTIFICATE_VERIFY_FAILED" not in str(error))


def not_resolved(error: Exception) -> DeliveryFailed:
    """The name has no address now."""
    return DeliveryFailed(DeliveryReason.DNS, _brief(error), retry=True)


def not_connected(error: Exception) -> DeliveryFailed:
    """Nobody answered, or the connection broke."""
    return DeliveryFailed(DeliveryReason.CONNECT, _brief(error), retry=True)


def not_sendable(error: Exception) -> DeliveryFailed:
    """The request itself is wrong, and stays so."""
    return DeliveryFailed(DeliveryReason.REJECTED, _brief(error), retry=False)


def _brief(error: Exception) -> str:
    return str(clean(f"{type(error).__name__}: {error}"))[:300]
