"""A relay of its own process, to be killed and paused: appends the values it moves to a file."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Sequence
from pathlib import Path

from tandem.bus.drain import Drain
from tandem.bus.outbox import OUTBOX
from tandem.bus.port import Record
from tandem.clock import SystemClock
from tandem.metrics import Metrics


async def main(dsn: str, file: Path, frozen_s: float) -> None:
    async def append(records: Sequence[Record]) -> None:
        with file.open("a") as moved:
            moved.writelines(f"{record.value.decode()}\n" for record in records)

    drain = Drain(
        OUTBOX, dsn=dsn, role="tandem_router", append=append, clock=SystemClock(), metrics=Metrics(), frozen_s=frozen_s
    )
    await drain.run(asyncio.Event())


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1], Path(sys.argv[2]), float(sys.argv[3])))
