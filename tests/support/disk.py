"""A small disk of a test's own, in memory, to be filled and freed. Unmounts only what it mounted."""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.support.postgres import new_base

_CHUNK = bytes(1 << 16)
_MOUNT_S = 20


@dataclass(frozen=True)
class Disk:
    """See the module."""

    place: Path

    @property
    def free_bytes(self) -> int:
        return shutil.disk_usage(self.place).free

    def fill(self) -> None:
        """Until nothing more can be written, though others may give room back meanwhile."""
        with self._filler.open("ab", buffering=0) as filler, suppress(OSError):
            while True:
                filler.write(_CHUNK)
        assert self.free_bytes < len(_CHUNK), "something else kept it from being filled"

    def free(self) -> None:
        """Give back what ``fill`` took."""
        self._filler.unlink(missing_ok=True)

    @property
    def _filler(self) -> Path:
        return self.place / "filler"


@contextmanager
def small_disk(mib: int) -> Iterator[Disk]:
    """A disk of ``mib`` MiB; skips the test, and says why, where this process may not mount one."""
    place = new_base()
    options = f"size={mib}m,mode=0711"
    try:
        answer = _run("mount", "-t", "tmpfs", "-o", options, "tandem-test", str(place))
        if answer.returncode != 0:
            pytest.skip(f"no disk of its own can be mounted here: {answer.stderr.strip()}")
        try:
            yield Disk(place)
        finally:
            unmounted = _run("umount", str(place))
            assert unmounted.returncode == 0, unmounted.stderr
    finally:
        place.rmdir()


def _run(*command: str) -> subprocess.CompletedProcess[str]:
    try:
        return subprocess.run(command, capture_output=True, text=True, timeout=_MOUNT_S, check=False)
    except FileNotFoundError as missing:
        return subprocess.CompletedProcess(command, 127, "", str(missing))
