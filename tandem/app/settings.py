"""Settings from the environment (``TANDEM_*``, ``*_FILE`` for secrets); flags of ``tandem serve`` override them."""

from __future__ import annotations

import base64
import os
import secrets
from pathlib import Path
from typing import Any

from pydantic import Field, model_validator
from pydantic_settings import BaseSettings, SettingsConfigDict

from tandem.errors import StartFailed

_SECRETS = ("database_url", "secret_key", "smtp_url")
_KEY_BYTES = 32


class Settings(BaseSettings):
    """Everything a process is told from outside. Policy is not here: it is in the agreement."""

    model_config = SettingsConfigDict(env_prefix="TANDEM_", extra="ignore", frozen=True)

    database_url: str | None = None
    """A PostgreSQL 15 or later; none: embedded in the data directory."""
    kafka_bootstrap: str | None = None
    """Kafka's addresses; none: the PostgreSQL bus."""
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
    allow_private_targets: str = ""
    """Private addresses that outgoing webhooks may reach: HOST, CIDR or HOST:PORT, comma separated."""
    smtp_url: str | None = None
    """smtp://user:password@host:587 or smtps://...; none: pages by e-mail fail with a clear reason."""
    mail_from: str = "tandem@localhost"
    log_format: str | None = None
    """json or console; default: console on a terminal."""
    agreements: Path | None = None
    """Directory of agreement documents to apply at the start and when they change."""
    clock_offset_file: Path | None = None
    """Tests only: a file with seconds to add to the clock."""
    shutdown_s: float = Field(default=20.0, gt=0, le=300)
    """One deadline for the whole shutdown."""

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


def envelope_key(settings: Settings) -> bytes:
    """The 32 bytes that seal secrets at rest.

    Raises:
        StartFailed: an external database without a key, or a key that is not 32 bytes of base64.
    """
    if settings.secret_key:
        return _decoded(settings.secret_key, "TANDEM_SECRET_KEY")
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
    return _decoded(path.read_text(encoding="ascii").strip(), str(path))


def _make_key(path: Path) -> None:
    """A new key under its final name only when it is whole and durable: secrets sealed with a lost key are lost."""
    part = path.with_suffix(".part")
    handle = os.open(part, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(handle, "w", encoding="ascii") as file:
        file.write(base64.b64encode(secrets.token_bytes(_KEY_BYTES)).decode())
        file.flush()
        os.fsync(file.fileno())
    part.replace(path)  # who gets here holds the data directory, so nobody made another meanwhile


def _decoded(text: str, where: str) -> bytes:
    try:
        key = base64.b64decode(text, validate=True)
    except ValueError:
        key = b""
    if len(key) != _KEY_BYTES:
        message = f"{where}: the key must be 32 bytes in base64"
        raise StartFailed(message, exit_code=2)
    return key
