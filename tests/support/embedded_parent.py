"""A process that owns an embedded server, for tests that kill it: python -m tests.support.embedded_parent BASE [MODE].

It prints one line of JSON when ready. Mode ``write`` then commits rows one by one and prints each number after its
commit; ``hold`` only waits for the end of its input. A start that fails exits with the error's code, as the CLI does.
"""

from __future__ import annotations

import asyncio
import json
import os
import sys
from pathlib import Path

import asyncpg

from tandem.db.datadir import DataDirLock
from tandem.db.embedded import EmbeddedPostgres
from tandem.errors import StartFailed


async def main(base: Path, mode: str) -> None:
    with DataDirLock(base, address=f"http://127.0.0.1:{os.getpid()}") as lock:
        postgres = EmbeddedPostgres(base, lock=lock)
        dsn = await postgres.start()
        print(json.dumps({"pid": postgres.pid, "dsn": dsn, "orphan": postgres.stopped_orphan}), flush=True)
        try:
            if mode == "write":
                await write(postgres.admin_dsn)
            else:
                await asyncio.to_thread(sys.stdin.read)
        finally:
            await postgres.stop()


async def write(dsn: str) -> None:
    connection = await asyncpg.connect(dsn)
    await connection.execute("create table if not exists public.written (n bigint primary key)")
    first = await connection.fetchval("select coalesce(max(n), 0) + 1 from public.written")
    for number in range(first, first + 100_000):
        await connection.execute("insert into public.written values ($1)", number)
        print(number, flush=True)


if __name__ == "__main__":
    try:
        asyncio.run(main(Path(sys.argv[1]), sys.argv[2] if len(sys.argv) > 2 else "hold"))
    except StartFailed as fault:
        print(fault, file=sys.stderr)
        raise SystemExit(fault.exit_code) from fault
