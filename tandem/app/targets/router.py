"""The router: the only writer of incidents."""

from __future__ import annotations

from tandem.app.database import keep_measuring_database
from tandem.app.ground import Ground
from tandem.app.lag import keep_measuring_lag
from tandem.app.maintenance import keep_backing_up, keep_trimming
from tandem.app.suppressions import keep_announcing
from tandem.app.targets.parts import Parts
from tandem.db.link import Link
from tandem_router.service import Router


async def build(ground: Ground, parts: Parts) -> None:
    """The only writer of incidents, and the chores of the log it reads."""
    stage = Router(agreements=ground.book, metrics=ground.metrics)
    parts.stages.append(stage)
    chores = Link(ground.dsn, "tandem_router", name="tandem chores")
    async with chores.use() as connection:
        await stage.observe(connection)
    if ground.bus.name == "postgres":  # on Kafka every member measures its own partitions
        watch = Link(ground.dsn, "tandem_router", name="tandem lag")
        parts.tasks.append(("lag", lambda stopping: keep_measuring_lag(watch, ground.metrics, stopping)))
    server = Link(ground.dsn, "tandem_router", name="tandem database gauges")
    parts.tasks.append(("database gauges", lambda stopping: keep_measuring_database(server, ground.metrics, stopping)))
    windows = Link(ground.dsn, "tandem_router", name="tandem windows")
    parts.tasks.append(("windows", lambda stopping: keep_announcing(ground, parts.runners, stage, windows, stopping)))
    parts.tasks.append(("log retention", lambda stopping: keep_trimming(chores, ground.clock, stopping)))
    embedded = ground.embedded
    if embedded is not None:
        folder = ground.settings.data_dir / "backups"
        parts.tasks.append(
            ("nightly backup", lambda stopping: keep_backing_up(embedded, folder, ground.clock, stopping))
        )
