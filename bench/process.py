"""The program under test, as ``tandem serve`` runs it: ``python -m bench.process TARGETS``, settings from TANDEM_*."""

from __future__ import annotations

import asyncio
import signal
import sys

import uvloop

from tandem import logging as tandem_logging
from tandem.app.process import Process, expand
from tandem.app.settings import Settings


async def serve(targets: str) -> int:
    """Run until SIGTERM."""
    process = Process(Settings(), expand(targets))
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, process.lifecycle.stop)
    return await process.run()


if __name__ == "__main__":
    tandem_logging.configure("json")
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        sys.exit(runner.run(serve(sys.argv[1])))
