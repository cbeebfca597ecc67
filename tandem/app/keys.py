"""The secrets of an installation whose parts are containers: made once, kept as files that ``TANDEM_*_FILE`` name.

A file that exists is never touched, because what was sealed with a lost key is lost. The key is readable by its owner
only; the passwords also by PostgreSQL's user, whoever that is in its image.
"""

from __future__ import annotations

import base64
import os
import secrets
from collections.abc import Callable
from pathlib import Path
from urllib.parse import quote

from tandem.errors import StartFailed

KEY = "secret.key"
URL = "database.url"
PASSWORD = "database.password"  # noqa: S105 - a file's name
ADMIN_PASSWORD = "postgres.password"  # noqa: S105 - a file's name
LOGIN = "tandem"
_OWNER_ONLY, _ALL_MAY_READ = 0o600, 0o644


def _key() -> str:
    return base64.b64encode(secrets.token_bytes(32)).decode()


def _password() -> str:
    return secrets.token_urlsafe(24)


_MAKERS = {
    KEY: (_key, _OWNER_ONLY),
    PASSWORD: (_password, _ALL_MAY_READ),
    ADMIN_PASSWORD: (_password, _ALL_MAY_READ),
}


def make_keys(folder: Path, *, host: str, database: str) -> tuple[str, ...]:
    """Make what is missing in ``folder``: envelope key, passwords, and the URL of ``database`` on ``host``.

    Returns:
        Names of the files that were made.

    Raises:
        StartFailed: the folder cannot be written.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
        made = [name for name, (make, mode) in _MAKERS.items() if _put(folder / name, make, mode)]
        password = (folder / PASSWORD).read_text(encoding="ascii")
        url = f"postgresql://{LOGIN}:{quote(password, safe='')}@{host}/{quote(database, safe='')}"
        if _put(folder / URL, lambda: url, _OWNER_ONLY):
            made.append(URL)
    except OSError as fault:
        message = f"cannot make keys in {folder}: {fault.strerror}"
        raise StartFailed(message) from fault
    return tuple(made)


def _put(file: Path, make: Callable[[], str], mode: int) -> bool:
    """Whole and durable under its final name, or not at all; False when it was there."""
    if file.exists():
        return False
    part = file.with_suffix(".part")
    handle = os.open(part, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, mode)
    with os.fdopen(handle, "w", encoding="ascii") as stream:
        stream.write(make())
        stream.flush()
        os.fsync(stream.fileno())
        os.fchmod(stream.fileno(), mode)  # whatever the umask
    part.replace(file)
    return True
