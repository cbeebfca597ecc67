"""What Prometheus is told of the database."""

from __future__ import annotations

from tandem.app.database import measure_database
from tandem.db.link import Link
from tandem.metrics import Metrics
from tests.support.postgres import Database


async def test_size_connections_and_round_trip_are_what_the_server_says(database: Database):
    link, metrics = Link(database.dsn, "tandem_router"), Metrics()

    await measure_database(link, metrics)

    def value(name: str) -> float:
        found = metrics.registry.get_sample_value(f"tandem_database_{name}")
        assert found is not None
        return found

    assert value("bytes") > 1_000_000
    assert 1 <= value("connections") < value("connections_most")
    assert 0 < value("round_trip_seconds") < 60
    await link.close()
