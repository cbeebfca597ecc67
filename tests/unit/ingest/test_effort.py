"""What a refusal costs says nothing of why: as many comparisons and hashes, whichever secret is wrong, or none is."""

from __future__ import annotations

import hmac
from collections import Counter
from contextlib import suppress
from datetime import UTC, datetime

import pytest

from tandem.errors import Refused
from tandem.model.integration import AuthKind, HmacScheme, Integration
from tandem_ingest.signature import verify
from tests.support.integrations import digest, integration, secret

NOW = datetime(2026, 11, 20, 9, 0, tzinfo=UTC)
FIRST, SECOND, WRONG = "the-first-secret-of-two", "the-second-secret-of-two", "the-wrong-secret-of-two"
BODY = b"x" * 1000


@pytest.fixture
def effort(monkeypatch: pytest.MonkeyPatch) -> Counter[str]:
    """Counts what is compared and hashed."""
    counts: Counter[str] = Counter()
    compare, hashed = hmac.compare_digest, hmac.digest

    def counting_compare(one: bytes, other: bytes) -> bool:
        counts["compared"] += 1
        return compare(one, other)

    def counting_digest(key: bytes, message: bytes, kind: str) -> bytes:
        counts["hashed"] += len(message) >= len(BODY)
        return hashed(key, message, kind)

    monkeypatch.setattr(hmac, "compare_digest", counting_compare)
    monkeypatch.setattr(hmac, "digest", counting_digest)
    return counts


def spent(effort: Counter[str], one: Integration | None, headers: dict[str, str]) -> Counter[str]:
    effort.clear()
    with suppress(Refused):
        verify(one, headers, None, BODY, NOW)
    return Counter(effort)


def test_every_secret_is_compared_whichever_fits(effort: Counter[str]) -> None:
    one = integration(secrets=(secret(FIRST), secret(SECOND)))

    costs = [spent(effort, one, {"authorization": f"Bearer {shown}"})["compared"] for shown in (FIRST, SECOND)]

    assert costs[0] == costs[1] >= 2


def test_every_signature_is_compared_with_every_key_whichever_fits(effort: Counter[str]) -> None:
    one = integration(auth=AuthKind.HMAC, scheme=HmacScheme(), secrets=(secret(FIRST), secret(SECOND)))
    written = [f"sha256={digest(key.encode(), BODY).hex()}" for key in (FIRST, SECOND, WRONG)]

    costs = [
        spent(effort, one, {"x-tandem-signature": ",".join(order)})["compared"]
        for order in (written, written[::-1], [written[2]] * 3)
    ]

    assert costs[0] == costs[1]
    assert costs[0] <= costs[2]


def test_the_body_is_hashed_as_often_for_nobody_as_for_an_integration_that_rotates(effort: Counter[str]) -> None:
    one = integration(auth=AuthKind.HMAC, scheme=HmacScheme(), secrets=(secret(FIRST), secret(SECOND)))
    wrong = {"x-tandem-signature": "sha256=" + "0" * 64}

    costs = {spent(effort, each, wrong)["hashed"] for each in (one, None, integration(), integration(enabled=False))}

    assert costs == {2}
