"""Texts are harmless after the edge, and instants are what the vendor stated or nothing."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tandem_ingest import text, times

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
AT = datetime(2026, 11, 20, 3, 12, 44, 101000, tzinfo=UTC)


@given(st.text(st.characters(codec=None)), st.integers(1, 50))
def test_a_line_is_one_bounded_storable_line(value: str, limit: int) -> None:
    clean, altered = text.line(value, limit)

    assert len(clean) <= limit
    assert clean == clean.strip()
    assert not set(clean) & {chr(c) for c in (*range(32), *range(127, 160), 0x2028, 0x2029, 0x202E, 0xFEFF)}
    clean.encode()
    assert altered or clean == value.strip()


@given(st.text(st.characters(codec=None)))
def test_cleaning_twice_changes_nothing_more(value: str) -> None:
    once, _ = text.line(value, 40)

    assert text.line(once, 40) == (once, False)


@pytest.mark.parametrize(
    "value", ["Größe überschritten", "磁盘已满", "قرص ممتلئ", "disk 🔥 full", "a\u00a0b", "e\u0301"]
)
def test_every_language_and_emoji_pass_unaltered(value: str) -> None:
    assert text.line(value, 100) == (value, False)


@given(st.text(st.characters(codec=None)), st.text(st.characters(max_codepoint=0x80)), st.integers(0, 300))
def test_printable_is_what_python_says_it_is_for_texts_of_any_length(odd: str, ascii_: str, padding: int) -> None:
    for value in (odd + "x" * padding, "x" * padding + ascii_, ascii_ + "x" * padding + odd):
        assert text.printable(value) == value.isprintable()


@pytest.mark.parametrize("char", [*map(chr, range(0x100)), "\u2028", "\ud800", "\ufeff"])
def test_printable_looks_at_every_character_of_a_long_text(char: str) -> None:
    assert text.printable("x" * 500 + char) == char.isprintable()


def test_a_block_keeps_its_lines() -> None:
    assert text.block("a\r\nb\tc\x00d\re", 100) == ("a\nb c d\ne", True)


@given(st.text(min_size=256), st.text(min_size=256))
def test_long_dedup_keys_stay_apart(one: str, other: str) -> None:
    assert (text.key(one)[0] == text.key(other)[0]) == (one.strip() == other.strip())


@pytest.mark.parametrize(
    "value",
    [
        "2026-11-20T03:12:44.101+0000",
        "2026-11-20T03:12:44.101Z",
        "2026-11-20T03:12:44.1010000Z",
        "2026-11-20T03:12:44.101000000+00:00",
        "2026-11-20T03:12:44.101+00:00Z",  # PagerDuty's own client
        "2026-11-20 04:12:44,101+01",
        "2026-11-19T22:12:44.101-05:00",
        "2026-11-20 03:12:44.101 UTC",
        " 2026-11-20t03:12:44.101z ",
        1795144364.101,
        1795144364101,
        1795144364101000,
        1795144364101000000,
        "1795144364.101",
        "1795144364101",
    ],
)
def test_odd_forms_of_one_instant_are_one_instant(value: object) -> None:
    assert times.parse(value) == AT


@pytest.mark.parametrize(
    "value",
    [
        "0001-01-01T00:00:00Z", "1970-01-01T00:00:00Z", 0, -5, "", "yesterday", "2026-11-20", "2026-13-01T00:00:00Z",
        "2026-11-20T25:00:00Z", "2026-11-20T03:12:44", True, None, [], {}, float("nan"), float("inf"), 10**30, 10**400,
        "9" * 60, "2026-11-20T03:12:44+99:00", "9999-12-31T23:59:59-23:59", "٢٠٢٦-11-20T03:12:44Z", "x" * 10_000,
    ],
)  # fmt: skip
def test_what_states_no_instant_is_none(value: object) -> None:
    assert times.parse(value) is None


def test_a_time_without_a_zone_is_in_the_vendors_zone_when_it_has_one() -> None:
    paris = timezone(timedelta(hours=1))

    assert times.parse("2026-11-20 04:12:44.101", zone=paris) == AT


def test_a_leap_second_is_the_second_after() -> None:
    assert times.parse("2016-12-31T23:59:60Z") == datetime(2017, 1, 1, tzinfo=UTC)


@given(st.integers(631_152_000_000_000, 7_258_118_400_000_000).map(lambda us: EPOCH + timedelta(microseconds=us)))
def test_what_python_writes_is_read_back(at: datetime) -> None:
    assert times.parse(at.isoformat()) == at
    assert times.parse(int((at - EPOCH) / timedelta(seconds=1))) == at.replace(microsecond=0)


@given(st.text() | st.floats() | st.integers())
def test_no_value_breaks_it(value: object) -> None:
    found = times.parse(value)

    assert found is None or found.utcoffset() == timedelta(0)
