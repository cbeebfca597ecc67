"""Quarantine: what could not be handled, whole, with its reason. Nothing is dropped; the console shows it."""

from __future__ import annotations

from datetime import datetime

from tandem.bus.plan import DueTimer
from tandem.bus.port import Record
from tandem.bus.statements import QUARANTINE
from tandem.db.write import Writes
from tandem.ids import uuid8


def put_poison(writes: Writes, record: Record, *, service: str, reason: str, at: datetime) -> None:
    """Add the row of ``record``; the same record quarantined twice is one row."""
    identity = uuid8("poison", service, record.topic, str(record.partition), str(record.offset))
    tenant = record.key.partition("/")[0] or None
    place = (record.topic, record.partition, record.offset)
    writes.put(QUARANTINE, identity, (identity, at, tenant, service, None, *place, reason, record.value))


def put_timer(writes: Writes, timer: DueTimer, *, service: str, reason: str, at: datetime) -> None:
    """Add the row of a timer that keeps failing; its raw bytes say which."""
    identity = uuid8("timer", service, timer.key, timer.kind, timer.due_at.isoformat())
    raw = f"{timer.kind} {timer.key} {timer.due_at.isoformat()}".encode()
    writes.put(QUARANTINE, identity, (identity, at, timer.tenant, service, None, None, None, None, reason, raw))
