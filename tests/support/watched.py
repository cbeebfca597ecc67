"""Services in processes of their own on one PostgreSQL, as an operator starts them, and signals to each."""

from __future__ import annotations

import asyncio
import base64
import json
import shutil
import signal
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path

from tandem.bus.port import Record
from tandem.bus.postgres import PostgresBus
from tandem.bus.topics import ALERTS, alert_key
from tandem.clock import SystemClock
from tandem.ids import alert_id
from tandem.model.alert import Alert, AlertStatus, Kind, Severity
from tandem.wire import codec
from tests.support.alarm_receiver import AlarmReceiver
from tests.support.installation import clock_ahead, hours_ahead, put_agreements
from tests.support.pager_provider import pager_provider
from tests.support.postgres import Database, new_base
from tests.support.served import READY_S, TANDEM, launch

SERVICES = ("router,notifier", "sla-clock", "auditor")
ENDED_S = 30.0
KEY = base64.b64encode(bytes(range(32))).decode()


@dataclass
class Apart:
    """See the module."""

    database: Database
    base: Path
    environment: dict[str, str]
    ahead: timedelta
    """How far their clocks are ahead of the machine's at first: on a Sunday night a window would hold the alert."""
    processes: dict[str, asyncio.subprocess.Process] = field(default_factory=dict)
    posts: int = 0

    @property
    def offset(self) -> Path:
        return self.base / "clock-offset"

    def fast_forward(self, *, hours: float) -> None:
        """Move every process's clock."""
        part = self.offset.with_suffix(".part")
        part.write_text(str((self.ahead + timedelta(hours=hours)).total_seconds()))
        part.replace(self.offset)

    async def start(self, targets: str) -> None:
        """Start, and wait until ready."""
        data = self.base / targets.replace(",", "+")
        agreements = ["--agreements", str(self.base / "agreement")] if "router" in targets else []
        flags = ["--target", targets, "--data-dir", str(data), "--listen", "127.0.0.1:0", *agreements]
        process = await launch([str(TANDEM), "serve", *flags], self._log(targets), self.environment)
        self.processes[targets] = process
        async with asyncio.timeout(READY_S):
            while not self._is_ready(data, process.pid):
                assert process.returncode is None, self.said(targets)
                await asyncio.sleep(0.02)

    def pause(self, targets: str) -> None:
        self.processes[targets].send_signal(signal.SIGSTOP)

    def go_on(self, targets: str) -> None:
        self.processes[targets].send_signal(signal.SIGCONT)

    async def receive(self, title: str, host: str) -> None:
        """An alert is accepted, as ingest would."""
        self.posts += 1
        clock = SystemClock()
        alert = Alert(
            alert_id=alert_id("northwind", "rmm", str(self.posts), 0),
            tenant="northwind",
            integration="rmm",
            delivery_id=str(self.posts),
            dedup_key=title,
            title=title,
            host=host,
            vendor="generic",
            kind=Kind.MONITORING,
            status=AlertStatus.FIRING,
            severity=Severity.UNKNOWN,
            received_at=clock.now() + self.ahead,
        )
        bus = PostgresBus(self.database.dsn, "tandem_ingest", clock=clock, split=True)
        await bus.start()
        await bus.append([Record(ALERTS.name, alert_key("northwind", title), codec.encode(alert))])
        await bus.stop()

    async def until(self, query: str, *, seconds: float = 90.0) -> None:
        """Wait until ``query`` gives true."""
        admin = await self.database.admin()
        deadline = time.monotonic() + seconds
        while not await admin.fetchval(query):
            assert time.monotonic() < deadline, "\n".join(self.said(targets) for targets in self.processes)
            await asyncio.sleep(0.05)

    async def close(self) -> None:
        for process in self.processes.values():
            with suppress(ProcessLookupError):
                process.send_signal(signal.SIGCONT)
                process.terminate()
        for process in self.processes.values():
            try:
                async with asyncio.timeout(ENDED_S):
                    await process.wait()
            except TimeoutError:
                process.kill()
                await process.wait()
        shutil.rmtree(self.base, ignore_errors=True)

    def said(self, targets: str) -> str:
        return self._log(targets).read_text(encoding="utf-8", errors="replace")[-3000:]

    def _log(self, targets: str) -> Path:
        return self.base / f"{targets}.log"

    @staticmethod
    def _is_ready(data: Path, pid: int) -> bool:
        for file in data.glob("*.ready.json"):
            with suppress(OSError, ValueError):
                return bool(json.loads(file.read_text(encoding="utf-8"))["pid"] == pid)
        return False


@asynccontextmanager
async def apart(database: Database, ears: AlarmReceiver, **settings: str) -> AsyncIterator[Apart]:
    """Router and notifier, the SLA clock and the auditor, each ready; ``settings`` are further variables."""
    async with pager_provider() as provider:
        made = Apart(database, new_base(), {}, hours_ahead(SystemClock().now()))
        put_agreements(made.base / "agreement", provider.inbox)
        made.environment = {
            "TANDEM_DATABASE_URL": database.dsn,
            "TANDEM_SECRET_KEY": KEY,
            **clock_ahead(made.base, made.ahead),
            "TANDEM_ALLOW_PRIVATE_TARGETS": f"127.0.0.1:{provider.port}",
            "TANDEM_ALARM_URL": ears.alarm_url,
            "TANDEM_HEARTBEAT_URL": ears.heartbeat_url,
            **settings,
        }
        try:
            await made.start(SERVICES[0])  # applies the agreements
            await asyncio.gather(*(made.start(targets) for targets in SERVICES[1:]))
            yield made
        finally:
            for targets in made.processes:
                print(f"--- {targets}\n{made.said(targets)}")
            await made.close()
