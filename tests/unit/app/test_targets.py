"""The auditor is a target like the others, a part of all, and alone it needs no bus."""

from __future__ import annotations

import subprocess
import sys

import pytest

from tandem.app.process import expand
from tandem.app.targets import ALL, BUSLESS, TARGETS, build_of
from tandem.bus.absent import AbsentBus
from tandem.bus.partition import partition_of
from tandem.db.roles import AUDITOR, BUS, MEMBERSHIPS, role_of
from tandem.db.write import Writes
from tandem.errors import Unavailable


def test_all_includes_the_auditor_last():
    assert expand("all") == list(ALL)
    assert expand("auditor,router") == ["router", "auditor"]
    assert ALL[-1] == "auditor"


def test_every_target_has_a_file_that_builds_it():
    assert [build_of(name).__module__ for name in ALL] == [f"tandem.app.targets.{file}" for file in TARGETS.values()]


@pytest.mark.parametrize(
    ("target", "unneeded"),
    [
        ("router", {"tandem_console", "tandem_ingest", "tandem_notifier", "tandem_sla_clock", "aiohttp", "alembic"}),
        ("ingest", {"tandem_console", "tandem_router", "tandem_sla_clock", "alembic", "jinja2"}),
        ("notifier", {"tandem_console", "tandem_ingest", "tandem_router", "tandem_sla_clock", "alembic", "jinja2"}),
    ],
)
def test_a_process_loads_nothing_of_the_services_it_does_not_run(target: str, unneeded: set[str]):
    """A start is mostly imports, and a page waits for it where a service has no second process."""
    ask = (
        "import sys, tandem.app.process; from tandem.app.targets import build_of;"
        f"build_of({target!r}); print(*{{name.partition('.')[0] for name in sys.modules}})"
    )

    loaded = subprocess.run([sys.executable, "-c", ask], capture_output=True, text=True, check=True)

    assert not unneeded & set(loaded.stdout.split())


def test_only_the_auditor_does_without_a_bus():
    assert set(ALL) >= BUSLESS == {"auditor"}


def test_the_auditors_role_holds_no_other_role_and_may_not_use_the_bus():
    assert role_of("auditor") == AUDITOR
    assert [role for role, member in MEMBERSHIPS if member == AUDITOR] == []
    assert (BUS, "tandem_router") in MEMBERSHIPS


async def test_a_bus_that_is_absent_refuses_whoever_would_lose_something():
    bus = AbsentBus()
    await bus.start()

    with pytest.raises(Unavailable):
        await bus.append([])
    with pytest.raises(Unavailable):
        await bus.consumer("router", ["tandem.alerts"])
    for refused in (lambda: bus.publish(Writes(), []), lambda: bus.commit(Writes(), "router", [])):
        with pytest.raises(Unavailable):
            refused()

    assert bus.partition_of("acme/disk") == partition_of("acme/disk")
    bus.notify(["tandem.alerts"])
    await bus.stop()
