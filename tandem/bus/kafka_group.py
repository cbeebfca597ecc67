"""What a group on the broker says of its members."""

from __future__ import annotations

from aiokafka import TopicPartition
from aiokafka.admin import AIOKafkaAdminClient
from aiokafka.coordinator.protocol import ConsumerProtocolMemberAssignment

_SETTLED = "Stable"


async def given_to(client: AIOKafkaAdminClient, group: str, client_id: str) -> frozenset[TopicPartition] | None:
    """The partitions of a group's member; None when the group does not know it or is giving them out just now.

    Raises:
        KafkaError: no broker answers, or it refuses.
    """
    for answer in await client.describe_consumer_groups([group]):
        for _error, _group, state, _type, _protocol, members, *_ in answer.groups:
            for _member, name, _host, _subscribed, given in members:
                if name == client_id and state == _SETTLED:
                    return frozenset(ConsumerProtocolMemberAssignment.decode(given).partitions() if given else ())
    return None
