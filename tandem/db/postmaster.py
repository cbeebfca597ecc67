"""A PostgreSQL server seen from outside: its pid file, whether a pid is really it, ending it.

Nothing here trusts a pid by itself: pids are recycled and zombies answer ``kill(pid, 0)``. Starting a server is
``cluster.py``.
"""

from __future__ import annotations

import contextlib
import os
import select
import signal
import subprocess
import threading
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from tandem.clock import monotonic
from tandem.errors import StartFailed

_FAST_STOP_S = 20.0
_IMMEDIATE_STOP_S = 10.0
_KILL_S = 5.0
_POLL_S = 0.02
_PS_DEADLINE_S = 5


@dataclass(frozen=True, slots=True)
class PidFile:
    """What ``postmaster.pid`` says; fields a starting server has not written yet are empty."""

    pid: int
    data_dir: str
    socket_dir: str
    ready: bool


def read_pid_file(data: Path) -> PidFile | None:
    """``data/postmaster.pid``, or None when there is none or it holds no pid (a crash while writing it)."""
    try:
        lines = (data / "postmaster.pid").read_text(errors="replace").splitlines()
        pid = abs(int(lines[0]))  # negative: a stand-alone backend
    except (OSError, ValueError, IndexError):
        return None
    lines += [""] * (8 - len(lines))
    return PidFile(pid, lines[1], lines[4].strip(), ready=lines[7].strip() == "ready")


def is_server_of(pid: int, data: Path, said_data: str) -> bool:
    """Whether ``pid`` lives and is a postmaster on ``data`` (or on ``said_data``, its name before a move)."""
    command = _command_line(pid)
    if not command or not Path(command[0]).name.startswith("postgres"):
        return False
    return str(data) in command or (bool(said_data) and said_data in command)


def stop_orphan(data: Path) -> bool:
    """End a server that a killed parent left on ``data``; true when there was one.

    Call it only while holding the data directory's lock: then any server on it is an orphan. A pid file whose
    pid is gone, a zombie or somebody else's process is removed, since PostgreSQL would refuse to start beside it.

    Raises:
        StartFailed: the orphan does not end.
    """
    said = read_pid_file(data)
    if said is None:
        (data / "postmaster.pid").unlink(missing_ok=True)
        return False
    if not is_server_of(said.pid, data, said.data_dir):
        (data / "postmaster.pid").unlink(missing_ok=True)
        return False
    if not end(lambda number: os.kill(said.pid, number), lambda seconds: wait_for_exit(said.pid, seconds)):
        raise StartFailed(f"PostgreSQL (pid {said.pid}) still runs on {data} and does not end: kill -9 {said.pid}")
    return True


def end(send: Callable[[int], None], wait: Callable[[float], bool]) -> bool:
    """Fast stop, then immediate stop, then kill, each with its deadline; true when the process has ended.

    Immediate stop and kill lose nothing that was committed: the next start replays the log.
    """
    for number, seconds in (
        (signal.SIGINT, _FAST_STOP_S),
        (signal.SIGQUIT, _IMMEDIATE_STOP_S),
        (signal.SIGKILL, _KILL_S),
    ):
        with contextlib.suppress(ProcessLookupError):
            send(number)
        if wait(seconds):
            return True
    return False


def wait_for_exit(pid: int, seconds: float) -> bool:
    """Wait until ``pid``, which need not be our child, runs no more; a zombie has ended."""
    try:
        descriptor = os.pidfd_open(pid)
    except ProcessLookupError:
        return True
    except (AttributeError, OSError):  # not Linux, or a sandbox that does not know the call
        return _poll_for_exit(pid, seconds)
    try:
        poll = select.poll()
        poll.register(descriptor, select.POLLIN)
        return bool(poll.poll(seconds * 1000))
    finally:
        os.close(descriptor)


def _poll_for_exit(pid: int, seconds: float) -> bool:
    deadline = monotonic() + seconds
    never = threading.Event()
    while _command_line(pid):
        if monotonic() >= deadline:
            return False
        never.wait(_POLL_S)
    return True


def _command_line(pid: int) -> list[str]:
    """Arguments of a living process; empty when it is gone or a zombie."""
    if Path("/proc/self/cmdline").exists():
        try:
            raw = Path(f"/proc/{pid}/cmdline").read_bytes()
        except OSError:
            return []
        return [os.fsdecode(part) for part in raw.split(b"\0") if part]
    answer = subprocess.run(
        ["/bin/ps", "-o", "command=", "-p", str(pid)],
        capture_output=True,
        text=True,
        timeout=_PS_DEADLINE_S,
        check=False,
    )
    # One line without quotes: ours reads `<path>/postgres -D <data> -c ...`, and <data> may hold blanks.
    program, _, rest = answer.stdout.strip().partition(" -D ")
    return [program, rest.partition(" -c ")[0]] if program else []
