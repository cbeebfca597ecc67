"""Passwords that cost nothing to hash, for tests that sign in and are about something else.

A real hash takes a tenth of a second by design, a sign-in another. What one must cost is a test of its own
(tests/unit/console/test_accounts.py).
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from unittest.mock import patch

from argon2 import PasswordHasher

from tandem_console import accounts

_QUICK = PasswordHasher(time_cost=1, memory_cost=8, parallelism=1)


@contextmanager
def quick_passwords() -> Iterator[None]:
    """Hash and check passwords at the least cost there is."""
    accounts._nobody.cache_clear()
    with patch.object(accounts, "_HASHER", _QUICK):
        yield
    accounts._nobody.cache_clear()
