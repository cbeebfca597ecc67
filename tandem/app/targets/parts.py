"""What a process is put together from."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from fastapi import APIRouter
from sqlalchemy.ext.asyncio import AsyncEngine

from tandem.app.ground import Ground
from tandem.app.lifecycle import Work
from tandem.bus.consume import Runner
from tandem.bus.plan import Stage
from tandem.db.pool import engine
from tandem.web.application import Lane
from tandem.web.health import Check

if TYPE_CHECKING:  # whoever has neither of them need not load them
    from tandem_console.service import Console
    from tandem_ingest.service import Ingest


@dataclass(slots=True)
class Parts:
    """What the process is put together from."""

    routers: list[APIRouter] = field(default_factory=list)
    lanes: list[Lane] = field(default_factory=list)
    checks: dict[str, Check] = field(default_factory=dict)
    stages: list[Stage[Any]] = field(default_factory=list)
    tasks: list[tuple[str, Work]] = field(default_factory=list)
    runners: list[Runner] = field(default_factory=list)
    """Filled when the stages are started; whoever sets timers outside a stage wakes them."""
    ingest: Ingest | None = None
    """To be told of new integrations at once instead of within two seconds."""
    console: Console | None = None
    """Its routes are asked for last, once the demo has said what a visitor is told."""
    when_ready: list[Callable[[], None]] = field(default_factory=list)
    stopping: asyncio.Event = field(default_factory=asyncio.Event)
    """Set when the listener stops; endless answers end on it."""


Build = Callable[[Ground, Parts], Awaitable[None]]
"""Adds one target to the parts of its process."""


def engine_of(ground: Ground, role: str, *, size: int = 2) -> AsyncEngine:
    """A pool under ``role``, closed with the process."""
    made = engine(ground.dsn, role, application_name=role.replace("_", " "), pool_size=size)
    ground.lifecycle.on_close(f"engine {role}", made.dispose)
    return made
