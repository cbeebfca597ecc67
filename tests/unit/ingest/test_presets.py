"""Each vendor's signature, made by code that is not ours, is let in as its preset says, and nothing near it is."""

from __future__ import annotations

import base64
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tandem.errors import Refused
from tandem.model.integration import AuthKind, HmacScheme, Integration
from tandem.model.signing import PRESETS, base_string, problems
from tandem.policy import ways_in
from tandem_ingest.signature import verify
from tests.support.integrations import digest, integration, secret, unix
from tests.support.vendor_signers import SIGNERS

NOW = datetime(2026, 11, 20, 9, 0, tzinfo=UTC)
PLAIN = "a-key-of-the-vendor-0123456789"
WHSEC = "whsec_" + base64.b64encode(b"k" * 32).decode()
STAMPED = [name for name, scheme in PRESETS.items() if "{ts}" in base_string(scheme.signed)]
BODIES = st.text(st.characters(codec="utf-8"), max_size=200).map(str.encode)


def key_of(name: str) -> str:
    return WHSEC if name in {"standard-webhooks", "svix"} else PLAIN


def known(name: str, scheme: HmacScheme | None = None) -> Integration:
    return integration(auth=AuthKind.HMAC, scheme=scheme or PRESETS[name], secrets=(secret(key_of(name)),))


def lets_in(one: Integration, headers: dict[str, str], body: bytes, now: datetime = NOW) -> bool:
    try:
        verify(one, headers, None, body, now)
    except Refused:
        return False
    return True


def test_there_is_an_independent_signer_for_every_preset() -> None:
    assert SIGNERS.keys() == PRESETS.keys()


@pytest.mark.parametrize("name", PRESETS)
def test_a_preset_is_sound(name: str) -> None:
    assert problems(PRESETS[name]) == []


@pytest.mark.parametrize("name", PRESETS)
@given(body=BODIES, changed=BODIES, flip=st.integers(0, 7))
def test_what_the_vendor_signed_is_let_in_and_nothing_else(name: str, body: bytes, changed: bytes, flip: int) -> None:
    headers = SIGNERS[name](key_of(name), body, NOW)
    other = "whsec_" + base64.b64encode(b"o" * 32).decode() if key_of(name) == WHSEC else PLAIN[::-1]

    assert lets_in(known(name), headers, body)
    assert lets_in(known(name), headers, changed) is (changed == body)
    assert not lets_in(known(name), SIGNERS[name](other, body, NOW), body)
    assert not lets_in(known(name), {key: value[:-2] for key, value in headers.items()}, body)
    if body:
        bent = bytes([body[0] ^ (1 << flip)]) + body[1:]
        assert not lets_in(known(name), headers, bent)


@pytest.mark.parametrize("name", STAMPED)
@pytest.mark.parametrize(("age", "expected"), [(0, True), (299, True), (302, False), (-299, True), (-302, False)])
def test_a_signed_instant_counts_within_the_tolerance_only(name: str, age: int, expected: bool) -> None:
    headers = SIGNERS[name](key_of(name), b"{}", NOW)

    assert lets_in(known(name), headers, b"{}", NOW + timedelta(seconds=age)) is expected


@pytest.mark.parametrize("name", STAMPED)
def test_a_replay_names_the_same_delivery_and_another_post_another(name: str) -> None:
    one, key = known(name), key_of(name)
    said = [
        verify(one, SIGNERS[name](key, body, at), None, body, NOW + timedelta(minutes=2))
        for body, at in ((b"{}", NOW), (b"{}", NOW), (b"[]", NOW + timedelta(seconds=1)))
    ]

    assert said[0] is not None
    assert said[0] == said[1]
    if name not in {"standard-webhooks", "svix"}:  # those sign an id of their own, the same here
        assert said[0] != said[2]


