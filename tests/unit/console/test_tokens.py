"""API tokens: written once, recognised when whole, refused when anything about them is off."""

from __future__ import annotations

from hashlib import sha256

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tandem_console import tokens

TOKEN = tokens.write(b"i" * 8, b"s" * 32)


@given(st.binary(min_size=8, max_size=8), st.binary(min_size=32, max_size=32))
def test_what_is_written_is_read_back_as_id_and_hash(identity, secret):
    read = tokens.read(tokens.write(identity, secret))

    assert read == tokens.TokenText(identity.hex(), sha256(secret).digest())


def test_a_token_shows_what_it_is_and_has_one_length():
    assert TOKEN.startswith("tdm_")
    assert len(TOKEN) == tokens.LENGTH


@given(st.integers(4, tokens.LENGTH - 1), st.sampled_from("0123456789abcdef"))
def test_one_changed_character_is_noticed_without_asking_anybody(place, char):
    changed = TOKEN[:place] + char + TOKEN[place + 1 :]

    assert (tokens.read(changed) is not None) == (changed == TOKEN)


@pytest.mark.parametrize(
    "text",
    ["", "tdm_", TOKEN[:-1], TOKEN + "0", TOKEN.upper(), " " + TOKEN[1:], "\x00" * tokens.LENGTH, "ⅷ" * tokens.LENGTH],
)
def test_what_is_no_token_is_none(text):
    assert tokens.read(text) is None
