"""Named places where a crash test makes the process kill itself, or stand still (TANDEM_KILLPOINT, tests only).

``TANDEM_KILLPOINT=runner.before_commit:3`` kills with SIGKILL at the third passing, ``runner.fetched:3:stop`` stops
with SIGSTOP there. Unset, passing costs one look-up.
"""

from __future__ import annotations

import os
import signal

POINTS = (
    "ingest.before_append",
    "ingest.after_append",
    "runner.fetched",
    "runner.before_commit",
    "runner.after_commit",
    "sender.before_send",
    "sender.after_send",
    "sender.after_outcome",
)
"""Those that one process with everything passes; the crash tests walk this list."""
RELAY_POINTS = ("relay.before_append", "relay.after_append")
"""Of what takes outbox and spool to a broker; tests/crash/test_relay_kafka.py walks them."""

_wanted, _count, _how, *_ = [*os.environ.get("TANDEM_KILLPOINT", "").split(":"), "", ""]
_left = {_wanted: int(_count or "1")} if _wanted in {*POINTS, *RELAY_POINTS} else {}


def passing(point: str) -> None:
    """Die, or stand still, when this is the place and the time."""
    if point not in _left:
        return
    _left[point] -= 1
    if _left[point] <= 0:
        del _left[point]
        os.kill(os.getpid(), signal.SIGSTOP if _how == "stop" else signal.SIGKILL)
