"""The data directory and who holds it: one process at a time, by flock.

The lock lives as long as its file descriptor, so a killed holder lets go by dying; the file itself stays and is
never proof of anything. What is inside the directory belongs to others (``cluster.py``, the settings' secret key).
"""

from __future__ import annotations

import contextlib
import fcntl
import json
import os
from dataclasses import dataclass
from pathlib import Path
from typing import Self

from tandem.errors import StartFailed

_LOCK_FILE = "lock"
_LARGEST_LOCK_FILE = 4096


@dataclass(frozen=True, slots=True)
class Holder:
    """Who holds a data directory."""

    pid: int
    address: str
    """Where it answers, e.g. ``http://127.0.0.1:8080``; empty while it does not know yet."""


class DataDirHeld(StartFailed):
    """Another process holds the data directory; ``holder`` is None when it has not said who it is yet."""

    def __init__(self, data_dir: Path, holder: Holder | None) -> None:
        """The message names the pid and the address."""
        self.holder = holder
        who = "another process" if holder is None else f"pid {holder.pid}"
        where = f", which answers on {holder.address}" if holder and holder.address else ", which is starting"
        super().__init__(f"{data_dir} is held by {who}{where}: use that one, stop it, or choose another --data-dir")


class DataDirLock:
    """Exclusive use of a data directory, until ``release`` or the end of the process.

    ``with DataDirLock(path) as lock: ...``; not reentrant, not for several threads.
    """

    def __init__(self, data_dir: Path, *, address: str = "") -> None:
        """``address`` is what others are told; ``publish`` changes it once the listener is bound."""
        self.data_dir = data_dir
        self._address = address
        self._descriptor: int | None = None

    @property
    def held(self) -> bool:
        """Whether this object holds the directory now."""
        return self._descriptor is not None

    def acquire(self) -> Self:
        """Make the directory if need be and take it.

        Raises:
            DataDirHeld: somebody else has it.
            StartFailed: the directory cannot be made, opened or locked (some network file systems).
        """
        try:
            self.data_dir.mkdir(parents=True, exist_ok=True, mode=0o711)
            descriptor = os.open(self.data_dir / _LOCK_FILE, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o644)
        except OSError as fault:
            raise StartFailed(f"cannot use data directory {self.data_dir}: {fault.strerror}") from fault
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            holder = _read_holder(descriptor)
            os.close(descriptor)
            raise DataDirHeld(self.data_dir, holder) from None
        except OSError as fault:
            os.close(descriptor)
            raise StartFailed(f"cannot lock data directory {self.data_dir}: {fault.strerror}") from fault
        self._descriptor = descriptor
        self.publish(self._address)
        return self

    def publish(self, address: str) -> None:
        """Tell others where this process answers."""
        if self._descriptor is None:
            raise ValueError("publish needs the lock")
        self._address = address
        content = json.dumps({"pid": os.getpid(), "address": address}).encode()
        # In place, never by rename: a new file would carry no lock. The full write comes before the cut, so
        # a reader between the two sees a whole line and then remains of the old one, which it drops.
        os.pwrite(self._descriptor, content + b"\n", 0)
        os.ftruncate(self._descriptor, len(content) + 1)

    def release(self) -> None:
        """Let go; harmless when not held."""
        if self._descriptor is not None:
            os.ftruncate(self._descriptor, 0)
            os.close(self._descriptor)
            self._descriptor = None

    def __enter__(self) -> Self:
        return self.acquire()

    def __exit__(self, *_: object) -> None:
        self.release()


def _read_holder(descriptor: int) -> Holder | None:
    with contextlib.suppress(ValueError, KeyError, TypeError, OSError):
        line = os.pread(descriptor, _LARGEST_LOCK_FILE, 0).split(b"\n", 1)[0]
        said = json.loads(line)
        return Holder(int(said["pid"]), str(said["address"]))
    return None
