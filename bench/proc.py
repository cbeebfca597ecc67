"""What a program's whole process tree costs: CPU seconds and memory, from /proc. Linux only."""

from __future__ import annotations

import os
import signal
from dataclasses import dataclass
from pathlib import Path

_TICK = os.sysconf("SC_CLK_TCK")


@dataclass(frozen=True, slots=True)
class _Stat:
    parent: int
    cpu_s: float
    """Own time and that of children that ended: a child counts in itself or, once reaped, in its parent."""


def tree(root: int) -> list[int]:
    """``root`` and all its living descendants."""
    children: dict[int, list[int]] = {}
    for pid, stat in _all().items():
        children.setdefault(stat.parent, []).append(pid)
    found, queue = [], [root]
    while queue:
        pid = queue.pop()
        found.append(pid)
        queue.extend(children.get(pid, ()))
    return found


def cpu_s(root: int) -> dict[str, float]:
    """CPU seconds so far, ended children included; the root against the rest: which half of the system works."""
    stats = _all()
    own = stats[root].cpu_s if root in stats else 0.0
    return {"root": own, "rest": sum(stats[pid].cpu_s for pid in tree(root) if pid in stats and pid != root)}


def memory_mib(root: int) -> dict[str, float]:
    """Proportional set size, the root against the rest: shared pages are divided among those that share them."""
    found = {"root": 0.0, "rest": 0.0}
    for pid in tree(root):
        try:
            text = Path(f"/proc/{pid}/smaps_rollup").read_text(encoding="ascii")
        except OSError:
            continue
        kib = sum(int(line.split()[1]) for line in text.splitlines() if line.startswith("Pss:"))
        found["root" if pid == root else "rest"] += kib / 1024
    return found


def kill_tree(root: int) -> None:
    """SIGKILL to every process of the tree, the parent first, so that nothing can tidy up."""
    for pid in tree(root):
        try:
            os.kill(pid, signal.SIGKILL)
        except ProcessLookupError:
            continue


def busy_s() -> tuple[float, float]:
    """(CPU seconds the machine has spent, of which stolen): shows whether somebody else was working."""
    fields = [int(word) for word in Path("/proc/stat").read_text(encoding="ascii").split("\n", 1)[0].split()[1:]]
    idle = fields[3] + fields[4]
    return (sum(fields[:8]) - idle) / _TICK, fields[7] / _TICK


def _all() -> dict[int, _Stat]:
    found: dict[int, _Stat] = {}
    for folder in Path("/proc").iterdir():
        if not folder.name.isdigit():
            continue
        try:
            text = (folder / "stat").read_text(encoding="utf-8", errors="replace")
        except OSError:
            continue
        fields = text.rpartition(")")[2].split()  # the command before it may hold blanks
        found[int(folder.name)] = _Stat(int(fields[1]), sum(map(int, fields[11:15])) / _TICK)
    return found
