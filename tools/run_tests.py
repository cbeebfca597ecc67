"""Runs the whole suite as `make test` promises it; holds no test and no fixture.

Two processes of pytest: everything that is asynchronous on three workers (on two cores: one is mostly waiting for a
broker, a child process or a deadline), then the browser tests alone (synchronous Playwright leaves an event loop
running, and later async tests of that process fail). Arguments are passed to both.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
PARTS: list[tuple[str, list[str], list[str]]] = [
    ("suite", ["unit", "contract", "integration", "journeys", "crash"], ["-n", "3", "--dist", "worksteal"]),
    ("browser", ["e2e"], []),
]
"""Name, folders under tests/, arguments of pytest."""


def folders_with_tests(names: list[str]) -> list[str]:
    """Those of ``names`` that hold a test file; an empty folder would make pytest answer 5."""
    tests = ROOT / "tests"
    return [f"tests/{name}" for name in names if any((tests / name).rglob("test_*.py"))]


def run_part(folders: list[str], arguments: list[str]) -> int:
    """Run pytest on ``folders`` and answer its exit code."""
    command = [sys.executable, "-m", "pytest", "-q", *arguments, *sys.argv[1:], *folders]
    return subprocess.run(command, cwd=ROOT, check=False).returncode


def fetch_kafka() -> None:
    """Kafka's jars, where they can be had: the first time takes longer than a test may. A test says what is missing."""
    if shutil.which("java") and shutil.which("mvn") and not os.environ.get("TANDEM_TEST_KAFKA"):
        subprocess.run([sys.executable, "-m", "tests.support.kafka.jars"], cwd=ROOT, check=False, capture_output=True)


def main() -> int:
    """Run every part, also after a failed one; 1 when any failed."""
    fetch_kafka()
    outcomes: list[tuple[str, int]] = []
    for name, names, arguments in PARTS:
        folders = folders_with_tests(names)
        if not folders:
            continue
        started = time.monotonic()
        code = run_part(folders, arguments)
        outcomes.append((f"{name} {time.monotonic() - started:.0f} s", code))
    for title, code in outcomes:
        print(f"{title}: {'passed' if code == 0 else f'FAILED (pytest answered {code})'}")
    return int(any(code for _, code in outcomes) or not outcomes)


if __name__ == "__main__":
    sys.exit(main())
