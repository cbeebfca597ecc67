"""One process of a fleet: its way to the database, and what it says of itself."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import aiohttp

from tandem.killpoint import POINTS
from tests.support.proxy import Proxy
from tests.support.served import Served

_ASK_S = 10.0


@dataclass(kw_only=True)
class Member(Served):
    """See the module."""

    name: str
    """``router-2``."""
    way: Proxy
    """To the database."""
    to_broker: Proxy | None = None

    @property
    def service(self) -> str:
        return service_of(self.name)

    async def readiness(self) -> tuple[int, str]:
        """Status and body of ``/readyz``."""
        return await self.get("/readyz")

    async def metric(self, series: str) -> float:
        """The value of a series, as ``/metrics`` prints it; 0 when it is not there."""
        _, text = await self.get("/metrics")
        return next((float(line.split()[-1]) for line in text.splitlines() if line.startswith(series + " ")), 0.0)

    async def get(self, path: str) -> tuple[int, str]:
        """Status and body."""
        timeout = aiohttp.ClientTimeout(total=_ASK_S)
        async with (
            aiohttp.ClientSession(timeout=timeout, trust_env=False) as session,
            session.get(f"{self.address}{path}") as answer,
        ):
            return answer.status, await answer.text()

    def holds(self) -> dict[str, int]:
        """Threads, open files and memory in KiB."""
        assert self.process is not None
        place = Path(f"/proc/{self.process.pid}")
        facts = dict(line.split(":", 1) for line in (place / "status").read_text().splitlines() if ":" in line)
        return {
            "threads": int(facts["Threads"]),
            "files": len(list((place / "fd").iterdir())),
            "kib": int(facts["VmRSS"].split()[0]),
        }


def service_of(name: str) -> str:
    """``sla-clock-1`` -> ``sla-clock``."""
    return name.rpartition("-")[0]


def points_of(service: str) -> list[str]:
    """The kill points that a process of this service passes."""
    passed = {"ingest": ("ingest.",), "notifier": ("sender.", "runner.")}.get(service, ("runner.",))
    return [point for point in POINTS if point.startswith(passed)]
