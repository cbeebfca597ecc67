"""What people type as a filter, and cursors that nobody else can make."""

from __future__ import annotations

from datetime import UTC, datetime
from uuid import uuid4

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tandem.errors import Refused
from tandem_console.cursor import Cursor, read, write
from tandem_console.filters import MOST_TERMS, Filter, parse

KEY = b"k" * 32


def test_words_and_fields_are_told_apart():
    found = parse('owner:MSP p:p1,P2 fn:backup -host:test -noise "disk full" #26')

    assert found.any_of == {"owner": ("msp",), "priority": ("P1", "P2"), "function": ("backup",)}
    assert found.none_of == {"host": ("test",)}
    assert (found.words, found.without) == (("disk full", "#26"), ("noise",))


def test_a_field_said_twice_means_either():
    assert parse("fn:a fn:b").any_of == {"function": ("a", "b")}


@pytest.mark.parametrize("text", ["", "   ", "-", '"', '"" ""'])
def test_nothing_said_leaves_nothing_out(text):
    assert not parse(text)


def test_what_is_no_field_is_a_word():
    assert parse("http://x owner: :a").words == ("http://x", "owner:", ":a")


@given(st.text(max_size=2000))
def test_whatever_is_typed_is_a_bounded_filter(text):
    found = parse(text)

    assert isinstance(found, Filter)
    assert sum(map(len, (found.words, found.without))) <= MOST_TERMS


@given(
    st.datetimes(timezones=st.just(UTC)),
    st.uuids(),
    st.dictionaries(st.text(max_size=5), st.lists(st.text(max_size=5))),
)
def test_a_cursor_comes_back_as_it_was(at, identity, filters):
    cursor = Cursor(at, identity, filters)
    try:
        text = write(cursor, KEY)
    except UnicodeEncodeError:
        return

    assert read(text, KEY) == cursor


def test_another_key_reads_nothing():
    text = write(Cursor(datetime(2026, 1, 1, tzinfo=UTC), uuid4(), {}), KEY)

    with pytest.raises(Refused):
        read(text, b"o" * 32)


@given(st.text(max_size=300))
def test_a_made_up_cursor_is_refused(text):
    with pytest.raises(Refused):
        read(text, KEY)
