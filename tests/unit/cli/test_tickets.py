"""Tickets of another system beside what was decided: tolerant about headers, strict about size, clear about faults."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tandem.cli.tickets import (
    LARGEST_FILE,
    Routed,
    Ticket,
    compare,
    differs_in_owner,
    differs_in_priority,
    read_tickets,
)
from tandem.errors import Refused
from tandem.model.ownership import Owner, Party
from tandem.model.priority import Priority

NEWARK = ZoneInfo("America/New_York")
PARTIES = {"internal": Party.INTERNAL, "msp": Party.MSP, "brightwater it": Party.MSP, "chloe nguyen": Party.INTERNAL}
NINE = datetime(2026, 11, 20, 14, 0, tzinfo=UTC)


def read(text: str) -> list[Ticket]:
    return list(read_tickets(text.encode(), NEWARK, PARTIES).tickets)


def routed(title: str = "Volume C: is full", **fields: Any) -> Routed:
    usual: dict[str, Any] = {
        "received_at": NINE,
        "host": "nw-file-02",
        "function": "servers",
        "row": "servers",
        "owner": Owner.INTERNAL,
        "responsible": Party.INTERNAL,
        "priority": Priority.P2,
    }
    return Routed(title=title, **{**usual, **fields})


@pytest.mark.parametrize(
    "header",
    [
        "opened,title,host,owner,priority",
        "Created At,Summary,Device,Assignee Party,Prio",
        "OPEN TIME;Short description;Configuration item;Team;Severity",
        "\ufeffopened_at\tname\thostname\tassigned_to\turgency",
    ],
)
def test_headers_and_delimiters_are_taken_as_they_come(header: str):
    delimiter = next(char for char in ",;\t" if char in header)
    row = delimiter.join(["2026-11-20 09:00", "Disk full", "nw-file-02", "Brightwater IT", "2 - High"])

    (ticket,) = read(f"{header}\n{row}\n")

    assert (ticket.opened, ticket.host, ticket.party, ticket.priority) == (NINE, "nw-file-02", Party.MSP, Priority.P2)


@pytest.mark.parametrize(
    "text",
    ["2026-11-20T14:00:00Z", "2026-11-20 09:00", "11/20/2026 9:00 AM", "11/20/2026 09:00", "20.11.2026 09:00"],
)
def test_times_without_an_offset_are_the_clients(text: str):
    assert read(f"opened,title\n{text},x y\n")[0].opened == NINE


@pytest.mark.parametrize(
    ("said", "meant"),
    [
        ("1", "P1"),
        ("P3", "P3"),
        ("Critical", "P1"),
        ("Priority 4 - Low", "P4"),
        ("normal", "P3"),
        ("?", None),
        ("", None),
    ],
)
def test_priorities_are_read_from_numbers_and_words(said: str, meant: str | None):
    (ticket,) = read(f"opened,title,priority\n2026-11-20 09:00,x,{said}\n")

    assert ticket.priority == (Priority(meant) if meant else None)


def test_a_row_that_cannot_be_read_is_named_and_left_out():
    found = read_tickets(b"opened,title\nyesterday,disk\n2026-11-20 09:00,switch\n,\n", NEWARK, PARTIES)

    assert [ticket.title for ticket in found.tickets] == ["switch"]
    assert found.unreadable == ("line 2: 'yesterday' is not a time; write it like 2026-11-20 14:05",)


@pytest.mark.parametrize(
    ("data", "said"),
    [
        (b"", "there is no column 'opened'; the first line has: nothing"),
        (b"opend,title\n", "there is no column 'opened'; the first line has: opend, title; did you mean \"opened\"?"),
        (b"opened,colour\n", "there is no column 'title'; the first line has: opened, colour"),
        (b"opened,title\n\xff\xfe,x\n", "the file is not UTF-8: export it as CSV UTF-8"),
        (b"opened,title\n2026-11-20," + b"x" * 20_000, "field larger than field limit (10000)"),
        (b"x" * (LARGEST_FILE + 1), "the file is larger than 20 MiB: export a shorter period"),
        (b"opened,title\n" + b"2026-11-20 09:00,x\n" * 50_001, "more than 50000 rows: export a shorter period"),
    ],
    ids=["empty", "misspelt", "no title", "no text", "long field", "huge", "many rows"],
)
def test_what_is_no_export_is_refused_in_words(data: bytes, said: str):
    with pytest.raises(Refused) as refused:
        read_tickets(data, NEWARK, PARTIES)

    assert said in str(refused.value)


@given(data=st.binary(max_size=300))
def test_any_bytes_are_read_or_refused(data: bytes):
    try:
        found = read_tickets(b"opened,title,host,owner,priority\n" + data, NEWARK, PARTIES)
    except Refused:
        return
    assert all(ticket.opened.tzinfo is UTC for ticket in found.tickets)


def ticket(title: str = "disk", host: str | None = None, minutes: float = 5, **fields: Any) -> Ticket:
    usual: dict[str, Any] = {"line": 2, "id": "1", "party": None, "priority": None}
    return Ticket(title=title, host=host, opened=NINE + timedelta(minutes=minutes), **{**usual, **fields})


def test_the_host_brings_a_ticket_to_its_alert_whatever_the_words():
    alerts = [
        routed("Backup failed", host="nw-veeam"),
        routed("Volume C: is full", host="NW-FILE-02.northwind.example"),
    ]

    ((_, found),) = compare([ticket("no space left", host="nw-file-02")], alerts)

    assert found is alerts[1]


def test_a_host_in_the_title_counts_too():
    ((_, found),) = compare([ticket("Users cannot save to nw-file-02")], [routed()])

    assert found is not None


def test_words_bring_them_together_where_no_host_says_it():
    alerts = [routed("Backup job nightly failed", host=None), routed("Coffee machine telemetry lost", host=None)]

    ((_, found),) = compare([ticket("backup nightly failed again")], alerts)

    assert found is alerts[0]


@pytest.mark.parametrize("minutes", [-31, 241])
def test_what_is_too_far_apart_in_time_is_not_the_same(minutes: float):
    assert compare([ticket(host="nw-file-02", minutes=minutes)], [routed()])[0][1] is None


def test_two_hosts_are_two_things_however_alike_the_words():
    assert compare([ticket("Volume C: is full", host="nw-file-03")], [routed()])[0][1] is None


def test_of_several_alerts_the_nearest_counts():
    alerts = [routed(received_at=NINE - timedelta(hours=2)), routed(received_at=NINE), routed(received_at=NINE)]

    assert compare([ticket(host="nw-file-02")], alerts)[0][1] is not alerts[0]


@pytest.mark.parametrize(
    ("party", "owner", "responsible", "differs"),
    [
        (Party.MSP, Owner.INTERNAL, Party.INTERNAL, True),
        (Party.MSP, Owner.INTERNAL, Party.MSP, False),  # the MSP stood in at night
        (Party.INTERNAL, Owner.INTERNAL, Party.MSP, False),
        (Party.INTERNAL, Owner.SHARED, Party.MSP, False),
        (Party.INTERNAL, Owner.MSP, Party.MSP, True),
        (None, Owner.MSP, Party.MSP, False),
    ],
)
def test_an_owner_differs_where_the_decision_gives_that_party_nothing_to_do(
    party: Party | None, owner: Owner, responsible: Party, differs: bool
):
    assert differs_in_owner(ticket(party=party), routed(owner=owner, responsible=responsible)) is differs


def test_a_priority_differs_only_where_both_say_one():
    assert differs_in_priority(ticket(priority=Priority.P3), routed())
    assert not differs_in_priority(ticket(priority=Priority.P2), routed())
    assert not differs_in_priority(ticket(), routed())