@pytest.mark.parametrize("name", PRESETS)
def test_our_own_test_post_is_signed_as_the_vendor_signs(name: str) -> None:
    one = known(name)
    headers = ways_in.credentials(one, key_of(name), b"{}", NOW, "test-1")

    assert lets_in(one, {key.lower(): value for key, value in headers.items()}, b"{}")


@pytest.mark.parametrize("algorithm", ["sha1", "sha256", "sha512"])
@pytest.mark.parametrize("encoding", ["hex", "base64"])
@pytest.mark.parametrize("form", ["s", "ms", "rfc3339", "auto"])
@pytest.mark.parametrize("key", ["raw", "hex", "base64"])
def test_every_choice_can_be_made_apart(algorithm: str, encoding: str, form: str, key: str) -> None:
    scheme = HmacScheme(
        signed="x|{ts}|{body}|y", timestamp_header="X-T", algorithm=algorithm, encoding=encoding,
        timestamp_format=form, key_encoding=key,
    )  # fmt: skip
    shown = {"raw": PLAIN, "hex": b"secret-of-sixteen".hex(), "base64": base64.b64encode(b"secret-of-sixteen").decode()}
    one = integration(auth=AuthKind.HMAC, scheme=scheme, secrets=(secret(shown[key]),))

    headers = ways_in.credentials(one, shown[key], b"{}", NOW, "")

    assert problems(scheme) == []
    assert lets_in(one, {name.lower(): value for name, value in headers.items()}, b"{}")
    assert not lets_in(one, {name.lower(): value for name, value in headers.items()}, b"{} ")


@pytest.mark.parametrize(
    ("form", "stamp", "expected"),
    [
        ("s", unix(NOW), True),
        ("s", unix(NOW) + "000", False),
        ("s", NOW.isoformat(), False),
        ("ms", unix(NOW) + "000", True),
        ("ms", unix(NOW), False),
        ("rfc3339", "2026-11-20T09:00:00Z", True),
        ("rfc3339", "2026-11-20T10:00:00+01:00", True),
        ("rfc3339", unix(NOW), False),
        ("rfc3339", "", False),
        ("s", "-" + unix(NOW), False),
        ("s", "\u0661" * 10, False),
    ],
)
def test_an_instant_is_written_as_configured(form: str, stamp: str, expected: bool) -> None:
    scheme = HmacScheme(signed="ts.body", timestamp_header="X-T", timestamp_format=form)
    one = integration(auth=AuthKind.HMAC, scheme=scheme, secrets=(secret(PLAIN),))
    made = digest(PLAIN.encode(), stamp.encode("utf-8") + b"." + b"{}").hex()

    assert lets_in(one, {"x-tandem-signature": f"sha256={made}", "x-t": stamp}, b"{}") is expected


@pytest.mark.parametrize(
    "change",
    [
        {"signed": "{ts}"},
        {"signed": "{body}{body}"},
        {"signed": "nothing"},
        {"signed": "{ts}.{body}"},
        {"signed": "{id}.{body}"},
        {"algorithm": "md5"},
        {"encoding": "base32"},
        {"key_encoding": "rot13"},
        {"timestamp_format": "stardate"},
        {"header": "X Bad"},
        {"timestamp_header": "X-T"},
        {"tolerance": timedelta(0)},
    ],
)
def test_a_scheme_that_cannot_be_meant_is_told(change: dict[str, Any]) -> None:
    assert problems(replace(HmacScheme(), **change))


@pytest.mark.parametrize("change", [{"algorithm": "md5"}, {"signed": "{ts}"}, {"signed": ""}])
@given(signature=st.text(max_size=80))
def test_and_lets_nobody_in_if_it_is_stored_all_the_same(change: dict[str, Any], signature: str) -> None:
    one = known("tandem", replace(HmacScheme(), **change))

    assert not lets_in(one, {"x-tandem-signature": signature}, b"")
    assert not lets_in(one, {"x-tandem-signature": "sha256=" + digest(PLAIN.encode(), b"").hex()}, b"")
