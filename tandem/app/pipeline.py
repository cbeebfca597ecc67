"""Turns the stages of a process into runners: composed where one process holds the whole chain, else one each."""

from __future__ import annotations

from collections.abc import Container, Sequence
from typing import Any

from tandem.app.ground import Ground
from tandem.app.targets import Parts
from tandem.bus.consume import Runner
from tandem.bus.lane import Lane
from tandem.bus.plan import Stage
from tandem.db.link import Link
from tandem.db.roles import CHAIN, role_of

COMPOSED = ("router", "sla-clock", "notifier")
"""Stages that share one transaction per batch when one process runs them all on the PostgreSQL bus."""
REST_S = {"console": 0.05}
"""A page's live stream needs no commit per record, and these cost more than the alert's own (1.7 an alert at 100/s)."""


def composes(names: Container[str]) -> bool:
    """Whether a process with these targets, or stages, has the whole chain."""
    return all(name in names for name in COMPOSED)


async def start_stages(ground: Ground, parts: Parts) -> None:
    """Make the runners and supervise them."""
    by_group = {stage.group: stage for stage in parts.stages}
    groups: list[Sequence[Stage[Any]]] = []
    if ground.bus.name == "postgres" and composes(by_group):
        groups.append([by_group.pop(name) for name in COMPOSED])
    groups.extend([stage] for stage in by_group.values())
    for stages in groups:
        runner = await make_runner(ground, stages)
        parts.runners.append(runner)
        ground.lifecycle.on_close(f"runner {runner.name}", runner.close)
        ground.lifecycle.supervise(f"runner {runner.name}", runner.run)


async def make_runner(ground: Ground, stages: Sequence[Stage[Any]]) -> Runner:
    """A runner over ``stages``; several of them are composed and work under the chain's role."""
    composed = len(stages) > 1
    lanes = [
        Lane(
            stage,
            await ground.bus.consumer(stage.group, [topic.name for topic in stage.inputs]),
            shared_timers=not composed,
            rest_s=REST_S.get(stage.group, 0.0),
        )
        for stage in stages
    ]
    role = CHAIN if composed else role_of(stages[0].group)
    return Runner(
        bus=ground.bus,
        lanes=lanes,
        link=Link(ground.dsn, role, name=f"tandem {stages[0].group}"),
        clock=ground.clock,
        metrics=ground.metrics,
    )
