"""Kafka's topics as they should be: what is missing, what differs, and making it so.

Retention is what a consumer may be behind before it loses records, and what a look back needs; the truth is in
PostgreSQL for good. Nothing is compacted: each record is a fact of its own, not the latest word about its key.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterable, Mapping, Sequence
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from typing import Final

from aiokafka.admin import AIOKafkaAdminClient, NewTopic
from aiokafka.admin.config_resource import ConfigResource, ConfigResourceType
from aiokafka.errors import KafkaConnectionError, KafkaError, TopicAlreadyExistsError, for_code

from tandem.bus.kafka_producer import describe
from tandem.bus.kafka_refusal import refusal
from tandem.bus.kafka_settings import MAX_RECORD_BYTES, REQUEST_S, KafkaSettings
from tandem.bus.topics import ALERTS, ALL, COMMANDS, INCIDENTS, QUARANTINE, SIGNALS, is_outside
from tandem.clock import within
from tandem.errors import Unavailable

_DAY_MS = 24 * 60 * 60 * 1000
RETENTION_DAYS: Final = {
    ALERTS.name: 7,
    SIGNALS.name: 7,
    COMMANDS.name: 7,
    INCIDENTS.name: 7,
    QUARANTINE.name: 30,
}
"""As long as the PostgreSQL bus keeps its log; what was put aside is looked at later."""
OTHERS_DAYS = 7
OUTSIDE_DAYS = 3
"""Readers outside resume after a long weekend; the export holds the rest."""
OUTSIDE_PARTITIONS = 4
_CLOSE_S = 2.0
_OF_TOPIC = 1
"""Where a setting comes from, in a broker's answer: it was set for this topic."""


@dataclass(frozen=True, slots=True)
class Wanted:
    """One topic as it should be."""

    name: str
    """On the cluster, prefix included."""
    partitions: int
    replication: int
    configs: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Found:
    """One topic as it is."""

    partitions: int
    replication: int
    configs: Mapping[str, str]
    """In force, the cluster's own included."""
    own: Mapping[str, str] = field(default_factory=dict)
    """Set for this topic, by us or by somebody else."""


@dataclass(frozen=True, slots=True)
class Configure:
    """Settings of one topic that differ."""

    topic: Wanted
    differing: Mapping[str, str]
    """With their new values."""
    whole: Mapping[str, str]
    """Everything that is set for the topic afterwards: the request replaces all of it."""


@dataclass(slots=True)
class Changes:
    """What it takes. ``problems`` are for a person: no program may mend them."""

    create: list[Wanted] = field(default_factory=list)
    configure: list[Configure] = field(default_factory=list)
    problems: list[str] = field(default_factory=list)
    same: list[Wanted] = field(default_factory=list)


def wanted(settings: KafkaSettings, outside: Iterable[str] = ()) -> list[Wanted]:
    """Every topic of the table and the named outside ones."""
    names = [*(topic.name for topic in ALL), *sorted(set(outside))]
    return [wanted_topic(settings, name) for name in names]


def wanted_topic(settings: KafkaSettings, name: str) -> Wanted:
    """One topic as it should be."""
    days = OUTSIDE_DAYS if is_outside(name) else RETENTION_DAYS.get(name, OTHERS_DAYS)
    configs = {
        "cleanup.policy": "delete",
        "retention.ms": str(days * _DAY_MS),
        "min.insync.replicas": "2" if settings.replication >= 3 else "1",
        "max.message.bytes": str(MAX_RECORD_BYTES),
        "message.timestamp.type": "CreateTime",
        "unclean.leader.election.enable": "false",
    }
    partitions = OUTSIDE_PARTITIONS if is_outside(name) else settings.partitions
    return Wanted(settings.topic(name), partitions, settings.replication, configs)


def compare(wanted: Sequence[Wanted], found: Mapping[str, Found]) -> Changes:
    """What has to be created, what has to be set, and what a person has to decide."""
    changes = Changes()
    for topic in wanted:
        there = found.get(topic.name)
        if there is None:
            changes.create.append(topic)
            continue
        differing = {name: value for name, value in topic.configs.items() if there.configs.get(name) != value}
        if differing:
            changes.configure.append(Configure(topic, differing, {**there.own, **topic.configs}))
        else:
            changes.same.append(topic)
        if there.partitions != topic.partitions and not is_outside_name(topic.name):
            changes.problems.append(
                f"{topic.name} has {there.partitions} partitions, not {topic.partitions}: keys would change their"
                f" partition. Run Tandem with TANDEM_KAFKA_PARTITIONS={there.partitions}, or drain and make it anew"
            )
        if there.replication < topic.replication:
            changes.problems.append(
                f"{topic.name} is kept {there.replication} times, not {topic.replication}:"
                " move it with kafka-reassign-partitions"
            )
    return changes


