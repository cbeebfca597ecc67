"""Settings from the environment (``TANDEM_*``, ``*_FILE`` for secrets); flags of ``tandem serve`` override them."""

from __future__ import annotations

import base64
import os
import secrets
from pathlib import Path
from typing import Any, Literal

from pydantic import Field, model_validator
from pydantic_settings import BaseSettings, SettingsConfigDict

from tandem.bus.kafka_settings import KafkaSettings, Security
from tandem.bus.topics import PARTITIONS
from tandem.errors import StartFailed

_SECRETS = (
    *("database_url", "secret_key", "smtp_url", "kafka_sasl_password"),
    *("alarm_url", "alarm_secret", "heartbeat_url"),
)
_KEY_BYTES = 32


class Settings(BaseSettings):
    """Everything a process is told from outside; empty is as unset. Policy is not here: it is in the agreement."""

    model_config = SettingsConfigDict(env_prefix="TANDEM_", env_ignore_empty=True, extra="ignore", frozen=True)

    database_url: str | None = None
    """A PostgreSQL 15 or later; none: embedded in the data directory."""
    kafka_bootstrap: str | None = None
    """Kafka's addresses, HOST:PORT comma separated; none: the PostgreSQL bus."""
    kafka_security: Security = Security.PLAINTEXT
    """plaintext, ssl, sasl_plaintext or sasl_ssl."""
    kafka_sasl_mechanism: Literal["PLAIN", "SCRAM-SHA-256", "SCRAM-SHA-512"] = "SCRAM-SHA-512"
    kafka_sasl_username: str | None = None
    kafka_sasl_password: str | None = None
    kafka_ca_file: Path | None = None
    """PEM of who signed the brokers' certificates; none: the system's."""
    kafka_client_cert: Path | None = None
    kafka_client_key: Path | None = None
    kafka_replication: int = Field(default=1, ge=1, le=7)
    """Copies of topics that Tandem makes; 3 where there are three brokers."""
    kafka_partitions: int = Field(default=PARTITIONS, ge=1, le=1000)
    """Of each of Tandem's topics; the same in every process."""
    kafka_prefix: str = Field(default="", max_length=100, pattern=r"^[a-zA-Z0-9._-]*$")
    """Before every topic and group, where installations share a cluster."""
    data_dir: Path = Path(".tandem")
    """Where embedded data, keys and ready files live."""
    listen: str = "127.0.0.1:8080"
    """HOST:PORT; port 0 takes a free one."""
    secret_key: str | None = None
    """Envelope key, 32 bytes in base64; made and kept in the data directory when embedded."""
    public_url: str | None = None
    """How people reach the console, for links in pages; default: the bound address."""
    answer_url: str | None = None
    """How ack links reach the notifier; default: public_url."""
    ingest_url: str | None = None
    """Where tools reach the way in, for the addresses the console shows; default: public_url."""
    ingest_inside_url: str | None = None
    """Where the console reaches it, to send tests; default: its own address."""
    allow_private_targets: str = ""
    """Private addresses that outgoing webhooks may reach: HOST, CIDR or HOST:PORT, comma separated."""
    smtp_url: str | None = None
    """smtp://user:password@host:587 or smtps://...; none: pages by e-mail fail with a clear reason."""
    mail_from: str = "tandem@localhost"
    alarm_url: str | None = None
    """Where the auditor posts what it finds violated, as signed JSON; none: it is logged and counted only."""
    alarm_secret: str | None = None
    """whsec_... with which the receiver verifies alarms; default: made from secret_key, see tandem doctor."""
    heartbeat_url: str | None = None
    """Pinged after each clean look of the auditor, for a dead-man's switch outside."""
    audit_every_s: float = Field(default=30.0, gt=0, le=3600)
    """How often the auditor looks."""
    audit_patience_s: float = Field(default=30.0, gt=0, le=3600)
    """How long something may be on its way before it counts as standing still; pages and clocks get twice as long."""
    audit_budget_s: float = Field(default=5.0, gt=0, le=60)
    """How long each question of the auditor may take; all of them together four times as long."""
    log_format: str | None = None
    """json or console; default: console on a terminal. Read before all others, by ``tandem.cli.program``."""
    agreements: Path | None = None
    """Directory of agreement documents to apply at the start and when they change."""
    welcome_file: Path | None = None
    """First steps for the console's /welcome, as `tandem demo --beside` writes them."""
    intake_rate: float = Field(default=50.0, ge=0, le=100_000)
    """Alerts a second that one integration may post in the long run once other clients are disturbed; 0: any."""
    clock_offset_file: Path | None = None
    """Tests only: a file with seconds to add to the clock."""
    shutdown_s: float = Field(default=20.0, gt=0, le=300)
    """One deadline for the whole shutdown."""
    shutdown_notice_s: float = Field(default=0.0, ge=0, le=300)
    """How long ``/readyz`` is red before the shutdown begins, so that a load balancer looks elsewhere first."""

    @model_validator(mode="before")
    @classmethod
    def _from_files(cls, values: Any) -> Any:  # noqa: ANN401 - raw input of pydantic
        """TANDEM_SECRET_KEY_FILE and its like: the secret is the file's text, stripped."""
        for name in _SECRETS:
            path = os.environ.get(f"TANDEM_{name.upper()}_FILE")
            if path and not values.get(name):
                try:
                    values[name] = Path(path).read_text(encoding="utf-8").strip()
                except OSError as fault:
                    message = f"TANDEM_{name.upper()}_FILE: cannot read {path}: {fault.strerror}"
                    raise ValueError(message) from fault
        return values

    @property
    def host_port(self) -> tuple[str, int]:
        """``listen`` taken apart."""
        host, _, port = self.listen.rpartition(":")
        if not host or not port.isdigit() or int(port) > 65535:
            message = f"--listen {self.listen!r}: write HOST:PORT, e.g. 127.0.0.1:8080"
            raise StartFailed(message, exit_code=2)
        return host.strip("[]"), int(port)


