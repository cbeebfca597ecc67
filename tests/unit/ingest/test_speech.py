"""What a line of text says about severity and status: marks do, words of a sentence do not."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tandem_ingest.vendors.headline import LONGEST, headline
from tandem_ingest.vendors.monitoring.speech import level_in_name, said_in


@pytest.mark.parametrize(
    ("line", "level", "over", "rest"),
    [
        ("CRITICAL: disk full", "CRITICAL", False, "disk full"),
        ("critical - disk full", "critical", False, "disk full"),
        ("[P2] fileserver does not answer", "P2", False, "fileserver does not answer"),
        ("disk full (warning)", "warning", False, "disk full"),
        ("RESOLVED: disk full", None, True, "disk full"),
        ("[RESOLVED] [critical] db down", "critical", True, "db down"),
        ("** PROBLEM Service Alert: srv1/Disk is CRITICAL **", "CRITICAL", False, "Service Alert: srv1/Disk is"),
        ("** RECOVERY Service Alert: srv1/Disk is OK **", None, True, "Service Alert: srv1/Disk is"),
        ("DISK CRITICAL - free space: / 3 %", "CRITICAL", False, "DISK - free space: / 3 %"),
        ("critical mass is fine", None, False, "critical mass is fine"),
        ("the database is ok again", None, False, "the database is ok again"),
        ("database is NOT OK", None, False, "database is NOT OK"),
        ("CPU HIGH on srv1", None, False, "CPU HIGH on srv1"),
        ("port 443 CLOSED on fw1", None, False, "port 443 CLOSED on fw1"),
        ("LOW DISK SPACE", None, False, "LOW DISK SPACE"),
        ("up-to-date check failed", None, False, "up-to-date check failed"),
    ],
)
def test_marks_of_a_line_are_read(line: str, level: str | None, over: bool, rest: str) -> None:
    assert said_in(line) == (level, over, rest)


@given(st.text(max_size=300))
def test_any_line_has_a_reading(line: str) -> None:
    said = said_in(line)

    assert len(said.rest) <= len(line)


@pytest.mark.parametrize(
    ("name", "level"),
    [
        ("prod-critical-cpu", "critical"),
        ("P2 queue depth", "P2"),
        ("cpu-high", None),
        ("erp-db-cpu", None),
        (None, None),
    ],
)
def test_a_rules_name_says_a_severity_as_a_part_of_its_own(name: str | None, level: str | None) -> None:
    assert level_in_name(name) == level


@pytest.mark.parametrize(
    ("name", "about", "title"),
    [
        ("disk", "volume D: is full", "disk: volume D: is full"),
        ("Disk full", "disk full", "Disk full"),
        ("disk", "disk full on srv1", "disk full on srv1"),
        ("disk", "first line\nsecond", "disk: first line"),
        ("disk", None, "disk"),
        (None, "volume D: is full", "volume D: is full"),
        ("rule", '{"a": 1}', "rule"),
        (None, "", None),
    ],
)
def test_a_headline_names_the_rule_and_what_is_wrong(name: object, about: object, title: str | None) -> None:
    assert headline(name, about) == title


def test_a_long_text_is_cut_at_a_word() -> None:
    title = headline("rule", "word " * 100)

    assert title is not None
    assert title.endswith("word …")
    assert len(title) <= len("rule: ") + LONGEST + 2
