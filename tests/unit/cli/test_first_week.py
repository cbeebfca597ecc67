"""A client's first week as a report: whose, what nobody mapped, who would have been woken by their own clock."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

from tandem.cli.first_week import MOST_SHOWN, WouldHavePaged, names_of, summary, tables
from tandem.cli.tickets import Routed, Ticket, Tickets
from tandem.model.ownership import Owner, Party
from tandem.model.priority import Priority
from tests.unit.router.world import agreement

ACME = agreement()
MONDAY = datetime(2026, 11, 16, tzinfo=UTC)
WEEK = (MONDAY, MONDAY + timedelta(days=7))


def routed(minutes: float = 0, **fields: Any) -> Routed:
    usual: dict[str, Any] = {
        "received_at": MONDAY + timedelta(minutes=minutes),
        "title": "Disk full",
        "host": "fs1",
        "function": "storage",
        "row": "storage",
        "owner": Owner.INTERNAL,
        "responsible": Party.INTERNAL,
        "priority": Priority.P2,
    }
    return Routed(**{**usual, **fields})


def woken(person: str, at: datetime, **fields: Any) -> WouldHavePaged:
    usual: dict[str, Any] = {"party": Party.INTERNAL, "track": "ops", "step": 0}
    return WouldHavePaged(person=person, at=at, **{**usual, **fields}, number=1, priority="P2", title="Disk full")


def test_alerts_are_counted_by_owner_and_function_the_most_first():
    alerts = [routed(), routed(priority=Priority.P4), routed(owner=Owner.MSP, function="mail")]

    said = summary(ACME, WEEK, alerts, [])

    assert said["by_owner_and_function"] == [
        {"owner": "internal", "function": "storage", "alerts": 2, "p1_p2": 1},
        {"owner": "msp", "function": "mail", "alerts": 1, "p1_p2": 1},
    ]


def test_what_nobody_mapped_is_listed_by_its_words():
    odd = [routed(n, row="safety", function="unmapped", title="Coffee cold", host=f"k{n}") for n in range(3)]

    said = summary(ACME, WEEK, [routed(), *odd], [])

    (row,) = said["unmapped"]
    assert (row["title"], row["alerts"], row["host"], row["last"]) == ("Coffee cold", 3, "k2", odd[2].received_at)


def test_nights_are_those_of_the_persons_own_clock():
    tokyo = {**ACME.people, "ann": ACME.people["ann"].model_copy(update={"zone": "Asia/Tokyo"})}
    made = replace(ACME, people=tokyo)
    at = datetime(2026, 11, 17, 8, 0, tzinfo=UTC)  # 03:00 in New York, 17:00 in Tokyo

    said = summary(made, WEEK, [], [woken("ann", at), woken("bob", at)])

    assert [(page["person"], page["local"], page["night"]) for page in said["would_have_paged"]] == [
        ("ann", "Tue 2026-11-17 17:00", False),
        ("bob", "Tue 2026-11-17 03:00", True),
    ]
    assert said["pages_per_person_and_night"] == [{"person": "bob", "night": "2026-11-16", "pages": 1}]


def test_several_channels_of_one_rung_wake_once():
    at = MONDAY + timedelta(hours=8)

    said = summary(
        ACME, WEEK, [], [woken("bob", at), woken("bob", at), woken("bob", at + timedelta(minutes=5), step=1)]
    )

    assert said["would_have_paged_times"] == 2


def test_lists_are_cut_and_say_how_long_they_are():
    pages = [woken("bob", MONDAY + timedelta(minutes=minute)) for minute in range(MOST_SHOWN + 5)]

    said = summary(ACME, WEEK, [], pages)

    assert (len(said["would_have_paged"]), said["would_have_paged_times"]) == (MOST_SHOWN, MOST_SHOWN + 5)


def test_a_ticket_that_says_otherwise_is_shown_with_both_sides():
    theirs = Ticket(
        line=2,
        id="T-7",
        opened=MONDAY + timedelta(minutes=10),
        title="fs1 is full",
        host="fs1",
        party=Party.MSP,
        priority=Priority.P4,
    )
    other = replace(theirs, id="T-8", host="nobody", title="toner")

    said = summary(ACME, WEEK, [routed()], [], Tickets((theirs, other), ("line 9: no",)))["tickets"]

    assert (said["read"], said["matched"], said["without_an_alert"], said["differ"], said["unreadable"]) == (
        2,
        1,
        1,
        1,
        1,
    )
    (row,) = said["differences"]
    assert (row["ticket"], row["differs_in"], row["their_owner"], row["our_owner"]) == (
        *("T-7", "owner and priority", "msp", "internal"),
    )


def test_an_export_may_call_the_parties_by_their_names_their_people_and_their_provider():
    names = names_of(ACME)

    assert (names["acme it"], names["ann"], names["mo"], names["brightwater"]) == (
        *(Party.INTERNAL, Party.INTERNAL, Party.MSP, Party.MSP),
    )


def test_the_tables_for_people_name_every_part():
    said = summary(ACME, WEEK, [routed()], [woken("bob", MONDAY)], Tickets((), ()))

    headings = [heading for heading, _, _ in tables(said)]
    assert headings[0] == "Alerts by owner and function"
    assert headings[-1].startswith("Tickets: 0 read")
    assert all(set(columns) <= set(row) for _, rows, columns in tables(said) for row in rows)
