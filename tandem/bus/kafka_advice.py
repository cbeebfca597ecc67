"""What a person can do about a connection that a broker, or TLS, refuses. Pure."""

from __future__ import annotations

import ssl
from collections.abc import Iterator

from aiokafka.errors import (
    AuthenticationFailedError,
    ClusterAuthorizationFailedError,
    IllegalSaslStateError,
    KafkaConnectionError,
    SaslAuthenticationFailed,
    UnsupportedSaslMechanismError,
)

from tandem.bus.kafka_settings import KafkaSettings, Security

_LOGIN = (AuthenticationFailedError, SaslAuthenticationFailed, UnsupportedSaslMechanismError)
# Numbers of OpenSSL's x509_vfy.h; Python names none of them.
_NOT_YET, _EXPIRED = 9, 10
_OTHER_NAME = frozenset({62, 63, 64})
_LONGEST = 200


def advice(settings: KafkaSettings, fault: BaseException) -> str | None:
    """What was refused and what to do, of a refusal that tells its reason; None of any other fault."""
    for each in _chain(fault):
        if isinstance(each, ssl.SSLCertVerificationError):
            return _certificate(each)
        if isinstance(each, ssl.SSLError):
            return _tls(settings, each)
        if isinstance(each, _LOGIN):
            return _login(settings, each)
        if isinstance(each, IllegalSaslStateError):
            return (
                f"this listener takes no logins: TANDEM_KAFKA_SECURITY={_without_login(settings)}, without"
                " TANDEM_KAFKA_SASL_USERNAME"
            )
        if isinstance(each, ClusterAuthorizationFailedError):
            return (
                "our login may write no topic of this cluster: give it what its service needs by"
                " `tandem kafka grant-service`"
            )
    return None


def guess(settings: KafkaSettings, fault: BaseException) -> str | None:
    """What may be wrong where a connection was closed without a word; a broker that starts does so too."""
    if isinstance(fault, ConnectionResetError) and settings.by_tls:
        return f"it ended our TLS: a listener without TLS needs TANDEM_KAFKA_SECURITY={_plain()}"
    if not isinstance(fault, KafkaConnectionError | ConnectionResetError):
        return None
    if not settings.by_tls:
        wanted = Security.SASL_SSL if settings.username else f"{Security.SSL} or {Security.SASL_SSL}"
        login = "" if settings.username else f", one with logins and without TLS {Security.SASL_PLAINTEXT}"
        return f"it closed the connection: a listener with TLS needs TANDEM_KAFKA_SECURITY={wanted}{login}"
    if settings.username:
        return None
    shown = "does it take our" if settings.client_cert else "does it want a"
    return (
        f"it closed the connection after TLS: a listener with logins needs TANDEM_KAFKA_SECURITY={Security.SASL_SSL};"
        f" {shown} client's certificate (TANDEM_KAFKA_CLIENT_CERT, _CLIENT_KEY)?"
    )


def _chain(fault: BaseException) -> Iterator[BaseException]:
    """A fault and what it came of: the client wraps what ended a connection."""
    at: BaseException | None = fault
    while at is not None:
        yield at
        at = at.__cause__


def _certificate(fault: ssl.SSLCertVerificationError) -> str:
    said = fault.verify_message.rstrip(".")
    if fault.verify_code in _OTHER_NAME:
        return (
            f"the broker's certificate is for another host ({said}): name the brokers in TANDEM_KAFKA_BOOTSTRAP, and"
            " in their advertised.listeners, as their certificates do, or have certificates made for these names"
        )
    if fault.verify_code == _EXPIRED:
        return f"the broker's certificate, or its signer's, is out of date ({said}): renew it on the broker"
    if fault.verify_code == _NOT_YET:
        return f"the broker's certificate is of a later day ({said}): set the clock of this machine, or of its signer"
    return f"the broker's certificate is not trusted ({said}): set TANDEM_KAFKA_CA_FILE to the PEM of who signed it"


def _tls(settings: KafkaSettings, fault: ssl.SSLError) -> str:
    reason = fault.reason or str(fault)[:_LONGEST]
    if "ALERT" in reason and ("CERTIFICATE" in reason or "UNKNOWN_CA" in reason):
        if settings.client_cert is None:
            return (
                f"the broker wants a client's certificate ({reason}): set TANDEM_KAFKA_CLIENT_CERT and"
                " TANDEM_KAFKA_CLIENT_KEY"
            )
        return (
            f"the broker does not take our certificate, TANDEM_KAFKA_CLIENT_CERT ({reason}): see that it is in date,"
            " and that the broker's trust store holds who signed it"
        )
    return f"no TLS with the broker ({reason}): a listener without TLS needs TANDEM_KAFKA_SECURITY={_plain()}"


def _login(settings: KafkaSettings, fault: BaseException) -> str:
    return (
        f"authentication failed for user {settings.username!r} by {settings.mechanism}: check"
        " TANDEM_KAFKA_SASL_USERNAME, TANDEM_KAFKA_SASL_PASSWORD (or _PASSWORD_FILE) and"
        f" TANDEM_KAFKA_SASL_MECHANISM, and that the login exists on the broker ({_said(fault)})"
    )


def _without_login(settings: KafkaSettings) -> Security:
    return Security.SSL if settings.by_tls else Security.PLAINTEXT


def _plain() -> str:
    return f"{Security.PLAINTEXT} or {Security.SASL_PLAINTEXT}"


def _said(fault: BaseException) -> str:
    """The broker's own words, else the name of its refusal."""
    return str(fault)[:_LONGEST].replace("\n", " ") or type(fault).__name__
