"""``tandem kafka``: the cluster's side of the bus."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from tandem.app.settings import Settings, kafka_of
from tandem.cli.edge import Output, run, show
from tandem.cli.serve import settings_with
from tandem.errors import Reason, Refused, StartFailed
from tandem.logging import hush_kafka
from tandem.model.ownership import Party

if TYPE_CHECKING:
    from tandem.bus.kafka_acls import Granted
    from tandem.bus.kafka_settings import KafkaSettings
    from tandem.bus.kafka_topics import Changes

app = typer.Typer(help="Kafka, the bus for more than one machine.", no_args_is_help=True)


@app.callback()
def _noun() -> None:
    """Kafka, the bus for more than one machine."""


@app.command()
def ensure_topics(
    replication: Annotated[
        int | None, typer.Option(min=1, max=7, help="Copies of each record; default TANDEM_KAFKA_REPLICATION, else 1")
    ] = None,
    partitions: Annotated[
        int | None, typer.Option(min=1, max=1000, help="Per topic; default TANDEM_KAFKA_PARTITIONS, else 8")
    ] = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only say what would be done")] = False,
    data_dir: Annotated[Path | None, typer.Option(help="As for tandem serve")] = None,
    output: Annotated[Output, typer.Option("--output", help="table or json")] = Output.TABLE,
) -> None:
    """Make every topic, and set what differs; safe to run twice. Exit 1 when a topic needs a person's decision."""
    from tandem.app.outside import ensure_all

    settings = settings_with(data_dir=data_dir, kafka_replication=replication, kafka_partitions=partitions)

    async def work() -> Changes:
        return await ensure_all(*_reached(settings), dry_run=dry_run)

    changes = run(work)
    show(list(_rows(changes, dry_run=dry_run)), output)
    for problem in changes.problems:
        typer.echo(problem, err=True)
    if changes.problems:
        raise typer.Exit(1)


@app.command()
def grant_reader(
    tenant: Annotated[str, typer.Option(help="The client whose incidents it may read")],
    user: Annotated[str, typer.Option(help="The Kafka user, made before with kafka-configs")],
    party: Annotated[Party, typer.Option(help="Whose topic: an MSP has one for all its clients")] = Party.INTERNAL,
    group: Annotated[
        str | None, typer.Option(help="What the names of its consumer groups begin with; default USER and a dot")
    ] = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only say what would be done")] = False,
    output: Annotated[Output, typer.Option("--output", help="table or json")] = Output.TABLE,
) -> None:
    """Let a program outside read one party's routed incidents, and nothing else; safe to run twice."""
    from tandem.app import outside
    from tandem.bus.kafka_acls import reader_rules

    settings = settings_with()

    async def work() -> tuple[str, outside.Given]:
        kafka, dsn = _reached(settings)
        topic = await outside.outside_topic(dsn, tenant, party)
        rules = reader_rules(kafka, user, topic, group)
        return kafka.topic(topic), await outside.grant_reader(kafka, rules, topic, dry_run=dry_run)

    topic, given = run(work)
    show(_grants(given.granted, dry_run=dry_run), output)
    if given.made_topic:
        typer.echo(f"topic {topic} is {'to be ' if dry_run else ''}made", err=True)
    if party is Party.MSP:
        typer.echo(f"{topic} holds the incidents of every client of this MSP, not of {tenant} alone", err=True)
    _warn_of_more(given.granted)


@app.command()
def grant_service(
    service: Annotated[str, typer.Option(help="ingest, router, sla-clock, notifier or console; comma separated")],
    user: Annotated[str, typer.Option(help="The Kafka user of its processes, made before with kafka-configs")],
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only say what would be done")] = False,
    output: Annotated[Output, typer.Option("--output", help="table or json")] = Output.TABLE,
) -> None:
    """Let a service of Tandem read and write what the table of topics says, and nothing else; safe to run twice."""
    from tandem.app.process import expand
    from tandem.bus.kafka_acls import grant, service_rules

    settings = settings_with()

    async def work() -> Granted:
        kafka = _kafka(settings)
        rules = [rule for name in expand(service) for rule in service_rules(kafka, user, name)]
        if not rules:
            raise Refused(Reason.INVALID, f"{service} reads and writes no topic: it needs no user on the cluster")
        return await grant(kafka, list(dict.fromkeys(rules)), dry_run=dry_run)

    granted = run(work)
    show(_grants(granted, dry_run=dry_run), output)
    _warn_of_more(granted)


def _kafka(settings: Settings) -> KafkaSettings:
    if not settings.kafka_bootstrap:
        raise StartFailed("TANDEM_KAFKA_BOOTSTRAP is not set: give it HOST:PORT of a broker", exit_code=2)
    hush_kafka()
    return kafka_of(settings)


def _reached(settings: Settings) -> tuple[KafkaSettings, str]:
    """The cluster, and the database that knows the agreements."""
    kafka = _kafka(settings)
    if settings.database_url is None:
        raise StartFailed(
            "TANDEM_DATABASE_URL is not set: the agreements there say whose topics there are", exit_code=2
        )
    return kafka, settings.database_url


def _rows(changes: Changes, *, dry_run: bool) -> list[dict[str, Any]]:
    made, put = ("to be created", "to be set") if dry_run else ("created", "set")
    rows = [(topic, made, "") for topic in changes.create]
    rows.extend((each.topic, put, _settings(each.differing)) for each in changes.configure)
    rows.extend((topic, "as it should be", "") for topic in changes.same)
    return [
        {"topic": topic.name, "partitions": topic.partitions, "replication": topic.replication, "is": what, "set": sets}
        for topic, what, sets in sorted(rows, key=lambda row: row[0].name)
    ]


def _settings(differing: Mapping[str, str]) -> str:
    return ", ".join(f"{name}={value}" for name, value in sorted(differing.items()))


def _grants(granted: Granted, *, dry_run: bool) -> list[dict[str, Any]]:
    rows = [(rule, "to be granted" if dry_run else "granted") for rule in granted.new]
    rows.extend((rule, "as it should be") for rule in granted.same)
    return [{"user": rule.user, "may": str(rule), "is": what} for rule, what in rows]


def _warn_of_more(granted: Granted) -> None:
    """A rule from elsewhere is a person's matter: it may be what lets a reader see somebody else's records."""
    for rule in granted.besides:
        typer.echo(f"{rule.user} may besides: {rule}", err=True)
