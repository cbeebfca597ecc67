"""Who may do what on a cluster that decides by ACLs: rules of readers outside and of our services, and giving them.

Only allows, and only what is named: Kafka refuses whatever no rule allows. A reader gets one topic and names for its
groups; a service the topics of the table. Users are made with Kafka's own tools: passwords never pass through here.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from enum import IntEnum
from typing import Final

from aiokafka.client import AIOKafkaClient
from aiokafka.errors import KafkaConnectionError, KafkaError, for_code
from aiokafka.protocol.admin import CreateAclsRequest, DescribeAclsRequest
from aiokafka.protocol.api import Request, Response

from tandem.bus.kafka_producer import describe
from tandem.bus.kafka_refusal import refusal
from tandem.bus.kafka_settings import REQUEST_S, KafkaSettings
from tandem.bus.topics import ALERTS, ALL, OUTSIDE, SIGNALS, Topic
from tandem.errors import Reason, Refused, Unavailable

_ANY: Final = 1
"""In a filter: whatever the kind."""
_ALLOW: Final = 3
_SECURITY_DISABLED: Final = 54
_LONGEST_USER = 200
_APPENDED: Final = frozenset({ALERTS.name, SIGNALS.name})
"""Topics that ingest writes at once; what else it accepts waits in a spool of its own."""
RELAYING: Final = frozenset(
    name for topic in ALL if topic.name not in _APPENDED for name in topic.writer if name != "*"
)
"""Services that publish through the outbox, and so may move what any of them published."""


class Resource(IntEnum):
    """What a rule is about; the numbers are Kafka's."""

    TOPIC = 2
    GROUP = 3
    CLUSTER = 4
    TRANSACTIONAL_ID = 5
    DELEGATION_TOKEN = 6
    USER = 7


class Pattern(IntEnum):
    """Whether a rule's name is the whole name or its beginning."""

    LITERAL = 3
    PREFIXED = 4


class Operation(IntEnum):
    """What a rule allows. READ and WRITE include DESCRIBE."""

    ALL = 2
    READ = 3
    WRITE = 4
    CREATE = 5
    DELETE = 6
    ALTER = 7
    DESCRIBE = 8
    CLUSTER_ACTION = 9
    DESCRIBE_CONFIGS = 10
    ALTER_CONFIGS = 11
    IDEMPOTENT_WRITE = 12
    CREATE_TOKENS = 13
    DESCRIBE_TOKENS = 14
    TWO_PHASE_COMMIT = 15


@dataclass(frozen=True, slots=True, order=True)
class Rule:
    """One allow, from any host."""

    user: str
    resource: Resource
    name: str
    operation: Operation
    pattern: Pattern = Pattern.LITERAL

    def __str__(self) -> str:
        """As people say it: ``READ topic tandem.routed.internal.acme``."""
        rest = "*" if self.pattern is Pattern.PREFIXED else ""
        return f"{self.operation.name} {self.resource.name.lower()} {self.name}{rest}"


@dataclass(frozen=True, slots=True)
class Granted:
    """What became of a wish."""

    new: Sequence[Rule]
    same: Sequence[Rule]
    """There before."""
    besides: Sequence[Rule]
    """What the user may do apart from it: nobody here gave it for this wish."""


def reader_rules(settings: KafkaSettings, user: str, topic: str, groups: str | None = None) -> list[Rule]:
    """A reader outside: exactly ``topic``, and groups whose names begin with ``groups`` (default ``<user>.``).

    Raises:
        Refused: a user or a beginning of groups that would give more than this.
    """
    check_user(user)
    groups = groups if groups is not None else f"{user}."
    ours = settings.group("")
    if not groups or ours.startswith(groups) or groups.startswith(ours):
        raise Refused(Reason.INVALID, f"groups that begin with {groups!r} are, or include, Tandem's own ({ours}*)")
    name = settings.topic(topic)
    return [
        Rule(user, Resource.TOPIC, name, Operation.READ),
        Rule(user, Resource.TOPIC, name, Operation.DESCRIBE),
        Rule(user, Resource.GROUP, groups, Operation.READ, Pattern.PREFIXED),
    ]


