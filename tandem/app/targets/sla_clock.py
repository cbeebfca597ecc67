"""The SLA clock."""

from __future__ import annotations

from tandem.app.ground import Ground
from tandem.app.targets.parts import Parts
from tandem.db.link import Link
from tandem_sla_clock.service import SlaClock


async def build(ground: Ground, parts: Parts) -> None:
    """Time for both parties."""
    stage = SlaClock(agreements=ground.book, metrics=ground.metrics)
    parts.stages.append(stage)
    link = Link(ground.dsn, "tandem_sla_clock", name="tandem sla gauge")
    async with link.use() as connection:
        await stage.observe(connection)
    await link.close()
