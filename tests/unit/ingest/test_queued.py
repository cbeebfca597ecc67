"""What waits its turn: who is told of it, and what is done when it cannot be kept."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime

import pytest
from structlog.testing import capture_logs

from tandem.bus import topics
from tandem.bus.port import Record
from tandem.db.write import Writes
from tandem.errors import Unavailable
from tandem_ingest.waiting.table import URGENCY, WAITING
from tandem_ingest.waiting.turns import Queued
from tests.support.fake_bus import FakeBus

NOW = datetime(2026, 12, 1, 9, 0, tzinfo=UTC)
RECORD = Record(topics.ALERTS.name, "acme/disk", b"an alert", {URGENCY: "0"})


class Table:
    """Keeps what is put, or is away."""

    def __init__(self) -> None:
        self.kept: list[Record] = []
        self.away = False

    async def put(self, records: Sequence[Record]) -> None:
        if self.away:
            raise Unavailable("database", "refused")
        self.kept.extend(records)


@pytest.mark.parametrize(("tell", "told"), [(True, 1), (False, 0)])
def test_a_commit_tells_the_others_only_where_there_are_some(tell: bool, told: int) -> None:
    writes = Writes()

    WAITING.put(writes, [RECORD, RECORD], NOW, tell=tell)

    assert writes.count(WAITING.insert) == 2
    assert writes.count(WAITING.tell) == told


async def test_who_lets_go_in_this_process_hears_of_what_waits_without_the_database() -> None:
    table, heard = Table(), []

    await Queued(table, FakeBus(), put=lambda: heard.append(len(table.kept))).append([RECORD])

    assert heard == [1]


async def test_what_cannot_be_kept_goes_to_the_bus_without_its_mark_and_nobody_is_told() -> None:
    table, bus, heard = Table(), FakeBus(), []
    table.away = True

    await Queued(table, bus, put=lambda: heard.append(1)).append([RECORD])

    assert [(each.key, each.value, each.headers) for each in bus.records] == [(RECORD.key, RECORD.value, None)]
    assert heard == []


async def test_a_log_says_once_that_alerts_do_not_wait_and_once_that_they_do_again() -> None:
    table = Table()
    queued = Queued(table, FakeBus())

    with capture_logs() as said:
        for table.away in (False, True, True, False, False, True):
            await queued.append([RECORD])

    direct, waiting = "alerts that should wait go straight to the bus", "alerts wait again"
    assert [line["event"] for line in said] == [direct, waiting, direct]
