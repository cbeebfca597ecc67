r"""A small SOC console that reads the incidents of one party from Kafka and acknowledges them through the REST API.

It loses nothing and does nothing twice: an event is remembered under its CloudEvents id, in the transaction of what it
changed, and Kafka is told how far it has read only afterwards. Killed at any moment, it goes on where it stopped.

    pip install aiokafka httpx
    KAFKA_BOOTSTRAP=kafka:9092 KAFKA_USERNAME=soc KAFKA_PASSWORD=... KAFKA_TOPIC=tandem.routed.msp.brightwater \
    TANDEM_URL=https://tandem.example TANDEM_TOKEN=tdm_... TANDEM_PARTY=msp python soc_console.py

docs/outside-readers.md explains the settings, and what has to be granted before.
"""

from __future__ import annotations

import asyncio
import json
import os
import signal
import sqlite3
import sys
from typing import Any

import httpx
from aiokafka import AIOKafkaConsumer, ConsumerRecord
from aiokafka.errors import CommitFailedError
from aiokafka.helpers import create_ssl_context

NEEDED = ("KAFKA_BOOTSTRAP", "KAFKA_USERNAME", "KAFKA_PASSWORD", "KAFKA_TOPIC", "TANDEM_URL", "TANDEM_TOKEN")
PATIENCE_S = 60
"""An API that does not answer for so long ends the program; whoever starts it again loses nothing."""


class Memory:
    """What the console knows, in one SQLite file: events it has handled, and each incident as it was last told."""

    def __init__(self, file: str) -> None:
        self._db = sqlite3.connect(file)
        self._db.execute("PRAGMA synchronous = FULL")
        self._db.executescript(
            "CREATE TABLE IF NOT EXISTS handled (source TEXT, id TEXT, PRIMARY KEY (source, id));"
            "CREATE TABLE IF NOT EXISTS incident (id TEXT PRIMARY KEY, version INTEGER, tenant TEXT, priority TEXT,"
            " state TEXT, title TEXT)"
        )

    def has(self, source: str, event_id: str) -> bool:
        """Whether this event was handled before: Kafka may bring it twice."""
        found = self._db.execute("SELECT 1 FROM handled WHERE source = ? AND id = ?", (source, event_id))
        return found.fetchone() is not None

    def keep(self, source: str, event_id: str, incident: dict[str, Any]) -> None:
        """The event is handled, and the incident is as it says, unless something newer is known."""
        with self._db:
            self._db.execute("INSERT OR IGNORE INTO handled VALUES (?, ?)", (source, event_id))
            self._db.execute(
                "INSERT INTO incident VALUES (:incident_id, :version, :tenant, :priority, :state, :title)"
                " ON CONFLICT (id) DO UPDATE SET version = excluded.version, priority = excluded.priority,"
                " state = excluded.state, title = excluded.title WHERE excluded.version > incident.version",
                incident,
            )


async def handle(record: ConsumerRecord, memory: Memory, api: httpx.AsyncClient, party: str) -> None:
    """One event: show it, acknowledge what is new and ours, and remember it last."""
    attributes = {name: value.decode() for name, value in record.headers}
    source, event_id, kind = attributes["ce_source"], attributes["ce_id"], attributes["ce_type"]
    if memory.has(source, event_id):
        return
    incident = json.loads(record.value)
    print(
        f"{incident['priority']} {incident['state']:<12} {incident['title']}  ({kind}, {incident['tenant']})",
        flush=True,
    )
    if kind == "io.tandem.incident.opened.v1" and party in incident["must_acknowledge"]:
        await acknowledge(api, incident["incident_id"])  # in a real console: when an analyst takes it
    memory.keep(source, event_id, incident)


async def acknowledge(api: httpx.AsyncClient, incident_id: str) -> None:
    """Tell Tandem that we have it. A second time does no harm: it is refused with 409, which names who was first."""
    for attempt in range(PATIENCE_S):
        try:
            answer = await api.post(f"/api/v1/incidents/{incident_id}/acknowledge")
        except httpx.TransportError as fault:
            print(f"Tandem does not answer: {fault!r}", file=sys.stderr)
        else:
            if answer.status_code in {401, 403}:
                sys.exit(f"TANDEM_TOKEN is not accepted: {answer.text}")
            if answer.status_code < 500 and answer.status_code != 429:
                # 200 done, 202 accepted and done soon, 409 somebody was first, 404 no client of this token's.
                if answer.status_code not in {200, 202}:
                    print(f"{incident_id} not acknowledged: {answer.text}", file=sys.stderr)
                return
        await asyncio.sleep(min(2**attempt / 4, 1))
    sys.exit(f"Tandem has not taken an acknowledgement for {PATIENCE_S} s")


def consumer(environ: dict[str, str]) -> AIOKafkaConsumer:
    """Offsets are committed by us alone, and a new group begins at the oldest record that Kafka still has."""
    security = environ.get("KAFKA_SECURITY", "SASL_SSL")
    user = environ["KAFKA_USERNAME"]
    return AIOKafkaConsumer(
        environ["KAFKA_TOPIC"],
        bootstrap_servers=environ["KAFKA_BOOTSTRAP"],
        group_id=environ.get("KAFKA_GROUP", f"{user}.console"),
        enable_auto_commit=False,
        auto_offset_reset="earliest",
        security_protocol=security,
        sasl_mechanism=environ.get("KAFKA_MECHANISM", "SCRAM-SHA-512"),
        sasl_plain_username=user,
        sasl_plain_password=environ["KAFKA_PASSWORD"],
        ssl_context=create_ssl_context(cafile=environ.get("KAFKA_CA_FILE")) if security == "SASL_SSL" else None,
    )


async def watch(environ: dict[str, str], stopping: asyncio.Event) -> None:
    """Read until told to stop: first handle, then commit, so that a crash repeats and never skips."""
    memory = Memory(environ.get("MEMORY_FILE", "soc_console.sqlite"))
    party = environ.get("TANDEM_PARTY", "msp")
    bearer = {"Authorization": f"Bearer {environ['TANDEM_TOKEN']}"}
    incidents = consumer(environ)
    async with httpx.AsyncClient(base_url=environ["TANDEM_URL"], headers=bearer, timeout=10) as api:
        await incidents.start()
        try:
            if environ["KAFKA_TOPIC"] not in await incidents.topics():
                sys.exit(f"{environ['KAFKA_USERNAME']} sees no topic {environ['KAFKA_TOPIC']}: was it granted?")
            while not stopping.is_set():
                found = await incidents.getmany(timeout_ms=1000, max_records=100)
                for record in (record for records in found.values() for record in records):
                    await handle(record, memory, api, party)
                if found:
                    await commit(incidents)
        finally:
            await incidents.stop()


async def commit(incidents: AIOKafkaConsumer) -> None:
    """Past everything handled so far."""
    try:
        await incidents.commit()
    except CommitFailedError:
        print("another console of our group has these partitions now; it may see some events again", file=sys.stderr)


async def main() -> None:
    missing = [name for name in NEEDED if not os.environ.get(name)]
    if missing:
        sys.exit(f"set {', '.join(missing)}")
    stopping = asyncio.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(number, stopping.set)
    await watch(dict(os.environ), stopping)


if __name__ == "__main__":
    asyncio.run(main())