def is_outside_name(name: str) -> bool:
    """The same for a name with its prefix."""
    return "tandem.routed." in name


@asynccontextmanager
async def admin(settings: KafkaSettings) -> AsyncIterator[AIOKafkaAdminClient]:
    """A connected client for the cluster's own affairs.

    Raises:
        Unavailable: no broker answers, or it refuses.
    """
    client = AIOKafkaAdminClient(**settings.client("tandem-admin"), request_timeout_ms=int(REQUEST_S * 1000))
    try:
        await _connect(settings, client)
        yield client
    except (KafkaError, OSError) as fault:
        raise Unavailable("kafka", describe(fault)) from fault
    finally:
        with suppress(TimeoutError, KafkaError, OSError):
            await within(_CLOSE_S, client.close())


async def _connect(settings: KafkaSettings, client: AIOKafkaAdminClient) -> None:
    try:
        await client.start()
    except KafkaConnectionError as fault:
        raise Unavailable("kafka", await refusal(settings) or describe(fault)) from fault


async def look(client: AIOKafkaAdminClient, names: Sequence[str]) -> dict[str, Found]:
    """Those of ``names`` that exist."""
    there = sorted(set(names) & set(await client.list_topics()))
    if not there:
        return {}
    described = {topic["topic"]: topic["partitions"] for topic in await client.describe_topics(there)}
    answers = await client.describe_configs([ConfigResource(ConfigResourceType.TOPIC, name) for name in there])
    resources = [resource for answer in answers for resource in answer.resources]
    configs = {resource[3]: {entry[0]: entry[1] for entry in resource[4]} for resource in resources}
    own = {
        resource[3]: {entry[0]: entry[1] for entry in resource[4] if entry[3] == _OF_TOPIC} for resource in resources
    }
    return {
        name: Found(
            len(partitions), min(len(p["replicas"]) for p in partitions), configs.get(name, {}), own.get(name, {})
        )
        for name, partitions in described.items()
    }


async def create(client: AIOKafkaAdminClient, topics: Sequence[Wanted]) -> None:
    """Make ``topics``; one that exists meanwhile is fine.

    Raises:
        Unavailable: the cluster refused one; which, and why.
    """
    if not topics:
        return
    new = [
        NewTopic(topic.name, topic.partitions, topic.replication, topic_configs=dict(topic.configs)) for topic in topics
    ]
    answer = await client.create_topics(new, timeout_ms=int(REQUEST_S * 1000))
    for name, code, *message in answer.topic_errors:
        error = for_code(code)
        if code and error is not TopicAlreadyExistsError:
            raise Unavailable("kafka", f"topic {name}: {(message or [None])[0] or error.__name__}")


async def configure(client: AIOKafkaAdminClient, changes: Sequence[Configure]) -> None:
    """Set what differs.

    Raises:
        Unavailable: the cluster refused one.
    """
    resources = [
        ConfigResource(ConfigResourceType.TOPIC, each.topic.name, configs=dict(each.whole)) for each in changes
    ]
    for answer in await client.alter_configs(resources) if resources else ():
        for code, message, _, name in answer.resources:
            if code:
                raise Unavailable("kafka", f"topic {name}: {message or for_code(code).__name__}")


async def ensure(settings: KafkaSettings, outside: Iterable[str], *, dry_run: bool = False) -> Changes:
    """Make the cluster's topics as they should be, or only say what that would take; safe to run twice.

    Raises:
        Unavailable: no broker answers, or it refuses.
    """
    topics = wanted(settings, outside)
    async with admin(settings) as client:
        changes = compare(topics, await look(client, [topic.name for topic in topics]))
        if not dry_run:
            await create(client, changes.create)
            await configure(client, changes.configure)
    return changes


async def unseen(settings: KafkaSettings) -> list[str]:
    """Topics of the table that our login does not see: they are missing, or not for it.

    Raises:
        Unavailable: no broker answers, or it refuses.
    """
    async with admin(settings) as client:
        there = set(await client.list_topics())
    return [name for name in (settings.topic(topic.name) for topic in ALL) if name not in there]


async def create_outside(settings: KafkaSettings, topic: str) -> None:
    """Make the outside topic of a party whose first record is on its way."""
    async with admin(settings) as client:
        await create(client, [wanted_topic(settings, topic)])
