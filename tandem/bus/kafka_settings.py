"""How this process reaches Kafka, and what every client of it is told: the defaults of the client are wrong for us.

A producer must wait for every replica and never double within its life; a consumer must commit nothing by itself and
begin at the oldest record. Every wait is bounded.
"""

from __future__ import annotations

import ssl
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from tandem.bus.topics import PARTITIONS
from tandem.errors import StartFailed, Unavailable

MAX_RECORD_BYTES = 4 << 20
"""Of one record; a body at the door is 1 MiB at most. Topics made by ``tandem kafka ensure-topics`` take as much."""
BATCH_BYTES = 512 << 10
"""Of one partition's batch, well below what a topic made by hand takes (1 MiB)."""
REQUEST_S = 5.0
"""A broker that does not answer a request within this is asked again on another connection."""
SESSION_S = 10.0
"""A member that is silent for so long has lost its partitions."""
HEARTBEAT_S = 1.0
"""How often a member asks its group whether something has changed: what one leaves or joins waits for so long. The
client's three seconds were most of a rolling restart's delay; the request is a few bytes."""
JOIN_S = SESSION_S + 5.0
"""Joining waits for the others of the group, a session at most."""
POLL_S = 300.0
"""A member that fetches nothing for so long leaves its partitions to others."""


class Security(StrEnum):
    """How connections are secured."""

    PLAINTEXT = "plaintext"
    SSL = "ssl"
    SASL_PLAINTEXT = "sasl_plaintext"
    SASL_SSL = "sasl_ssl"


