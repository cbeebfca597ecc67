"""Runs the fault tests as `make chaos` and `make soak` promise them; holds no test and no fixture.

Two processes of pytest side by side: what runs without Kafka, and what runs on it. Each has one fleet, and both mostly
wait: for a session to end, a lease to run out, a deadline to pass. Every line says whose it is and how far that is.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import subprocess
import sys
import tempfile
import time
from collections import defaultdict
from collections.abc import Mapping
from pathlib import Path

from tools.run_tests import fetch_kafka

ROOT = Path(__file__).resolve().parent.parent
SEEDS = (1, 2, 3)
"""Of a soak; they do the full rounds together."""
LINE = 1 << 24
"""Bytes of a line: a failure shows values whole."""
NOTHING_RUN = 5
"""pytest's code when it had no test to run, as with ``-k``."""


async def run(side: str, marks: str, arguments: list[str], environment: Mapping[str, str]) -> int:
    """Run what is marked so, showing every line as it comes; pytest's exit code."""
    options = ["-v", "-rs", "--no-header", "--durations=5", "-p", "no:cacheprovider", "-m", marks]
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "pytest", *options, *arguments, "tests/crash",
        cwd=ROOT, env={**os.environ, **environment}, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, limit=LINE,
    )  # fmt: skip
    if process.stdout is not None:  # it is: a pipe was asked for
        async for line in process.stdout:
            print(f"{side} | {line.decode(errors='replace').rstrip()}", flush=True)
    return await process.wait()


async def both(marks: str, arguments: list[str], environment: Mapping[str, str]) -> bool:
    """What runs without Kafka beside what runs on it; whether all of it passed."""
    began = time.monotonic()
    codes = await asyncio.gather(
        run("apart", marks, arguments, environment), run("kafka", "chaos_kafka", arguments, environment)
    )
    print(f"\n{'; '.join(map(_said, ('apart', 'kafka'), codes))}, in {time.monotonic() - began:.0f} s", flush=True)
    return all(code in {0, NOTHING_RUN} for code in codes) and 0 in codes


def _said(side: str, code: int) -> str:
    return f"{side}: {'passed' if code == 0 else f'FAILED (pytest answered {code})'}"


async def soak(seeds: list[int], arguments: list[str]) -> bool:
    """Every seed with its share of all rounds, one after the other, also after one that failed; prints the figures."""
    outcomes: dict[int, bool] = {}
    with tempfile.TemporaryDirectory() as folder:
        for seed in seeds:
            environment = {
                "CHAOS_EFFORT": "full", "CHAOS_SEEDS": str(len(SEEDS)), "CRASH_SEED": str(seed),
                "CHAOS_REPORT": f"{folder}/{seed}",
            }  # fmt: skip
            print(f"\nseed {seed}", flush=True)
            outcomes[seed] = await both("chaos_fast or chaos or soak", [*arguments, "--timeout=0"], environment)
        print("\n" + report({seed: Path(folder, str(seed)) for seed in seeds}))
    print(", ".join(f"seed {seed}: {'passed' if passed else 'FAILED'}" for seed, passed in outcomes.items()))
    return all(outcomes.values())


def report(files: Mapping[int, Path]) -> str:
    """A table for docs/reliability.md: a line per figure, the worst that a seed has seen of it."""
    worst: dict[tuple[str, str], dict[int, float]] = defaultdict(dict)
    for seed, file in files.items():
        for line in file.read_text(encoding="utf-8").splitlines() if file.exists() else ():
            said = json.loads(line)
            what = said.pop("what")
            for name, value in said.items():
                seen = worst[what, name.replace("_", " ")]
                seen[seed] = max(value, seen.get(seed, value))
    head = f"| fault | figure | {' | '.join(f'seed {seed}' for seed in files)} |\n|---|---|{'---|' * len(files)}\n"
    return head + "".join(
        f"| {what} | {name} | {' | '.join(f'{seen[seed]:.1f}' if seed in seen else '' for seed in files)} |\n"
        for (what, name), seen in sorted(worst.items())
    )


def main() -> int:
    """1 when anything failed."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0], epilog="Further arguments go to pytest.")
    parser.add_argument("--soak", action="store_true", help="all rounds, with several seeds")
    parser.add_argument(
        "--seed", type=int, action="append", choices=SEEDS, help="of a soak only this one; again for more"
    )
    asked, arguments = parser.parse_known_args()
    fetch_kafka()
    work = soak(asked.seed or list(SEEDS), arguments) if asked.soak else both("chaos", arguments, {})
    return 0 if asyncio.run(work) else 1


if __name__ == "__main__":
    sys.exit(main())
