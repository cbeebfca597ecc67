"""Checks for people: one word for where each stands, the worst first, backups by asset, months."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

from tandem_console import signals

NOTHING = dict.fromkeys(signals.COUNTS, 0)


def check(id: str = "c", **changes: Any) -> dict[str, Any]:
    return {
        "tenant": "acme", "id": id, "what": "heartbeat", "name": None, "asset": None, "phase": "up", "trouble": None,
        "last_signal_at": "2026-11-20T09:00:00Z", "last_success_at": None, "counts": NOTHING, **changes,
    }  # fmt: skip


@pytest.mark.parametrize(
    ("changes", "state"),
    [
        ({}, "fine"),
        ({"phase": "new", "last_signal_at": None}, "never"),
        ({"phase": "new"}, "fine"),
        ({"phase": "late"}, "late"),
        ({"phase": "started"}, "running"),
        ({"phase": "down", "trouble": "missing"}, "missing"),
        ({"phase": "down", "trouble": "failed"}, "failed"),
        ({"phase": "down", "trouble": "overdue"}, "overdue"),
        ({"phase": "paused"}, "paused"),
        ({"phase": "paused", "trouble": "missing"}, "missing"),
        ({"phase": "undeclared"}, "undeclared"),
    ],
)
def test_one_word_says_where_a_check_stands(changes: dict[str, Any], state: str) -> None:
    assert signals.state_of(check(**changes)) == state


def test_backups_come_first_then_the_worst() -> None:
    rows = [
        check("fine"),
        check("missing", trouble="missing"),
        check("backup-fine", what="backup", asset="a"),
        check("backup-failed", what="restore_test", asset="z", trouble="failed"),
    ]

    assert [row["id"] for row in signals.ordered(rows)] == ["backup-failed", "backup-fine", "missing", "fine"]


def test_rows_are_found_by_state_kind_and_words() -> None:
    rows = signals.ordered(
        [check("a", trouble="missing"), check("verify-fs01", what="backup", asset="fs01"), check("c", trouble="failed")]
    )

    def found(**changes: str) -> list[str]:
        return [row["id"] for row in signals.matching(rows, **{"state": "", "what": "", "q": "", **changes})]

    assert found(state="trouble") == ["c", "a"]
    assert found(state="missing") == ["a"]
    assert found(what="backups") == ["verify-fs01"]
    assert found(q="FS01 verify") == ["verify-fs01"]
    assert found(q="fs02") == []


def test_periods_are_summed_up_by_asset_with_trouble_first() -> None:
    rows = [
        check("v", what="backup", asset="fs01", counts={**NOTHING, "verified": 4, "late": 1}),
        check("r", what="restore_test", asset="fs01", counts={**NOTHING, "verified": 1}),
        check("s", what="backup", asset="sql01", counts={**NOTHING, "verified": 3, "missing": 1, "failed": 1}),
        check("h", counts={**NOTHING, "missing": 9}),
    ]

    assets = signals.by_asset(rows)

    assert [(row["asset"], row["verified"], row["missing"]) for row in assets] == [("sql01", 3, 1), ("fs01", 5, 0)]
    assert signals.totals(assets) == {"verified": 8, "late": 1, "failed": 1, "missing": 1}


def test_the_months_to_choose_from_reach_back_over_a_new_year() -> None:
    every = signals.periods(datetime(2027, 1, 15, tzinfo=UTC))

    assert [each.key for each in every] == ["2027-01", "2026-12", "2026-11", "2026-10", "2026-09", "2026-08"]
    assert (every[0].name, every[0].end) == ("January 2027", None)
    assert (every[1].start, every[1].end) == (datetime(2026, 12, 1, tzinfo=UTC), every[0].start)
