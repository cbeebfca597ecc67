"""A plan: what a service wants done with a batch, as values. ``tandem/bus/consume.py`` commits it.

``Write`` and ``Statement`` themselves live in ``tandem/db/write.py``. A plan is made by pure code:
``Stage.plan(inbox, state, now)``.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Generic, Protocol, TypeVar

from tandem.bus.topics import Topic
from tandem.db.timers import DueTimer
from tandem.db.write import Writes

__all__ = ["DueTimer", "Inbox", "Outgoing", "Plan", "Stage"]

State = TypeVar("State")


@dataclass(frozen=True, slots=True)
class Outgoing:
    """One record to publish. ``topic`` None with ``name`` is an outside topic whose value is ready bytes."""

    topic: Topic | None
    key: str
    payload: Any
    name: str = ""
    headers: Mapping[str, str] | None = None


@dataclass(slots=True)
class Inbox:
    """What a stage gets in one batch: decoded payloads of its input topics in order, and its due timers."""

    payloads: list[Any] = field(default_factory=list)
    timers: list[DueTimer] = field(default_factory=list)

    def __bool__(self) -> bool:
        """True when there is work."""
        return bool(self.payloads or self.timers)


@dataclass(slots=True)
class Plan:
    """State changes and outgoing records that commit together, and what may start once they have."""

    writes: Writes = field(default_factory=Writes)
    outgoing: list[Outgoing] = field(default_factory=list)
    after: list[Any] = field(default_factory=list)
    """Handed to ``Stage.committed`` after the commit (pages to send now); lost without harm at a crash."""
    next_due: datetime | None = None
    """Earliest instant of a timer this plan sets; a hint that saves a query."""

    def publish(self, topic: Topic, key: str, payload: Any) -> None:  # noqa: ANN401 - any payload of the table of topics
        """Add a record for ``topic``."""
        self.outgoing.append(Outgoing(topic, key, payload))

    def expect_timer(self, due_at: datetime) -> None:
        """Note that a timer stands at ``due_at``."""
        if self.next_due is None or due_at < self.next_due:
            self.next_due = due_at


class Stage(Protocol, Generic[State]):
    """One service's part of the pipeline: load what the batch needs, plan purely, act after the commit."""

    group: str
    """Consumer group and name: router, sla-clock, notifier, console."""
    inputs: tuple[Topic, ...]
    timer_schema: str | None
    """Schema whose ``timer`` table holds this stage's durable timers, if it has any."""

    async def load(self, connection: Any, inbox: Inbox, now: datetime) -> State:  # noqa: ANN401 - an asyncpg connection or pool proxy
        """Read, and lock ``order by id for update``, what ``plan`` needs. Inside the batch's transaction.

        ``connection`` is an asyncpg connection. New incidents need no read: version 1 says so.
        """
        ...

    def plan(self, inbox: Inbox, state: State, now: datetime) -> Plan:
        """Pure: the same inbox, state and instant give the same plan, ids included."""
        ...

    def committed(self, plan: Plan) -> None:
        """The plan is durable. Must not wait and must not raise; wakes senders and the like."""
        ...
