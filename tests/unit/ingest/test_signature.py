"""A post is let in when it proves its integration, and every other post gets the same refusal."""

from __future__ import annotations

import base64
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st
from standardwebhooks import Webhook

from tandem.errors import Reason, Refused
from tandem.model.integration import AuthKind, HmacScheme, Integration
from tandem_ingest.signature import verify
from tests.support.integrations import STANDARD_WEBHOOKS, basic, digest, integration, secret, unix

NOW = datetime(2026, 11, 20, 9, 0, tzinfo=UTC)
BODY = b'{"title":"Disk full"}'
SECRET = "s3cret-of-this-integration"
OTHER = "another-secret-altogether"
WHSEC = "whsec_" + base64.b64encode(b"k" * 32).decode()


def lets_in(known: Integration | None, headers: dict[str, str], *, path: str | None = None, body: bytes = BODY) -> bool:
    try:
        verify(known, headers, path, body, NOW)
    except Refused as refusal:
        return refusal.reason is not Reason.UNAUTHENTICATED
    return True


WRONG_SECRETS = {
    "wrong": OTHER,
    "empty": "",
    "truncated": SECRET[:-1],
    "doubled": SECRET * 2,
    "sent twice": f"{SECRET}, {SECRET}",
    "with a NUL": f"{SECRET}\0",
    "in capitals": SECRET.upper(),
    "with a surrogate": f"{SECRET}\ud800",
}
WAYS = {
    AuthKind.BEARER: lambda shown: ({"authorization": f"Bearer {shown}"}, None),
    AuthKind.HEADER: lambda shown: ({"x-tandem-key": shown}, None),
    AuthKind.PATH: lambda shown: ({}, shown),
}


@pytest.mark.parametrize("auth", WAYS)
def test_the_right_secret_is_let_in(auth: AuthKind) -> None:
    headers, path = WAYS[auth](SECRET)

    assert lets_in(integration(auth=auth), headers, path=path)


@pytest.mark.parametrize("auth", WAYS)
@pytest.mark.parametrize("how", WRONG_SECRETS)
def test_a_secret_that_is_not_exactly_right_is_refused(auth: AuthKind, how: str) -> None:
    headers, path = WAYS[auth](WRONG_SECRETS[how])

    assert not lets_in(integration(auth=auth), headers, path=path)


@pytest.mark.parametrize("auth", AuthKind)
def test_a_post_without_credentials_is_refused(auth: AuthKind) -> None:
    assert not lets_in(integration(auth=auth, scheme=HmacScheme()), {})


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (basic("am", SECRET), True),
        (basic("am", SECRET).replace("Basic", "basic"), True),
        (basic("other", SECRET), False),
        (basic("am", OTHER), False),
        ("Basic !!!", False),
        ("Basic", False),
        (f"Bearer {SECRET}", False),
    ],
)
def test_basic_needs_the_user_and_the_secret(value: str, expected: bool) -> None:
    assert lets_in(integration(auth=AuthKind.BASIC, user="am"), {"authorization": value}) is expected


def test_basic_without_a_configured_user_takes_any() -> None:
    assert lets_in(integration(auth=AuthKind.BASIC), {"authorization": basic("whoever", SECRET)})


def test_an_unknown_and_a_disabled_integration_are_refused_in_the_same_words() -> None:
    headers = {"authorization": f"Bearer {SECRET}"}
    said = []
    for known in (None, integration(enabled=False), integration(secrets=(secret(OTHER),))):
        with pytest.raises(Refused) as caught:
            verify(known, headers, None, BODY, NOW)
        said.append(str(caught.value))

    assert len(set(said)) == 1


def test_while_rotating_both_secrets_are_valid_until_the_old_one_expires() -> None:
    old, new = secret(SECRET, expires_at=NOW + timedelta(seconds=1)), secret(OTHER)
    expired = secret(SECRET, expires_at=NOW)

    assert lets_in(integration(secrets=(old, new)), {"authorization": f"Bearer {SECRET}"})
    assert lets_in(integration(secrets=(old, new)), {"authorization": f"Bearer {OTHER}"})
    assert not lets_in(integration(secrets=(expired, new)), {"authorization": f"Bearer {SECRET}"})


