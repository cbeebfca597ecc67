"""The timeline says of a page what it was: a page asks for an answer, a telling does not."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

from tandem_console.timeline import merge

NOON = datetime(2026, 11, 20, 17, tzinfo=UTC)


def page(**facts: Any) -> dict[str, Any]:
    return {
        "person": "maya-okafor",
        "party": "msp",
        "channel": "webhook",
        "reason": None,
        "state": "delivered",
        "told": False,
        "planned_at": NOON,
        "sent_at": NOON,
        "acknowledged_at": None,
        **facts,
    }


@pytest.mark.parametrize(
    ("facts", "said"),
    [
        ({}, "maya-okafor (MSP) paged by webhook"),
        ({"told": True, "person": "team"}, "team (MSP) told by webhook"),
        ({"state": "would_have_paged"}, "maya-okafor (MSP) would have been paged by webhook (observe mode)"),
        (
            {"state": "would_have_paged", "told": True},
            "maya-okafor (MSP) would have been told by webhook (observe mode)",
        ),
    ],
)
def test_a_telling_is_not_called_a_page(facts: dict[str, Any], said: str):
    assert [entry.sentence for entry in merge([], [], [page(**facts)])] == [said]
