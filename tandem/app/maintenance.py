"""Chores: how long the log and raw bodies are kept, and the nightly backup of the embedded mode."""

from __future__ import annotations

import asyncio
from datetime import datetime, timedelta
from pathlib import Path

import structlog

from tandem.clock import Clock, wait_event
from tandem.db import backup
from tandem.db.embedded import EmbeddedPostgres
from tandem.db.link import Link
from tandem.errors import StartFailed, Unavailable

KEPT = timedelta(days=7)
"""Records of the log stay this long, and until every group has passed them."""
EVERY_S = 300.0
ROWS = 20_000
"""Deleted at once, so that a long backlog never holds a long transaction."""

_DELETE = """
DELETE FROM bus.log l USING (
  SELECT ctid FROM bus.log d WHERE d.at < $1 AND NOT EXISTS (
    SELECT FROM bus.consumer_offset o WHERE o.topic = d.topic AND o.part = d.part AND o.next_offset <= d."offset")
  ORDER BY d.at LIMIT $2) old
WHERE l.ctid = old.ctid"""

RAW_KEPT = timedelta(days=90)
"""Bodies as tools sent them; what was made of them stays for good."""
_FORGET = """
UPDATE router.alert SET raw = NULL WHERE id IN (
  SELECT id FROM router.alert WHERE received_at < $1 AND raw IS NOT NULL ORDER BY received_at LIMIT $2)"""

log = structlog.get_logger("tandem.maintenance")


async def trim_log(link: Link, clock: Clock) -> int:
    """Delete what is old and was read by every group; the number of records deleted."""
    return await _in_parts(link, _DELETE, clock.now() - KEPT)


async def forget_raw_bodies(link: Link, clock: Clock) -> int:
    """Drop bodies that are older than ``RAW_KEPT``; the number of alerts that lost theirs."""
    return await _in_parts(link, _FORGET, clock.now() - RAW_KEPT)


async def _in_parts(link: Link, statement: str, before: datetime) -> int:
    """Run ``statement`` until it finds less than a full part."""
    total = 0
    while True:
        async with link.use() as connection:
            status = await connection.execute(statement, before, ROWS)
        count = int(status.rpartition(" ")[2])
        total += count
        if count < ROWS:
            return total


async def keep_trimming(link: Link, clock: Clock, stopping: asyncio.Event) -> None:
    """Trim every five minutes until the process stops."""
    while not await wait_event(stopping, EVERY_S):
        try:
            deleted = await trim_log(link, clock)
            forgotten = await forget_raw_bodies(link, clock)
        except Unavailable as fault:
            log.warning("retention waits for the database", fault=str(fault))
        else:
            if deleted or forgotten:
                log.info("retention", records=deleted, raw_bodies=forgotten)
    await link.close()


async def keep_backing_up(embedded: EmbeddedPostgres, folder: Path, clock: Clock, stopping: asyncio.Event) -> None:
    """A backup a night, seven deep; one that fails is logged and tried again at the next look."""
    while not await wait_event(stopping, EVERY_S):
        if not backup.due(clock.now(), folder):
            continue
        try:
            await asyncio.to_thread(folder.mkdir, mode=0o700, exist_ok=True)
            file = backup.nightly_file(folder, clock.now())
            size = await backup.backup(embedded.admin_dsn, file)
        except (StartFailed, Unavailable, OSError) as fault:
            log.warning("nightly backup failed", fault=str(fault))
            continue
        removed = backup.rotate(folder)
        log.info("nightly backup made", file=file.name, bytes=size, removed=len(removed))
