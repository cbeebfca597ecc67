"""What the rows on Kafka need beside Tandem, and whether it is here."""

from __future__ import annotations

import shutil
import subprocess
import sys
from functools import cache

from bench.tenant import ROOT

_NEEDS = "the rows on Kafka need java and mvn (Debian: apt install default-jre-headless maven) and are left out: "


@cache
def missing() -> str:
    """In words; empty when nothing is missing. Fetches Kafka's jars the first time, which may take minutes."""
    if shutil.which("java") is None:
        return f"{_NEEDS}no java"
    # A process of its own: what cannot be fetched there is a skipped test, and ends it.
    command = [sys.executable, "-m", "tests.support.kafka.jars"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    return "" if done.returncode == 0 else f"{_NEEDS}Kafka's jars cannot be fetched"
