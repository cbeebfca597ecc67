"""Acknowledge tokens."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tandem.model.ownership import Party, Track
from tandem_notifier.links import AckLink, read, sign

KEY = bytes(range(32))
LINK = AckLink(
    page_id=UUID(int=1),
    incident_id=UUID(int=2),
    tenant="acme",
    party=Party.MSP,
    person="max",
    expires_at=datetime(2026, 11, 27, 3, tzinfo=UTC),
)


def test_a_token_says_what_was_signed():
    assert read(KEY, sign(KEY, LINK)) == LINK


def test_a_link_of_before_says_no_track_and_still_acknowledges():
    assert read(KEY, sign(KEY, LINK)) == replace(LINK, track=None)
    assert read(KEY, sign(KEY, replace(LINK, track=Track.SOC))) == replace(LINK, track=Track.SOC)


def test_another_key_reads_nothing():
    assert read(bytes(32), sign(KEY, LINK)) is None


def test_a_link_has_expired_at_its_instant_and_not_before():
    assert not LINK.expired(LINK.expires_at - timedelta(microseconds=1))
    assert LINK.expired(LINK.expires_at)


@pytest.mark.parametrize("place", [0, 5, -1])
def test_a_changed_token_is_none_of_ours(place: int):
    token = sign(KEY, LINK)
    at = place % len(token)

    assert read(KEY, token[:at] + ("A" if token[at] != "A" else "B") + token[at + 1 :]) is None


def test_a_token_is_url_safe_whatever_the_names_are():
    odd = replace(LINK, person="a/b?c#d é\u2028")

    token = sign(KEY, odd)

    assert set(token) <= set("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_.")
    assert read(KEY, token) == odd


@given(st.text(max_size=300))
def test_garbage_is_no_token_and_no_fault(text: str):
    assert read(KEY, text) is None
