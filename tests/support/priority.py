"""The test's own process goes first: it is the network between processes and what they need, and must not be its brake.

Where the priority may not be raised everything runs as it did, and figures of a busy machine say more of the machine.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

_FIRST = -10
_USUAL = os.getpriority(os.PRIO_PROCESS, 0)
_OF_SESSION = Path("/proc/self/autogroup")
"""Where the kernel shares between sessions first, this one's weight."""


@contextmanager
def first() -> Iterator[None]:
    """Raise this process above those it starts; a broker or a database it starts is on machines of its own."""
    _be(_FIRST)
    try:
        yield
    finally:
        _be(_USUAL)


def as_usual(pid: int) -> None:
    """Give a process just started the priority this one had."""
    with suppress(PermissionError, ProcessLookupError):
        os.setpriority(os.PRIO_PROCESS, pid, _USUAL)


def _be(nice: int) -> None:
    with suppress(PermissionError):
        os.setpriority(os.PRIO_PROCESS, 0, nice)
    with suppress(OSError):
        _OF_SESSION.write_text(str(nice), encoding="ascii")
