"""``tandem bus tail``: what travels on a topic, as JSON lines."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any

import msgspec
import typer

from tandem.app.reach import database
from tandem.app.settings import kafka_settings
from tandem.bus import kafka_tail
from tandem.bus.port import Record
from tandem.bus.topics import BY_NAME, PARTITIONS, is_outside
from tandem.cli.edge import run
from tandem.cli.serve import settings_with
from tandem.clock import pause
from tandem.db.link import Link
from tandem.errors import PoisonRecord, Reason, Refused
from tandem.wire import codec

app = typer.Typer(help="The bus.", no_args_is_help=True)
_AFTER = (
    'SELECT part, "offset", key, value FROM bus.log WHERE topic = $1 AND part = $2 AND "offset" >= $3'
    ' ORDER BY "offset" LIMIT 500'
)
_POLL_S = 0.5
_KNOWN = ", ".join(sorted(name.removeprefix("tandem.") for name in BY_NAME))


@app.command()
def tail(
    topic: Annotated[str, typer.Argument(help=f"{_KNOWN} or routed.*")],
    follow: Annotated[bool, typer.Option("--follow", help="Go on until Ctrl-C")] = False,
    data_dir: Annotated[Path | None, typer.Option(help="The data directory, when the database is embedded")] = None,
) -> None:
    """Print the records of a topic as JSON lines, oldest first within a partition; on Kafka too."""
    name = topic if topic.startswith("tandem.") else f"tandem.{topic}"
    settings = settings_with(data_dir=data_dir)

    async def work() -> None:
        if name not in BY_NAME and not is_outside(name):
            raise Refused(Reason.INVALID, f"no topic {topic!r}; there are {_KNOWN} and routed.*")
        kafka = kafka_settings(settings)
        if kafka is not None:
            async for record in kafka_tail.tail(kafka, name, follow=follow):
                typer.echo(_line(record))
            return
        async with database(settings) as reached:
            link = Link(reached.dsn, "tandem_router", name="tandem bus tail")
            try:
                await _print_all(link, name, follow=follow)
            finally:
                await link.close()

    try:
        run(work)
    except (KeyboardInterrupt, asyncio.CancelledError):
        raise typer.Exit(0) from None


async def _print_all(link: Link, topic: str, *, follow: bool) -> None:
    nexts = dict.fromkeys(range(PARTITIONS), 0)
    while True:
        found = 0
        for part in nexts:
            async with link.use() as connection:
                rows = await connection.fetch(_AFTER, topic, part, nexts[part])
            for row in rows:
                nexts[part] = row["offset"] + 1
                typer.echo(_line(Record(topic, row["key"], row["value"], None, row["part"], row["offset"])))
            found += len(rows)
        if not found and not follow:
            return
        if not found:
            await pause(_POLL_S)


def _line(record: Record) -> str:
    begin = {"partition": record.partition, "offset": record.offset, "key": record.key}
    return msgspec.json.encode({**begin, "payload": _payload(record)}, enc_hook=_plain).decode()


def _payload(record: Record) -> Any:  # noqa: ANN401 - as the topic's type, or JSON
    try:
        if is_outside(record.topic):  # for machines outside: JSON and no protobuf
            return msgspec.json.decode(record.value)
        return codec.decode(BY_NAME[record.topic].payload, record.value)
    except PoisonRecord as fault:
        return {"unreadable": fault.reason}
    except msgspec.DecodeError as fault:
        return {"unreadable": str(fault)}


def _plain(value: Any) -> Any:  # noqa: ANN401 - what msgspec does not know
    """Read-only mappings of payloads as objects."""
    if isinstance(value, Mapping):
        return dict(value)
    raise NotImplementedError(type(value).__name__)
