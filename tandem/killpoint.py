"""Named places where a crash test makes the process kill itself (TANDEM_KILLPOINT, tests only).

``TANDEM_KILLPOINT=runner.before_commit:3`` kills with SIGKILL at the third passing. Unset, passing costs one look-up.
"""

from __future__ import annotations

import os
import signal

POINTS = (
    "ingest.before_append",
    "ingest.after_append",
    "runner.before_commit",
    "runner.after_commit",
    "sender.before_send",
    "sender.after_send",
    "sender.after_outcome",
)
"""All of them; the crash tests walk this list."""

_wanted, _, _count = os.environ.get("TANDEM_KILLPOINT", "").partition(":")
_left = {_wanted: int(_count or "1")} if _wanted in POINTS else {}


def passing(point: str) -> None:
    """Die here when this is the place and the time."""
    if point not in _left:
        return
    _left[point] -= 1
    if _left[point] <= 0:
        os.kill(os.getpid(), signal.SIGKILL)
