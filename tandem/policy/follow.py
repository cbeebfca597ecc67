"""Agreement documents in a directory, kept by their owners in Git: applied at the start and whenever they change."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from datetime import datetime
from pathlib import Path

import structlog
from sqlalchemy.ext.asyncio import AsyncEngine

from tandem.agreement.load import load_directory
from tandem.clock import Clock, wait_event
from tandem.errors import AgreementError, Unavailable
from tandem.policy.integrations import ensure_integrations
from tandem.policy.versions import Report, apply_documents

LOOK_S = 2.0

log = structlog.get_logger("tandem.policy")


async def apply_directory(
    engine: AsyncEngine, directory: Path, *, now: datetime, variables: Mapping[str, str] | None = None
) -> Report:
    """Apply every document of ``directory``; what is unchanged stays as it is, and so does a tenant set back by hand.

    Raises:
        AgreementError: all problems of all files; nothing was applied.
    """
    documents = await asyncio.to_thread(load_directory, directory, variables=variables)
    note = f"from {directory.name}"
    report = await apply_documents(engine, documents, author="files", note=note, now=now, keep_reverted=True)
    for source in documents.tenants.values():
        document = source.document
        await ensure_integrations(engine, document.tenant.id, document.integrations, now=now)
    for one in report.tenants:
        if one.changed:
            log.info("agreement active", tenant=one.tenant, version=one.version, provider=one.provider)
    for one in report.left:
        problems = [str(problem) for problem in one.problems[:20]]
        log.warning(
            "agreement does not fit its provider's new document, the version before stays active",
            tenant=one.tenant,
            version=one.version,
            problems=problems,
        )
    return report


async def keep_applying(engine: AsyncEngine, directory: Path, clock: Clock, stopping: asyncio.Event) -> None:
    """Look every two seconds; an invalid file leaves the active version in place and is told once."""
    seen = await asyncio.to_thread(_state, directory)
    while not await wait_event(stopping, LOOK_S):
        state = await asyncio.to_thread(_state, directory)
        if state == seen:
            continue
        try:
            await apply_directory(engine, directory, now=clock.now())
        except AgreementError as fault:
            problems = [str(problem) for problem in fault.problems[:20]]
            log.warning("changed agreement refused, the active one stays", problems=problems)
        except Unavailable as fault:
            log.warning("agreement not applied yet", fault=str(fault))
            continue
        seen = state


def _state(directory: Path) -> tuple[tuple[str, int, int], ...]:
    """Name, size and time of every document and inventory: enough to see a change."""
    found = []
    for path in sorted((*directory.glob("*.y*ml"), *directory.glob("*.csv"))):
        try:
            facts = path.stat()
        except OSError:
            continue
        found.append((path.name, facts.st_size, facts.st_mtime_ns))
    return tuple(found)