@dataclass(frozen=True, slots=True, kw_only=True)
class KafkaSettings:
    """See ``TANDEM_KAFKA_*`` in docs/operating.md."""

    bootstrap: str
    """HOST:PORT, comma separated."""
    security: Security = Security.PLAINTEXT
    mechanism: str = "SCRAM-SHA-512"
    """PLAIN, SCRAM-SHA-256 or SCRAM-SHA-512."""
    username: str | None = None
    password: str | None = field(default=None, repr=False)
    ca_file: str | None = None
    """PEM; none: the system's."""
    client_cert: str | None = None
    """PEM, with ``client_key``: this process proves itself by TLS."""
    client_key: str | None = None
    partitions: int = PARTITIONS
    """Of each of our topics; the same in every process."""
    replication: int = 1
    """Of topics made by this process."""
    prefix: str = ""
    """Before every topic and group, where installations share a cluster."""

    def __post_init__(self) -> None:
        """Refuse what cannot work.

        Raises:
            StartFailed: in one line, what to do.
        """
        sasl = self.security in {Security.SASL_PLAINTEXT, Security.SASL_SSL}
        if sasl and not (self.username and self.password):
            raise StartFailed(
                f"TANDEM_KAFKA_SECURITY={self.security.value} needs TANDEM_KAFKA_SASL_USERNAME and"
                " TANDEM_KAFKA_SASL_PASSWORD (or _PASSWORD_FILE)",
                exit_code=2,
            )
        if self.username and not sasl:
            raise StartFailed(
                "TANDEM_KAFKA_SASL_USERNAME is set, but TANDEM_KAFKA_SECURITY is"
                f" {self.security.value}: set it to sasl_ssl",
                exit_code=2,
            )
        if bool(self.client_cert) != bool(self.client_key):
            raise StartFailed("TANDEM_KAFKA_CLIENT_CERT and TANDEM_KAFKA_CLIENT_KEY go together", exit_code=2)
        self._refuse_unused_certificates()

    def _refuse_unused_certificates(self) -> None:
        """Who names certificates means to be secured by them, and without TLS nothing would be."""
        given = {"TANDEM_KAFKA_CA_FILE": self.ca_file, "TANDEM_KAFKA_CLIENT_CERT": self.client_cert}
        unused = [name for name, value in given.items() if value and not self.by_tls]
        if unused:
            wanted = Security.SASL_SSL if self.username else Security.SSL
            raise StartFailed(
                f"{' and '.join(unused)} is set, but TANDEM_KAFKA_SECURITY is {self.security.value}: set it to"
                f" {wanted.value}, or take the certificates away",
                exit_code=2,
            )

    @property
    def by_tls(self) -> bool:
        """Whether connections are encrypted."""
        return self.security in {Security.SSL, Security.SASL_SSL}

    def topic(self, name: str) -> str:
        """The name on the cluster."""
        return f"{self.prefix}{name}"

    def name(self, topic: str) -> str:
        """The topic's name without the cluster's prefix."""
        return topic.removeprefix(self.prefix)

    def group(self, name: str) -> str:
        """A group's id on the cluster: ``tandem.router``."""
        return f"{self.prefix}tandem.{name}"

    def client(self, client_id: str) -> dict[str, Any]:
        """What every client is given.

        Raises:
            Unavailable: a certificate cannot be read now.
        """
        given: dict[str, Any] = {
            "bootstrap_servers": self.bootstrap,
            "client_id": client_id,
            "security_protocol": self.security.value.upper(),
            "metadata_max_age_ms": 30_000,
        }
        if self.username:
            given |= {
                "sasl_mechanism": self.mechanism,
                "sasl_plain_username": self.username,
                "sasl_plain_password": self.password,
            }
        if self.by_tls:
            given["ssl_context"] = self._ssl()
        return given

    def producer(self, client_id: str) -> dict[str, Any]:
        """Acknowledged by every replica in sync, never doubled by a retry, no wait for company."""
        return {
            **self.client(client_id),
            "acks": "all",
            "enable_idempotence": True,
            "linger_ms": 0,
            "max_batch_size": BATCH_BYTES,
            "max_request_size": MAX_RECORD_BYTES,
            "request_timeout_ms": int(REQUEST_S * 1000),
        }

    def consumer(self, client_id: str, group: str) -> dict[str, Any]:
        """A member of ``group`` that moves only as PostgreSQL says."""
        return {
            **self.client(client_id),
            "group_id": self.group(group),
            "enable_auto_commit": False,
            "auto_offset_reset": "earliest",
            "session_timeout_ms": int(SESSION_S * 1000),
            "heartbeat_interval_ms": int(HEARTBEAT_S * 1000),
            "max_poll_interval_ms": int(POLL_S * 1000),
            "request_timeout_ms": int(JOIN_S * 1000),
            "fetch_max_bytes": 4 * MAX_RECORD_BYTES,
            "max_partition_fetch_bytes": MAX_RECORD_BYTES,
        }

    def check(self) -> None:
        """Read the certificates once, before anything is begun with them.

        Raises:
            StartFailed: which cannot be used, and why.
        """
        try:
            if self.by_tls:
                self._ssl()
        except Unavailable as fault:
            raise StartFailed(str(fault), exit_code=2) from fault

    def _ssl(self) -> ssl.SSLContext:
        """Read from the files whenever a client is made: renewed ones are used by the next."""
        try:
            context = ssl.create_default_context(cafile=self.ca_file)
        except (OSError, ssl.SSLError) as fault:
            raise Unavailable("kafka", f"TANDEM_KAFKA_CA_FILE={self.ca_file}: {_why(fault)}") from fault
        if self.client_cert:
            try:
                # Without a password of our own OpenSSL would ask for one on the terminal, and wait.
                context.load_cert_chain(self.client_cert, self.client_key, password="")
            except (OSError, ssl.SSLError) as fault:
                told = f"TANDEM_KAFKA_CLIENT_CERT={self.client_cert}, _CLIENT_KEY={self.client_key}: {_why(fault)}"
                raise Unavailable("kafka", told) from fault
        return context


def _why(fault: OSError) -> str:
    """What is wrong with a file of certificates; an SSLError is an OSError too."""
    if isinstance(fault, ssl.SSLError):
        if fault.reason == "KEY_VALUES_MISMATCH":
            return "the key does not belong to the certificate"
        return f"cannot be used, it must be PEM, a key without a password ({fault.reason or fault})"
    return fault.strerror or str(fault)