def service_rules(settings: KafkaSettings, user: str, service: str) -> list[Rule]:
    """One of our services: it reads and writes what the table of topics says, in its own group.

    Those that publish also relay, so they write what any of them has published; what only ingest accepts they do not.
    A service that is no writer or reader of any topic gets no rule.
    """
    check_user(user)
    read = [topic for topic in ALL if service in topic.readers]
    written = [topic for topic in ALL if _writes(service, topic)]
    rules = [Rule(user, Resource.TOPIC, settings.topic(topic.name), Operation.READ) for topic in read]
    rules += [Rule(user, Resource.TOPIC, settings.topic(topic.name), Operation.WRITE) for topic in written]
    if read:
        rules.append(Rule(user, Resource.GROUP, settings.group(service), Operation.READ))
    if service in RELAYING:  # an outside topic is made by its first record
        outside = settings.topic(OUTSIDE)
        rules += [
            Rule(user, Resource.TOPIC, outside, operation, Pattern.PREFIXED)
            for operation in (Operation.WRITE, Operation.CREATE)
        ]
    return rules


def check_user(user: str) -> None:
    """Refuse what names everybody, or nobody.

    Raises:
        Refused: INVALID.
    """
    if not user.strip() or user == "*" or len(user) > _LONGEST_USER or not user.isprintable():
        raise Refused(Reason.INVALID, f"{user[:40]!r} is no name of one Kafka user")


def _writes(service: str, topic: Topic) -> bool:
    published = "*" in topic.writer or not RELAYING.isdisjoint(topic.writer)
    return service in topic.writer or (published and service in RELAYING)


async def grant(settings: KafkaSettings, rules: Sequence[Rule], *, dry_run: bool = False) -> Granted:
    """Give what is missing of ``rules``, all of one user, or only say what that is; safe to run twice.

    Raises:
        Unavailable: no broker answers, it has no authorizer, or it does not let us.
    """
    (user,) = {rule.user for rule in rules}
    async with _client(settings) as client:
        there = await _rules_of(client, user)
        new = [rule for rule in rules if rule not in there]
        for rule in () if dry_run else new:
            await _create(client, rule)
    besides = sorted(there - set(rules))
    return Granted(new, [rule for rule in rules if rule in there], besides)


@asynccontextmanager
async def _client(settings: KafkaSettings) -> AsyncIterator[AIOKafkaClient]:
    """The client's own admin part knows nothing of ACLs; its protocol does."""
    client = AIOKafkaClient(**settings.client("tandem-acls"), request_timeout_ms=int(REQUEST_S * 1000))
    try:
        await _connect(settings, client)
        yield client
    except (KafkaError, OSError) as fault:
        raise Unavailable("kafka", describe(fault)) from fault
    finally:
        await client.close()


async def _connect(settings: KafkaSettings, client: AIOKafkaClient) -> None:
    try:
        await client.bootstrap()
    except KafkaConnectionError as fault:
        raise Unavailable("kafka", await refusal(settings) or describe(fault)) from fault


async def _rules_of(client: AIOKafkaClient, user: str) -> set[Rule]:
    answer = await _ask(client, DescribeAclsRequest(_ANY, None, _ANY, _principal(user), None, _ANY, _ALLOW))
    _check(answer.error_code, answer.error_message)
    return {
        Rule(user, Resource(kind), name, Operation(operation), Pattern(pattern))
        for kind, name, pattern, acls in answer.resources
        for _, _, operation, _ in acls
    }


async def _create(client: AIOKafkaClient, rule: Rule) -> None:
    answer = await _ask(
        client,
        CreateAclsRequest(rule.resource, rule.name, rule.pattern, _principal(rule.user), "*", rule.operation, _ALLOW),
    )
    for code, message in answer.creation_responses:
        _check(code, message)


async def _ask(client: AIOKafkaClient, request: Request) -> Response:
    """Any broker: it hands on to the controller what it does not do itself."""
    return await client.send(client.get_random_node(), request)


def _check(code: int, message: str | None) -> None:
    if code == _SECURITY_DISABLED:
        raise Unavailable("kafka", "this cluster decides nothing by ACLs: set authorizer.class.name on its nodes")
    if code:
        raise Unavailable("kafka", message or for_code(code).__name__)


def _principal(user: str) -> str:
    return f"User:{user}"