def test_a_secret_in_the_path_counts_only_where_it_is_configured() -> None:
    assert not lets_in(integration(), {"authorization": f"Bearer {SECRET}"}, path=SECRET)
    assert not lets_in(integration(auth=AuthKind.PATH), {"authorization": f"Bearer {SECRET}"})


# --- signatures --------------------------------------------------------------------------------------------------

SCHEMES = {
    "body": (HmacScheme(), lambda ts: BODY),
    "ts.body": (HmacScheme(signed="ts.body", timestamp_header="X-T"), lambda ts: ts.encode() + b"." + BODY),
    "ts:body": (HmacScheme(signed="ts:body", timestamp_header="X-T"), lambda ts: ts.encode() + b":" + BODY),
    "body+ts": (HmacScheme(signed="body+ts", timestamp_header="X-T", encoding="base64"), lambda ts: BODY + ts.encode()),
    "ts+body": (HmacScheme(signed="ts+body", timestamp_header="X-T", prefix=""), lambda ts: ts.encode() + BODY),
}


def signed(name: str, ts: str, key: str = SECRET) -> tuple[Integration, dict[str, str]]:
    scheme, message = SCHEMES[name]
    raw = digest(key.encode(), message(ts))
    written = raw.hex() if scheme.encoding == "hex" else base64.b64encode(raw).decode()
    return integration(auth=AuthKind.HMAC, scheme=scheme), {"x-tandem-signature": scheme.prefix + written, "x-t": ts}


@pytest.mark.parametrize("name", SCHEMES)
@pytest.mark.parametrize("ts", [unix(NOW), NOW.isoformat(), "2026-11-20T09:00:00Z"])
def test_every_scheme_is_configuration(name: str, ts: str) -> None:
    assert lets_in(*signed(name, ts))


@pytest.mark.parametrize("name", SCHEMES)
def test_a_signature_of_another_key_or_another_body_is_refused(name: str) -> None:
    known, headers = signed(name, unix(NOW))

    assert not lets_in(*signed(name, unix(NOW), OTHER))
    assert not lets_in(known, headers, body=BODY + b" ")


@pytest.mark.parametrize("name", [name for name in SCHEMES if name != "body"])
@pytest.mark.parametrize(
    ("shift", "expected"),
    [
        (timedelta(minutes=-5), True),
        (timedelta(minutes=5), True),
        (timedelta(minutes=-5, seconds=-1), False),
        (timedelta(minutes=5, seconds=1), False),
        (timedelta(days=-365), False),
    ],
)
def test_a_timestamp_is_fresh_in_both_directions_or_refused(name: str, shift: timedelta, expected: bool) -> None:
    assert lets_in(*signed(name, unix(NOW, shift))) is expected


@pytest.mark.parametrize("name", [name for name in SCHEMES if name != "body"])
@pytest.mark.parametrize("ts", ["", "soon", "-1", "1e9", "NaN", "\u0661"])
def test_a_timestamp_that_is_none_is_refused(name: str, ts: str) -> None:
    assert not lets_in(*signed(name, ts))


def test_a_timestamp_changed_after_signing_is_refused() -> None:
    known, headers = signed("ts.body", unix(NOW))

    assert not lets_in(known, {**headers, "x-t": unix(NOW, timedelta(seconds=1))})


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        (lambda s: s, True),
        (lambda s: s.upper(), True),
        (lambda s: f"sha256={'0' * 64}, {s}", True),
        (lambda s: f"sha1={'0' * 40} {s}", True),
        (lambda s: s[:-1], False),
        (lambda s: s[:-2], False),
        (lambda s: s + s.removeprefix("sha256="), False),
        (lambda s: s.removeprefix("sha256="), False),
        (lambda s: s.replace("sha256=", "sha256=\0"), False),
        (lambda s: "sha256=", False),
        (lambda s: "", False),
        (lambda s: "sha256=" + "z" * 64, False),
        (lambda s: " ".join(["sha256=" + "0" * 64] * 16 + [s]), False),
    ],
)
def test_a_hex_signature_is_read_with_tolerance_for_case_only(change, expected: bool) -> None:
    known, headers = signed("body", "")

    assert lets_in(known, {"x-tandem-signature": change(headers["x-tandem-signature"])}) is expected


