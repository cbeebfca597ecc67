"""The compose file, running; what it promises without running is tests/unit/deploy."""

from __future__ import annotations

import os
import shlex
import subprocess
import sys
from pathlib import Path

import pytest

ARGUMENTS = os.environ.get("TANDEM_TRY_COMPOSE")
SCRIPT = Path(__file__).with_name("try_compose.py")


@pytest.mark.e2e
@pytest.mark.timeout(3600)
@pytest.mark.skipif(
    ARGUMENTS is None,
    reason="containers: needs an engine and the public images; set TANDEM_TRY_COMPOSE to arguments of try_compose.py,"
    " or to nothing for docker compose",
)
def test_an_operator_brings_it_up_and_sees_an_alert_through() -> None:
    done = subprocess.run([sys.executable, str(SCRIPT), *shlex.split(ARGUMENTS or "")], check=False)

    assert done.returncode == 0
