"""One look: every view read on a connection of its own, each within its budget. Nothing is written.

The connection is made for the look and closed after it, so a look also shows that the database takes connections.
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta
from typing import Any

import asyncpg

from tandem.app.auditor.findings import Finding, Look, Terms, Violation
from tandem.app.auditor.invariants import AUDITOR_BLIND, AUDITOR_BUDGET, INVARIANTS, OF_ITSELF, Invariant
from tandem.clock import monotonic
from tandem.db.pool import connect, describe, is_away, unavailable
from tandem.db.roles import AUDITOR
from tandem.errors import Unavailable

EXAMPLES = 20
"""Rows of a view that are kept; all of them are counted."""
BUDGETS = 4
"""So many queries may use all of their time; a look that takes longer leaves the rest unasked and says so."""
_SLACK_S = 1.0
"""Beyond the server's own time limit, for a server that does not keep it."""
_CLOSE_S = 2.0


async def look(dsn: str, terms: Terms, invariants: Iterable[Invariant] = INVARIANTS) -> Look:
    """Ask for every invariant.

    Never raises for the database: that it cannot be read is ``auditor_blind``, a slow query ``auditor_budget``.
    """
    begun, found = monotonic(), Look()
    troubles: dict[str, list[Violation]] = {each.name: [] for each in OF_ITSELF}
    try:
        connection = await connect(
            dsn,
            AUDITOR,
            application_name="tandem auditor",
            command_timeout_s=terms.budget_s + _SLACK_S,
            settings=_settings(terms),
        )
        try:
            until = begun + BUDGETS * terms.budget_s
            for invariant in invariants:
                await _ask(connection, invariant, until, found, troubles)
        finally:
            await _close(connection)
    except Unavailable as fault:
        troubles[AUDITOR_BLIND.name].append(_trouble("database", terms.now, str(fault), "see that PostgreSQL answers"))
    for name, violations in troubles.items():
        found.findings[name] = Finding(len(violations), tuple(violations[:EXAMPLES]))
    found.seconds = monotonic() - begun
    return found


async def _ask(
    connection: Any,  # noqa: ANN401 - an asyncpg connection
    invariant: Invariant,
    until: float,
    found: Look,
    troubles: Mapping[str, list[Violation]],
) -> None:
    """Read the invariant's views; one that cannot be read leaves it unanswered.

    Raises:
        Unavailable: the database went away, and nothing more can be asked.
    """
    parts: list[Finding] = []
    for view in invariant.views:
        try:
            if monotonic() > until:
                raise _PastBudget
            with unavailable():
                parts.append(await _read(connection, view))
        except asyncpg.PostgresError as fault:
            todo = "run tandem db upgrade with this release; see the auditor's log"
            troubles[AUDITOR_BLIND.name].append(_trouble(view, None, describe(fault), todo))
        except _PastBudget:
            todo = "see what else the database does; vacuum and analyse the tables"
            troubles[AUDITOR_BUDGET.name].append(_trouble(view, None, "it was not read within its time", todo))
    if len(parts) == len(invariant.views):
        examples = [violation for part in parts for violation in part.examples]
        found.findings[invariant.name] = Finding(sum(part.count for part in parts), tuple(examples[:EXAMPLES]))


class _PastBudget(Exception):
    """The server ended a query at its time limit."""


async def _read(connection: Any, view: str) -> Finding:  # noqa: ANN401 - an asyncpg connection
    try:
        rows = await connection.fetch(
            "select tenant, id, since, what, todo, count(*) over () as found"  # noqa: S608 - a name of our table
            f" from {view} order by since nulls first, id limit {EXAMPLES}"
        )
    except asyncpg.QueryCanceledError as fault:
        raise _PastBudget from fault
    violations = tuple(Violation(*(row[name] for name in ("tenant", "id", "since", "what", "todo"))) for row in rows)
    return Finding(rows[0]["found"] if rows else 0, violations)


def _settings(terms: Terms) -> dict[str, str]:
    """The server's side of the terms; the views read ``app.*`` (tandem/db/grants.py)."""
    return {
        "app.now": terms.now.isoformat(),
        "app.audit_since": terms.since.isoformat(),
        "app.audit_patience": f"{terms.patience / timedelta(seconds=1)} seconds",
        "default_transaction_read_only": "on",
        "statement_timeout": str(int(terms.budget_s * 1000)),
        # Rows are found by what is recent or open, so a whole table is never what is wanted (as in tandem/db/link.py).
        "enable_seqscan": "off",
    }


def _trouble(what: str, since: datetime | None, words: str, todo: str) -> Violation:
    return Violation(None, what, since, f"{what}: {words}", todo)


async def _close(connection: Any) -> None:  # noqa: ANN401 - an asyncpg connection
    try:
        await connection.close(timeout=_CLOSE_S)
    except (OSError, asyncpg.PostgresError, asyncpg.InterfaceError) as fault:
        with contextlib.suppress(OSError):
            connection.terminate()
        if not is_away(fault):
            raise
