"""The jars of Apache Kafka, fetched once by Maven and kept outside the tree: ``<cache>/tandem/kafka/<hash of the pom>``.

``python -m tests.support.kafka.jars`` fetches them now: the first time takes longer than a test may.
"""

from __future__ import annotations

import fcntl
import hashlib
import os
import shutil
import subprocess
import tempfile
from pathlib import Path

from tests.support.requirements import KAFKA, insist_or_skip

POM = Path(__file__).with_name("pom.xml")
FETCH_S = 900
"""A hundred jars over a slow line; a second run needs none."""


def jars() -> Path:
    """The directory of the jars; fetches them when they are not there. Several processes may ask at once."""
    cache = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "tandem" / "kafka"
    cache.mkdir(parents=True, exist_ok=True)
    wanted = cache / hashlib.sha256(POM.read_bytes()).hexdigest()[:16]
    if wanted.is_dir():
        return wanted
    with (cache / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not wanted.is_dir():
            _fetch(cache, wanted)
    return wanted


def _fetch(cache: Path, wanted: Path) -> None:
    """Under its final name only when it is whole."""
    part = Path(tempfile.mkdtemp(prefix="part-", dir=cache))
    try:
        # The pom is copied, so that Maven writes nothing beside ours.
        shutil.copy(POM, part / "pom.xml")
        where = f"-DoutputDirectory={part / 'lib'}"
        command = ["mvn", "-B", "-q", "-f", str(part / "pom.xml"), "dependency:copy-dependencies", where]
        done = subprocess.run(
            [*command, "-DincludeScope=runtime"], capture_output=True, text=True, check=False, timeout=FETCH_S
        )
        if done.returncode:
            print(f"mvn could not fetch Kafka's jars:\n{done.stdout[-2000:]}{done.stderr[-2000:]}")
            insist_or_skip(KAFKA, dict(os.environ))
        (part / "lib").rename(wanted)
    finally:
        shutil.rmtree(part, ignore_errors=True)


if __name__ == "__main__":
    print(jars())
