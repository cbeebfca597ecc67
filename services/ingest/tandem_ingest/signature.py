"""Does a post prove that it is from its integration? One verifier for every vendor, by configuration.

Pure and in constant time: every candidate is compared with every secret, an unknown integration costs what a wrong
secret costs, and the one refusal says nothing of why. Which status a refusal becomes is the edge's business. How
signatures over the body are read is in signed.py, Amazon's certificates are in sns.py.
"""

from __future__ import annotations

import hmac
from base64 import b64decode
from collections.abc import Mapping, Sequence
from datetime import datetime
from hashlib import sha256
from urllib.parse import parse_qsl, unquote_plus

from tandem.errors import Reason, Refused
from tandem.model.integration import AuthKind, HmacScheme, Integration, IntegrationSecret
from tandem_ingest import signed

USUAL_KEYS = 2
"""Keys of an integration that rotates; a refusal costs as many hashes of the body."""
PARAMETERS = 100
"""Of a URL; one that has more shows no secret."""
_BY_SIGNATURE = frozenset({AuthKind.HMAC, AuthKind.SNS})


def verify(
    integration: Integration | None,
    headers: Mapping[str, str],
    path_secret: str | None,
    body: bytes,
    now: datetime,
    *,
    query: str = "",
    sns_id: str | None = None,
) -> str | None:
    """Prove the post by one of its integration's ways, or refuse it.

    Args:
        integration: None when there is no such integration.
        headers: names in lower case; a header that came twice is one value joined by ``", "``.
        path_secret: the last segment of the URL, when there is one.
        body: as received, before any decoding.
        now: aware UTC, decides expiry and tolerance.
        query: of the URL, undecoded.
        sns_id: the id of the message that sns.py has proven, None when it has not.

    Returns:
        What names the delivery by what was signed, if its scheme signs an id or an instant.

    Raises:
        Refused: UNAUTHENTICATED, always with the same words.
    """
    proven, delivery_id, hashed, shown = False, sns_id, 0, ""
    if integration is not None and is_open(integration, path_secret):
        valid = [each for each in integration.secrets if each.expires_at is None or now < each.expires_at]
        kinds = integration.kinds
        proven = sns_id is not None and AuthKind.SNS in kinds
        if AuthKind.HMAC in kinds:
            keys = [each.value for each in valid if each.value]
            fits, its_id = signed.fits(integration.hmac or HmacScheme(), keys, headers, body, now)
            proven, delivery_id, hashed = proven | fits, its_id if fits else delivery_id, len(keys)
        for kind in kinds:
            if kind not in _BY_SIGNATURE:
                shown = _shown(integration, kind, headers, path_secret, query)
                proven |= _knows(valid, shown)
    if not proven:
        _waste(body, shown, USUAL_KEYS - hashed)
        raise refusal()
    return delivery_id


def is_open(integration: Integration, path_secret: str | None) -> bool:
    """Whether posts may come at all, and with a secret in their path if they show one."""
    return integration.enabled and (path_secret is None or AuthKind.PATH in integration.kinds)


def refusal() -> Refused:
    """The one refusal, whatever was wrong."""
    return Refused(Reason.UNAUTHENTICATED, "Unknown integration, or credentials that are missing, wrong or expired.")


def _waste(body: bytes, shown: str, hashes: int) -> None:
    """Whatever was wrong, the same work has been done at the end: hashing the body tells by its length otherwise."""
    _knows((), shown)
    for _ in range(hashes):
        hmac.digest(b"nobody", body, "sha256")


def _shown(
    integration: Integration, kind: AuthKind, headers: Mapping[str, str], path_secret: str | None, query: str
) -> str:
    """The secret the post shows in one way, empty when it shows none."""
    match kind:
        case AuthKind.PATH:
            return path_secret or ""
        case AuthKind.QUERY:
            return _parameter(query, integration.parameter)
        case AuthKind.HEADER:
            return _after(integration.prefix, headers.get(integration.header.lower(), ""))
        case AuthKind.BASIC:
            return _basic(headers.get("authorization", ""), integration.user)
        case _:
            return _after("Bearer", headers.get("authorization", ""))


def _after(prefix: str, value: str) -> str:
    """What stands behind ``prefix`` in a header; a word needs a blank behind it, ``token=`` does not."""
    if not prefix:
        return value
    begin, rest = value[: len(prefix)], value[len(prefix) :]
    if begin.lower() != prefix.lower() or (prefix[-1].isalnum() and not rest.startswith(" ")):
        return ""
    return rest.strip()


def _parameter(query: str, name: str) -> str:
    """A parameter of the URL; one that comes twice is a wrong one."""
    return ", ".join(value for key, value in parameters(query) if key == name)


def parameters(query: str) -> list[tuple[str, str]]:
    """The parameters of a URL in order; none when there are more than anybody sends."""
    try:
        return parse_qsl(query, keep_blank_values=True, max_num_fields=PARAMETERS)
    except ValueError:
        return []


def without_secret(integration: Integration, query: str) -> str:
    """``query`` as it may be kept and read: without the secret of an integration that has it there."""
    if AuthKind.QUERY not in integration.kinds:
        return query
    return "&".join(part for part in query.split("&") if unquote_plus(part.partition("=")[0]) != integration.parameter)


def _basic(value: str, user: str | None) -> str:
    scheme, _, encoded = value.partition(" ")
    try:
        name, _, secret = b64decode(encoded.strip(), validate=True).decode().partition(":")
    except ValueError:
        return ""
    known = user is None or hmac.compare_digest(name.encode(), user.encode())
    return secret if known and scheme.lower() == "basic" else ""


def _knows(secrets: Sequence[IntegrationSecret], shown: str) -> bool:
    """Whether ``shown`` is one of ``secrets``; an empty one never is."""
    digest = sha256(shown.encode("utf-8", "surrogatepass")).digest()
    found = False
    for secret in secrets:
        found |= hmac.compare_digest(digest, secret.digest)
    return found and bool(shown)
