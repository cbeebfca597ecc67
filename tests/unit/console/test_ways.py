"""Ways in as the page shows them: counts, hours, what is copied, the way of a test, a vendor's page."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import uuid4

import pytest

from tandem.model.integration import AuthKind, HmacScheme, Integration
from tandem_console import ways
from tandem_console.alert import Traced
from tandem_console.pages.markdown import rendered
from tandem_console.travel import is_over, stages
from tandem_console.way_shown import how, shown
from tandem_console.ways import Known, by_hour, overview

NOW = datetime(2026, 11, 20, 15, 20, tzinfo=UTC)
BASE = "https://in.example/v1/alerts/acme-ninja"


def known(**changes: Any) -> Known:
    way = {"name": "a", "tenant": "acme", "vendor": "x", "auth": "bearer", "counted_at": None, **changes}
    return Known(ways=[way], counts=[], seen=[], secrets=[], gaps={})


def way(auth: AuthKind, **changes: Any) -> Integration:
    return Integration(name="acme-ninja", tenant="acme", vendor="ninjaone", auth=auth, **changes)


def test_a_way_in_that_never_brought_anything_has_no_last_event():
    [found] = overview(known(), NOW)

    assert (found["last_event_at"], found["refused"], found["secrets"]) == (None, 0, [])


def test_the_last_event_is_the_latest_of_what_was_seen_and_what_was_counted():
    minute = NOW - timedelta(days=3)
    [counted] = overview(known(counted_at=minute), NOW)

    assert counted["last_event_at"] == minute


def test_whatever_is_neither_taken_nor_unreadable_was_refused():
    counts = {"accepted": 5, "duplicate": 1, "quarantined": 2, "unauthenticated": 3, "refused_rate": 4, "new_word": 1}

    assert ways.refused(counts) == 8


def test_a_day_has_24_hours_also_those_in_which_nothing_came():
    rows = [
        {"hour": NOW.replace(minute=0), "result": "accepted", "n": 7},
        {"hour": NOW.replace(minute=0) - timedelta(hours=2), "result": "unauthenticated", "n": 3},
        {"hour": NOW.replace(minute=0) - timedelta(hours=30), "result": "accepted", "n": 99},
    ]

    day = by_hour(rows, NOW)

    assert len(day) == 24
    assert [hour.total for hour in day[-3:]] == [3, 0, 7]
    assert sum(hour.total for hour in day) == 10


@pytest.mark.parametrize(
    ("made", "address", "headers", "part"),
    [
        (way(AuthKind.BEARER), BASE, ("Authorization: Bearer YOUR-SECRET",), "-H 'Authorization: Bearer YOUR-SECRET'"),
        (
            way(AuthKind.BASIC, user="am"),
            BASE,
            ("Authorization: Basic (base64 of am:YOUR-SECRET)",),
            "-u 'am:YOUR-SECRET'",
        ),
        (way(AuthKind.PATH), f"{BASE}/YOUR-SECRET", (), f"'{BASE}/YOUR-SECRET'"),
        (way(AuthKind.QUERY, parameter="token"), f"{BASE}?token=YOUR-SECRET", (), "?token=YOUR-SECRET"),
        (
            way(AuthKind.HMAC, hmac=HmacScheme()),
            BASE,
            ("X-Tandem-Signature: made by the tool with the secret",),
            "-hmac 'YOUR-SECRET'",
        ),
    ],
)
def test_what_is_copied_has_a_word_where_the_secret_goes(made, address, headers, part):
    found = shown(made, BASE)

    assert (found.address, found.headers) == (address, headers)
    assert part in found.curl
    assert how(made)


def test_where_amazon_signs_there_is_nothing_to_copy_but_the_address():
    found = shown(way(AuthKind.SNS), BASE)

    assert (found.address, found.headers, found.curl) == (BASE, (), "")


def test_a_test_that_was_put_aside_has_failed():
    found = Traced(put_aside={"id": uuid4(), "service": "router", "at": NOW, "reason": "poison"})

    said = stages(found)

    assert [(stage.stage, stage.ok) for stage in said] == [("accepted", False)]
    assert is_over(said)


def test_a_test_that_nothing_is_stored_of_yet_is_on_its_way():
    said = stages(None)

    assert [stage.ok for stage in said] == [None, None, None]
    assert not is_over(said)


def test_a_vendors_page_loses_its_title_and_links_that_lead_nowhere_and_no_html_of_it_runs():
    page = rendered(
        "# Tool\n\nSee [ours](other.md), [theirs](https://example.com/a), [bad](javascript:alert(1)),"
        " <script>x</script> ![p](x.png)\n\n## More\n\n| a | b |\n|---|---|\n| 1 | 2 |\n\n```sh\ncurl '<x>'\n```\n"
    )

    assert "Tool" not in page
    assert "other.md" not in page
    assert "See ours" in page
    assert '<a href="https://example.com/a" rel="noreferrer noopener">theirs</a>' in page
    assert "<script>" not in page
    assert 'href="javascript' not in page
    assert "<img" not in page
    assert "<h4>More</h4>" in page
    assert "<td>1</td>" in page
    assert "&lt;x&gt;" in page
