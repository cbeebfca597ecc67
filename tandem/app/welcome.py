"""First steps for ``/welcome`` that another process wrote: the demo's, when the console is a process of its own."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Sequence
from pathlib import Path

import msgspec
import structlog

from tandem.clock import wait_event
from tandem_console.service import Console
from tandem_console.welcome import WelcomeStep

LOOK_S = 2.0
"""How late the console follows the file."""
LARGEST = 65_536

log = structlog.get_logger("tandem.app")


def write_steps(file: Path, steps: Sequence[WelcomeStep]) -> None:
    """Put ``steps`` in place whole, readable by their owner only: a step may hold a secret of the demo."""
    part = file.with_suffix(".part")
    handle = os.open(part, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(handle, "wb") as stream:
        stream.write(msgspec.json.encode(list(steps)))
    part.replace(file)


def read_steps(file: Path) -> tuple[WelcomeStep, ...]:
    """What the file says; nothing while there is none, or none that can be read."""
    try:
        with file.open("rb") as stream:
            return msgspec.json.decode(stream.read(LARGEST), type=tuple[WelcomeStep, ...])
    except FileNotFoundError:
        return ()
    except (OSError, msgspec.MsgspecError) as fault:
        log.warning("first steps not read", file=str(file), fault=str(fault))
        return ()


async def keep_reading_steps(console: Console, file: Path, stopping: asyncio.Event) -> None:
    """Follow the file every two seconds until the process stops."""
    while True:
        console.welcome_steps = await asyncio.to_thread(read_steps, file)
        if await wait_event(stopping, LOOK_S):
            return
