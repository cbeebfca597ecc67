"""Why no broker takes us. The client tries each address, keeps what it was told, and says only that none will do."""

from __future__ import annotations

import ssl

from aiokafka.conn import collect_hosts, create_conn
from aiokafka.errors import (
    AuthenticationFailedError,
    IllegalSaslStateError,
    KafkaError,
    SaslAuthenticationFailed,
    UnsupportedSaslMechanismError,
)

from tandem.bus.kafka_producer import describe
from tandem.bus.kafka_settings import REQUEST_S, KafkaSettings, Security
from tandem.clock import within

ASK_S = 2.0
"""Of each address."""
_LOGIN = (AuthenticationFailedError, SaslAuthenticationFailed, UnsupportedSaslMechanismError, IllegalSaslStateError)
_CONNECTS = ("security_protocol", "ssl_context", "sasl_mechanism", "sasl_plain_username", "sasl_plain_password")


async def refusal(settings: KafkaSettings) -> str | None:
    """What the broker, or the last of several, answers to a connection, with what to do; None when it takes us.

    A login or a certificate that is refused outweighs an address where nobody answers.
    """
    said: str | None = None
    for host, port, _ in collect_hosts(settings.bootstrap):
        fault = await _asked(settings, host, port)
        if fault is None:
            return None
        told = _advice(settings, fault)
        if told is not None:
            return told
        said = f"{host}:{port}: {describe(fault)}"
    return said


async def _asked(settings: KafkaSettings, host: str, port: int) -> BaseException | None:
    given = {name: value for name, value in settings.client("tandem-asks").items() if name in _CONNECTS}
    asking = create_conn(host, port, client_id="tandem-asks", request_timeout_ms=int(REQUEST_S * 1000), **given)
    try:
        connection = await within(ASK_S, asking)
    except (KafkaError, OSError, ValueError) as fault:  # TimeoutError is an OSError; a bad SCRAM answer a ValueError
        return fault
    connection.close()
    return None


def _advice(settings: KafkaSettings, fault: BaseException) -> str | None:
    if isinstance(fault, _LOGIN):
        return (
            f"authentication failed for user {settings.username!r} by {settings.mechanism}: check"
            " TANDEM_KAFKA_SASL_USERNAME, TANDEM_KAFKA_SASL_PASSWORD (or _PASSWORD_FILE) and"
            f" TANDEM_KAFKA_SASL_MECHANISM, and that the login exists on the broker ({_said(fault)})"
        )
    if isinstance(fault, ssl.SSLCertVerificationError):
        return f"the broker's certificate is not trusted: set TANDEM_KAFKA_CA_FILE ({fault.verify_message})"
    if isinstance(fault, ssl.SSLError):
        wanted = " or ".join(each.value for each in (Security.PLAINTEXT, Security.SASL_PLAINTEXT))
        return f"no TLS with the broker ({fault.reason}): a listener without TLS needs TANDEM_KAFKA_SECURITY={wanted}"
    return None


def _said(fault: BaseException) -> str:
    """The broker's own words, else the name of its refusal."""
    return str(fault)[:200].replace("\n", " ") or type(fault).__name__
