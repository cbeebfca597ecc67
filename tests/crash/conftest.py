"""Crash tests share one installation of each kind: every kill adds to its history, and every check looks at all of it."""

from __future__ import annotations

import os
import random
from collections.abc import AsyncIterator, Generator, Iterator

import pytest

from tests.support.apart import PAIRS, apart
from tests.support.fleet import Fleet
from tests.support.installation import Installation, installation
from tests.support.kafka.broker import KafkaBroker
from tests.support.priority import first
from tests.support.shared_fleet import SharedFleet
from tests.support.supervisor import Supervisor

KNOWN_S = 2.5
"""By then every ingest knows the ways in."""
LINES = 12
"""Of a failure, at once; all of it comes at the end."""


_FAILED = pytest.StashKey[str]()


class _Faults:
    """Shows what failed when it fails: a soak tells the rest hours later, or never when it is stopped."""

    def __init__(self, reporter: pytest.TerminalReporter) -> None:
        self._reporter = reporter

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        if report.failed:
            self._reporter.ensure_newline()
            said = [line for line in report.longreprtext.splitlines() if line.startswith("E ")]
            self._reporter.write_line("\n".join([report.nodeid, *said[:LINES]]))


@pytest.hookimpl(trylast=True)  # pytest makes its reporter in this hook
def pytest_configure(config: pytest.Config) -> None:
    """In the process that writes to the terminal."""
    reporter = config.pluginmanager.get_plugin("terminalreporter")
    if isinstance(reporter, pytest.TerminalReporter):
        config.pluginmanager.register(_Faults(reporter))


@pytest.fixture(scope="package", autouse=True)
def goes_first() -> Iterator[None]:
    with first():
        yield


@pytest.fixture(scope="module")
async def shared_installation() -> AsyncIterator[Installation[Supervisor]]:
    async with installation() as made:
        yield made
        spans = ", ".join(f"{seconds:.1f}" for seconds in made.supervisor.restarts)
        print(f"{len(made.supervisor.kills)} kills; start to ready after a kill, in seconds: {spans}")


@pytest.fixture
async def running(shared_installation: Installation[Supervisor]) -> Installation[Supervisor]:
    """The shared installation, running."""
    await shared_installation.run()
    return shared_installation


@pytest.fixture(scope="session")
async def shared_fleet() -> AsyncIterator[SharedFleet]:
    async with SharedFleet(lambda: apart(PAIRS), settles_s=KNOWN_S) as shared:
        yield shared


@pytest.fixture
async def fleet(shared_fleet: SharedFleet, request: pytest.FixtureRequest) -> AsyncIterator[Installation[Fleet]]:
    """The shared installation of separate processes, all of them running and every way clear."""
    async with shared_fleet.lent(lambda: _failed(request)) as made:
        yield made


@pytest.fixture(scope="session")
async def shared_kafka_fleet() -> AsyncIterator[SharedFleet]:
    async with SharedFleet(lambda: apart(PAIRS, broker=KafkaBroker()), settles_s=KNOWN_S) as shared:
        yield shared


@pytest.fixture
async def kafka_fleet(
    shared_kafka_fleet: SharedFleet, request: pytest.FixtureRequest
) -> AsyncIterator[Installation[Fleet]]:
    """The same on a Kafka broker and a PostgreSQL server, both of which a test may take away."""
    async with shared_kafka_fleet.lent(lambda: _failed(request)) as made:
        yield made


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    report = yield
    if report.failed:
        item.stash[_FAILED] = item.name
    return report


def _failed(request: pytest.FixtureRequest) -> str | None:
    """The name of the test when it failed."""
    return request.node.stash.get(_FAILED, None)


@pytest.fixture
def chance() -> random.Random:
    """Random moments; ``CRASH_SEED`` repeats a run, and a failure shows the seed."""
    seed = int(os.environ.get("CRASH_SEED", random.SystemRandom().randrange(1 << 32)))
    print(f"CRASH_SEED={seed}")
    return random.Random(seed)
