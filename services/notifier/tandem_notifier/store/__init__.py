"""All SQL of the notifier. Decides nothing: what a row should be is ``batch.py``'s and ``sender.py``'s to say.

Two writers touch ``notifier.page``: the batch inserts and closes pages (``cases``, ``pages``), the sender claims them
and records outcomes (``claims``, ``attempts``). Both may lose a deadlock to the other and are run again.
"""

from __future__ import annotations

from contextlib import AbstractAsyncContextManager
from typing import Any, Protocol

SCHEMA = "notifier"


class Database(Protocol):
    """``tandem.db.link.Link``."""

    def use(self) -> AbstractAsyncContextManager[Any]:
        """A connection with the notifier's role, alone."""
        ...
