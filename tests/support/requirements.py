"""What some tests need beyond the locked packages, and what a missing one means; a pytest plugin.

A test marked ``browser``, ``kafka`` or ``prometheus`` is skipped with the reason and the install line where its need
cannot be met, and fails instead when ``REQUIRE_BROWSER=1``, ``REQUIRE_KAFKA=1`` or ``REQUIRE_PROMETHEUS=1`` is set. The end of the run counts such skips.
"""

from __future__ import annotations

import os
import shutil
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass

import pytest

CHROMIUM_NAMES = ("chromium", "chromium-browser", "google-chrome")


def chromium() -> str | None:
    """Path of an installed Chromium; ours never downloads one."""
    return next((path for path in map(shutil.which, CHROMIUM_NAMES) if path), None)


def kafka() -> str | None:
    """A broker's address in ``TANDEM_TEST_KAFKA``, or the java that can run one from jars that mvn fetches."""
    return os.environ.get("TANDEM_TEST_KAFKA") or (shutil.which("mvn") and shutil.which("java"))


def prometheus() -> str | None:
    """Path of amtool, when Prometheus and Alertmanager are there as well."""
    found = [shutil.which(name) for name in ("prometheus", "prometheus-alertmanager", "amtool")]
    return found[-1] if all(found) else None


@dataclass(frozen=True, slots=True)
class Requirement:
    """One thing a machine may lack; ``marker`` names the tests that need it."""

    marker: str
    switch: str
    found: Callable[[], str | None]
    missing: str

    @property
    def reason(self) -> str:
        """What the skip says; the summary counts by it."""
        return f"{self.missing} ({self.switch}=1 makes this a failure)"


BROWSER = Requirement(
    "browser", "REQUIRE_BROWSER", chromium, "no Chromium here: apt-get install --no-install-recommends chromium"
)
KAFKA = Requirement(
    "kafka",
    "REQUIRE_KAFKA",
    kafka,
    "no Kafka here: set TANDEM_TEST_KAFKA=HOST:PORT, or apt-get install default-jre-headless maven",
)
PROMETHEUS = Requirement(
    "prometheus",
    "REQUIRE_PROMETHEUS",
    prometheus,
    "no Prometheus with Alertmanager here: apt-get install --no-install-recommends prometheus prometheus-alertmanager",
)
REQUIREMENTS = (BROWSER, KAFKA, PROMETHEUS)


def insist_or_skip(requirement: Requirement, environ: dict[str, str]) -> None:
    """Skip the running test, or fail it when the environment insists on it."""
    if environ.get(requirement.switch, "0") not in {"", "0"}:
        pytest.fail(f"{requirement.switch} is set, but {requirement.missing}", pytrace=False)
    pytest.skip(requirement.reason)


@pytest.hookimpl(tryfirst=True)
def pytest_runtest_setup(item: pytest.Item) -> None:
    """Before any fixture starts: a missing browser must not first cost a server."""
    for requirement in REQUIREMENTS:
        if item.get_closest_marker(requirement.marker) and not requirement.found():
            insist_or_skip(requirement, dict(os.environ))


def skipped_for(reports: list[pytest.TestReport]) -> Counter[str]:
    """How many of ``reports`` were skipped for which requirement, by its reason."""
    texts = [report.longrepr[2] for report in reports if isinstance(report.longrepr, tuple)]
    return Counter(need.reason for need in REQUIREMENTS for text in texts if need.reason in text)


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Say at the end what did not run, and how to have it run."""
    for reason, count in sorted(skipped_for(terminalreporter.stats.get("skipped", [])).items()):
        terminalreporter.write_line(f"SKIPPED {count}: {reason}", yellow=True)
