"""Why no broker takes us. The client tries each address, keeps what it was told, and says only that none will do."""

from __future__ import annotations

from collections.abc import Sequence

from aiokafka.conn import collect_hosts, create_conn
from aiokafka.errors import KafkaError
from aiokafka.protocol.metadata import MetadataRequest

from tandem.bus.kafka_advice import advice, guess
from tandem.bus.kafka_producer import describe
from tandem.bus.kafka_settings import REQUEST_S, KafkaSettings
from tandem.clock import within

ASK_S = 2.0
"""Of each address."""
_MOST_BROKERS = 8
"""Asked at the addresses they tell; a cluster's certificates are usually all of one make."""
_CONNECTS = ("security_protocol", "ssl_context", "sasl_mechanism", "sasl_plain_username", "sasl_plain_password")

Address = tuple[str, int]


async def refusal(settings: KafkaSettings) -> str | None:
    """What the broker, or the last of several, answers to a connection, with what to do; None when they take us.

    A login or a certificate that is refused outweighs an address where nobody answers. A broker that takes us names
    itself and the others as its ``advertised.listeners`` say: there the client goes next, so these are asked too.
    """
    said: str | None = None
    for host, port, _ in collect_hosts(settings.bootstrap):
        fault, brokers = await _asked(settings, host, port)
        if fault is None:
            return await _refused_by(settings, [each for each in brokers if each != (host, port)])
        told = advice(settings, fault)
        if told is not None:
            return f"{host}:{port}: {told}"
        said = f"{host}:{port}: {guess(settings, fault) or describe(fault)}"
    return said


async def _refused_by(settings: KafkaSettings, brokers: Sequence[Address]) -> str | None:
    """Of those that one of them names, the first that refuses us; one that is down is not to blame."""
    for host, port in brokers[:_MOST_BROKERS]:
        fault, _ = await _asked(settings, host, port)
        told = advice(settings, fault) if fault is not None else None
        if told is not None:
            return f"{host}:{port}, as the broker calls itself: {told}"
    return None


async def _asked(settings: KafkaSettings, host: str, port: int) -> tuple[BaseException | None, list[Address]]:
    """Connect and ask who else is there: a listener with logins takes a connection without one, and no question."""
    given = {name: value for name, value in settings.client("tandem-asks").items() if name in _CONNECTS}
    asking = create_conn(host, port, client_id="tandem-asks", request_timeout_ms=int(REQUEST_S * 1000), **given)
    try:
        connection = await within(ASK_S, asking)
    except (KafkaError, OSError, ValueError) as fault:  # TimeoutError is an OSError; a bad SCRAM answer a ValueError
        return fault, []
    try:
        answer = await within(ASK_S, connection.send(MetadataRequest([])))
    except (KafkaError, OSError) as fault:
        return fault, []
    finally:
        connection.close()
    return None, sorted({(broker[1], broker[2]) for broker in answer.brokers})