def kafka_settings(settings: Settings) -> KafkaSettings | None:
    """How to reach Kafka; None: the PostgreSQL bus.

    Raises:
        StartFailed: settings that cannot work together.
    """
    if not settings.kafka_bootstrap:
        return None
    if not settings.database_url:
        message = (
            "TANDEM_KAFKA_BOOTSTRAP needs TANDEM_DATABASE_URL: processes on Kafka share one PostgreSQL,"
            " and the embedded one is reached by its own process only"
        )
        raise StartFailed(message, exit_code=2)
    return kafka_of(settings)


def kafka_of(settings: Settings) -> KafkaSettings:
    """The same for a tool that needs no database.

    Raises:
        StartFailed: settings that cannot work together, or certificates that cannot be read.
    """
    files = (settings.kafka_ca_file, settings.kafka_client_cert, settings.kafka_client_key)
    ca_file, client_cert, client_key = (str(file) if file else None for file in files)
    kafka = KafkaSettings(
        bootstrap=settings.kafka_bootstrap or "",
        security=settings.kafka_security,
        mechanism=settings.kafka_sasl_mechanism,
        username=settings.kafka_sasl_username,
        password=settings.kafka_sasl_password,
        ca_file=ca_file,
        client_cert=client_cert,
        client_key=client_key,
        partitions=settings.kafka_partitions,
        replication=settings.kafka_replication,
        prefix=settings.kafka_prefix,
    )
    kafka.check()
    return kafka


def envelope_key(settings: Settings) -> bytes:
    """The 32 bytes that seal secrets at rest.

    Raises:
        StartFailed: an external database without a key, or a key that is not 32 bytes of base64.
    """
    if settings.secret_key:
        return decoded_key(settings.secret_key, "TANDEM_SECRET_KEY")
    if settings.database_url:
        message = (
            "TANDEM_SECRET_KEY is needed with an external database; make one with: "
            'python3 -c "import base64,os; print(base64.b64encode(os.urandom(32)).decode())"'
        )
        raise StartFailed(message, exit_code=2)
    path = settings.data_dir / "secret.key"
    if not path.exists():
        settings.data_dir.mkdir(parents=True, exist_ok=True)
        _make_key(path)
    return decoded_key(path.read_text(encoding="ascii").strip(), str(path))


def _make_key(path: Path) -> None:
    """A new key under its final name only when it is whole and durable: secrets sealed with a lost key are lost."""
    part = path.with_suffix(".part")
    handle = os.open(part, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(handle, "w", encoding="ascii") as file:
        file.write(base64.b64encode(secrets.token_bytes(_KEY_BYTES)).decode())
        file.flush()
        os.fsync(file.fileno())
    part.replace(path)  # who gets here holds the data directory, so nobody made another meanwhile


def decoded_key(text: str, where: str) -> bytes:
    """The 32 bytes that ``text`` writes in base64; ``where`` says in an error what it was.

    Raises:
        StartFailed: it does not.
    """
    try:
        key = base64.b64decode(text, validate=True)
    except ValueError:
        key = b""
    if len(key) != _KEY_BYTES:
        message = f"{where}: the key must be 32 bytes in base64"
        raise StartFailed(message, exit_code=2)
    return key