def test_base64_may_lack_padding_or_be_url_safe() -> None:
    known, headers = signed("body+ts", unix(NOW))
    value = headers["x-tandem-signature"]
    url_safe = value.rstrip("=").replace("+", "-").replace("/", "_")

    assert lets_in(known, {**headers, "x-tandem-signature": url_safe})
    assert not lets_in(known, {**headers, "x-tandem-signature": value + "\u00e9"})


def test_a_rotated_key_and_its_successor_both_sign() -> None:
    both = (secret(OTHER), secret(SECRET))
    _, headers = signed("body", "")

    assert lets_in(integration(auth=AuthKind.HMAC, scheme=HmacScheme(), secrets=both), headers)
    assert not lets_in(integration(auth=AuthKind.HMAC, scheme=HmacScheme(), secrets=both[:1]), headers)


def test_an_hmac_secret_without_its_key_lets_nobody_in() -> None:
    keyless = integration(auth=AuthKind.HMAC, scheme=HmacScheme(), secrets=(secret(SECRET, keyed=False),))

    for key in (b"nobody", b"", SECRET.encode()):
        assert not lets_in(keyless, {"x-tandem-signature": "sha256=" + digest(key, BODY).hex()})


def test_a_scheme_nobody_knows_lets_nobody_in() -> None:
    known = integration(auth=AuthKind.HMAC, scheme=HmacScheme(signed="nothing"))

    for message in (BODY, b""):
        assert not lets_in(known, {"x-tandem-signature": "sha256=" + digest(SECRET.encode(), message).hex()})


# --- Standard Webhooks, with its own library as the oracle -----------------------------------------------------------


def webhook(msg_id: str = "msg_1", at: datetime = NOW, key: str = WHSEC) -> dict[str, str]:
    signature = Webhook(key).sign(msg_id, at, BODY.decode())
    return {"webhook-id": msg_id, "webhook-timestamp": unix(at), "webhook-signature": signature}


STANDARD = integration(auth=AuthKind.HMAC, scheme=STANDARD_WEBHOOKS, secrets=(secret(WHSEC),))


def test_a_standard_webhook_is_let_in_and_its_id_is_the_delivery_id() -> None:
    assert verify(STANDARD, webhook(), None, BODY, NOW) == "msg_1"


def test_a_list_of_signatures_needs_one_that_fits() -> None:
    headers = webhook()
    headers["webhook-signature"] = f"v1a,xxxx v1,{base64.b64encode(b'0' * 32).decode()} {headers['webhook-signature']}"

    assert lets_in(STANDARD, headers)


@pytest.mark.parametrize(
    "change",
    [
        {"webhook-id": "msg_2"},
        {"webhook-id": ""},
        {"webhook-timestamp": unix(NOW, timedelta(seconds=9))},
        {"webhook-timestamp": ""},
        {"webhook-signature": ""},
        {"webhook-signature": "v1,"},
        {"webhook-signature": "v2," + "A" * 43 + "="},
    ],
)
def test_a_standard_webhook_with_a_changed_part_is_refused(change: dict[str, str]) -> None:
    assert not lets_in(STANDARD, {**webhook(), **change})


def test_an_id_with_a_dot_could_be_read_in_two_ways_and_is_refused() -> None:
    assert not lets_in(STANDARD, webhook("msg.1"))


@pytest.mark.parametrize("shift", [timedelta(minutes=-6), timedelta(minutes=6)])
def test_an_old_or_future_standard_webhook_is_refused(shift: timedelta) -> None:
    assert not lets_in(STANDARD, webhook(at=NOW + shift))


@given(
    headers=st.dictionaries(
        st.sampled_from(
            ["authorization", "x-tandem-key", "x-tandem-signature", "x-t", "webhook-signature", "webhook-id"]
        ),
        st.text(st.characters(codec=None), max_size=80),
    ),
    auth=st.sampled_from(AuthKind),
    scheme=st.sampled_from([None, STANDARD_WEBHOOKS, *(scheme for scheme, _ in SCHEMES.values())]),
    path=st.none() | st.text(st.characters(codec=None)),
)
def test_no_header_breaks_it_or_gets_in(headers, auth, scheme, path) -> None:
    assert not lets_in(integration(auth=auth, scheme=scheme), headers, path=path)
