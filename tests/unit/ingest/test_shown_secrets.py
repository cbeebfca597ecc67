"""A secret in a parameter of the URL or behind a word of a header, and an integration that takes several ways."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tandem.errors import Refused
from tandem.model.integration import QUERY_NAMES, AuthKind, HmacScheme, Integration
from tandem.redaction import redact
from tandem_ingest.signature import verify, without_secret
from tests.support.integrations import basic, digest, integration, secret

NOW = datetime(2026, 11, 20, 9, 0, tzinfo=UTC)
SECRET = "s3cret-of-this-integration"
BODY = b"{}"


def lets_in(one: Integration, headers: dict[str, str], *, query: str = "", path: str | None = None) -> bool:
    try:
        verify(one, headers, path, BODY, NOW, query=query)
    except Refused:
        return False
    return True


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        (f"token={SECRET}", True),
        (f"a=b&token={SECRET}&c", True),
        (f"token={SECRET[:-1]}%6e", True),
        (f"token={SECRET}&token={SECRET}", False),
        (f"token={SECRET}x", False),
        (f"key={SECRET}", False),
        (f"Token={SECRET}", False),
        ("token=", False),
        ("token", False),
        ("", False),
        ("&".join(["a=b"] * 200) + f"&token={SECRET}", False),
    ],
)
def test_a_secret_in_a_parameter_counts_where_it_is_configured(query: str, expected: bool) -> None:
    one = replace(integration(auth=AuthKind.QUERY), parameter="token")

    assert lets_in(one, {}, query=query) is expected
    assert not lets_in(integration(), {}, query=query)


@pytest.mark.parametrize(
    ("prefix", "value", "expected"),
    [
        ("GenieKey", f"GenieKey {SECRET}", True),
        ("GenieKey", f"geniekey  {SECRET} ", True),
        ("ApiKey", f"ApiKey {SECRET}", True),
        ("Token token=", f"Token token={SECRET}", True),
        ("GenieKey", f"GenieKey{SECRET}", False),
        ("GenieKey", SECRET, False),
        ("GenieKey", f"Bearer {SECRET}", False),
        ("GenieKey", "GenieKey", False),
        ("", f"GenieKey {SECRET}", False),
    ],
)
def test_a_header_may_have_a_word_before_the_secret(prefix: str, value: str, expected: bool) -> None:
    one = replace(integration(auth=AuthKind.HEADER), header="Authorization", prefix=prefix)

    assert lets_in(one, {"authorization": value}) is expected


def test_an_integration_takes_every_way_it_names_and_no_other() -> None:
    one = replace(integration(auth=AuthKind.HMAC, scheme=HmacScheme()), also=(AuthKind.BASIC, AuthKind.PATH))
    signed = {"x-tandem-signature": "sha256=" + digest(SECRET.encode(), BODY).hex()}

    assert lets_in(one, signed)
    assert lets_in(one, {"authorization": basic("any", SECRET)})
    assert lets_in(one, {}, path=SECRET)
    assert not lets_in(one, {"authorization": f"Bearer {SECRET}"})
    assert not lets_in(one, {}, query=f"key={SECRET}")
    assert not lets_in(one, {}, path="wrong")


def test_a_wrong_secret_in_the_path_is_not_forgiven_for_a_right_header_where_no_path_is_taken() -> None:
    assert not lets_in(integration(), {"authorization": f"Bearer {SECRET}"}, path="wrong")


@pytest.mark.parametrize("name", QUERY_NAMES)
def test_every_parameter_that_may_hold_a_secret_is_kept_out_of_logs(name: str) -> None:
    said = redact(f"GET /v1/alerts/gcp?a=1&{name}={SECRET}&b=2 failed")

    assert SECRET not in said
    assert "a=1" in said
    assert "b=2" in said


def test_what_is_kept_of_a_query_is_without_the_secret() -> None:
    one = replace(integration(auth=AuthKind.QUERY), parameter="key")

    assert without_secret(one, f"host=a&key={SECRET}&k%65y={SECRET}&title=b") == "host=a&title=b"
    assert without_secret(integration(), "key=a") == "key=a"


def test_no_repr_of_an_integration_shows_a_secret_or_a_digest() -> None:
    kept = secret(SECRET)
    one = integration(secrets=(kept,))

    assert SECRET not in repr(one)
    assert repr(kept.digest) not in repr(one)


@given(query=st.text(max_size=300), value=st.text(max_size=100), kinds=st.lists(st.sampled_from(AuthKind), max_size=4))
def test_nothing_odd_gets_in_or_breaks_it(query: str, value: str, kinds: list[AuthKind]) -> None:
    one = replace(integration(auth=AuthKind.QUERY, scheme=HmacScheme()), also=tuple(kinds))

    assert not lets_in(one, {"authorization": value, "x-tandem-key": value}, query=query, path=value)
    assert isinstance(without_secret(one, query), str)
