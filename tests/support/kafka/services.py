"""An installation past one machine: a process per service on an external PostgreSQL and Kafka."""

from __future__ import annotations

import asyncio
import base64
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path

from tandem.bus.kafka_settings import KafkaSettings
from tests.support.installation import put_agreements
from tests.support.postgres import Database, new_base
from tests.support.served import TANDEM, launch
from tests.support.supervisor import Supervisor, supervisor

SERVICES = ("ingest", "router", "sla-clock", "notifier", "console")
KEY = bytes(range(32))
COMMAND_S = 120.0


@dataclass
class Services:
    """See the module."""

    environment: Mapping[str, str]
    base: Path
    processes: dict[str, Supervisor] = field(default_factory=dict)

    def address(self, service: str) -> str:
        address = self.processes[service].address
        assert address is not None
        return address

    async def command(self, *arguments: str) -> tuple[int, str]:
        """Run ``tandem ...`` as an operator does; exit code and what it printed."""
        log = self.base / "command.log"
        process = await launch([str(TANDEM), *arguments], log, self.environment)
        async with asyncio.timeout(COMMAND_S):
            code = await process.wait()
        return code, log.read_text(encoding="utf-8", errors="replace")

    async def start(self, services: Sequence[str] = SERVICES) -> None:
        """Start some services, side by side, and wait until they are ready."""
        await asyncio.gather(*(self.processes[name].start() for name in services))


def environment_of(database: Database, kafka: KafkaSettings) -> dict[str, str]:
    """What every process and command is told."""
    told = {
        "DATABASE_URL": database.dsn,
        "SECRET_KEY": base64.b64encode(KEY).decode(),
        "KAFKA_BOOTSTRAP": kafka.bootstrap,
        "KAFKA_PREFIX": kafka.prefix,
        "KAFKA_SECURITY": kafka.security.value,
        "KAFKA_SASL_MECHANISM": kafka.mechanism if kafka.username else None,
        "KAFKA_SASL_USERNAME": kafka.username,
        "KAFKA_SASL_PASSWORD": kafka.password,
        "KAFKA_CA_FILE": kafka.ca_file,
        "KAFKA_CLIENT_CERT": kafka.client_cert,
        "KAFKA_CLIENT_KEY": kafka.client_key,
    }
    return {f"TANDEM_{name}": value for name, value in told.items() if value}


@asynccontextmanager
async def services(database: Database, kafka: KafkaSettings, *, inbox: str, port: int) -> AsyncIterator[Services]:
    """Five processes, not started yet; the agreements' phones are at ``inbox``, which listens on ``port``."""
    allowed = {"TANDEM_ALLOW_PRIVATE_TARGETS": f"127.0.0.1:{port}"}
    environment = {**environment_of(database, kafka), **allowed}
    async with AsyncExitStack() as stack:
        made = Services(environment, new_base())
        for name in SERVICES:
            arguments = (f"--target={name}", "--listen", "127.0.0.1:0")
            made.processes[name] = await stack.enter_async_context(
                supervisor(environment=environment, arguments=arguments)
            )
        put_agreements(made.base / "agreement", inbox)
        yield made
