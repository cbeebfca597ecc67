"""The program that reads documents one after the other in one process and says what each cost.

``python -m tests.support.reading_cost FILE...`` prints a JSON line per file. Holds no document itself, so that its
memory is that of reading.
"""

from __future__ import annotations

import json
import resource
import sys
import time
from dataclasses import asdict, dataclass
from pathlib import Path

from tandem.agreement.load import tenant_source
from tandem.errors import AgreementError

_MEMORY_LIMIT = 1024**3
_CPU_LIMIT_S = 100
_PIECE = 60_000
_CHEAP_S = 0.02
_AGAIN_S = 0.5


@dataclass(frozen=True, slots=True)
class Cost:
    """What reading one document said and cost."""

    problems: list[str]
    """``line:column: message``."""
    cpu_s: float
    pace_s: float
    """CPU time of a piece of work that is always the same, just before: what this machine is able to now."""
    peak_mib: float
    """How much more memory the process had at its peak than before."""


def cost_of(file: Path) -> Cost:
    """Read the document as every command does; of three times the cheapest, if the first cost more than half of a second.

    Another process on the same core costs a reading CPU time too, but never makes it cheaper than it is: what was cheap
    enough at once is not read again.
    """
    first = _once(file)
    again = [_once(file) for _ in range(2 if first.cpu_s > _AGAIN_S else 0)]
    return min((first, *again), key=lambda cost: cost.cpu_s / max(cost.pace_s, _CHEAP_S))


def _once(file: Path) -> Cost:
    pace_s = _pace_s()
    before_kib = _fresh_peak_kib()
    began = time.process_time()
    problems = []
    try:
        tenant_source(file, file="a.yaml")
    except AgreementError as error:
        problems = error.problems
    cpu_s = time.process_time() - began
    peak_kib = _peak_kib() - before_kib
    return Cost([f"{p.line}:{p.column}: {p.message}" for p in problems], cpu_s, pace_s, peak_kib / 1024)


def _pace_s() -> float:
    began = time.process_time()
    named = {str(number): number for number in range(_PIECE)}
    assert sum(len(repr(name)) for name in named) > _PIECE
    return time.process_time() - began


def _fresh_peak_kib() -> int:
    """The peak of memory, counted anew from now. ``ru_maxrss`` would begin with that of the parent process."""
    Path("/proc/self/clear_refs").write_text("5", encoding="ascii")
    return _peak_kib()


def _peak_kib() -> int:
    lines = Path("/proc/self/status").read_text(encoding="ascii").splitlines()
    return int(next(line for line in lines if line.startswith("VmHWM:")).split()[1])


def main(files: list[Path]) -> int:
    """All files, after a small document that warms the process."""
    resource.setrlimit(resource.RLIMIT_AS, (_MEMORY_LIMIT, _MEMORY_LIMIT))
    resource.setrlimit(resource.RLIMIT_CPU, (_CPU_LIMIT_S, _CPU_LIMIT_S))
    tenant_source("tenant: {id: a, name: A}\n")
    for file in files:
        print(json.dumps(asdict(cost_of(file))), flush=True)
    return 0


if __name__ == "__main__":
    sys.exit(main([Path(name) for name in sys.argv[1:]]))
