"""Chores of the embedded and single-process modes: the log's retention and the nightly backup."""

from __future__ import annotations

import asyncio
from datetime import timedelta
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

log = structlog.get_logger("tandem.maintenance")


async def trim_log(link: Link, clock: Clock) -> int:
    """Delete what is old and was read by every group; the number of records deleted."""
    deleted = 0
    while True:
        async with link.use() as connection:
            status = await connection.execute(_DELETE, clock.now() - KEPT, ROWS)
        count = int(status.rpartition(" ")[2])
        deleted += count
        if count < ROWS:
            return deleted


async def keep_trimming(link: Link, clock: Clock, stopping: asyncio.Event) -> None:
    """Trim every five minutes until the process stops."""
    while not await wait_event(stopping, EVERY_S):
        try:
            deleted = await trim_log(link, clock)
        except Unavailable as fault:
            log.warning("log not trimmed", fault=str(fault))
        else:
            if deleted:
                log.info("log trimmed", records=deleted)
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
