"""The way of a test alert, as stages: accepted, routed, decided. Pure; read anew as often as somebody looks."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from tandem_console.alert import Traced, explained
from tandem_console.words import length

MOST_PEOPLE = 5


@dataclass(frozen=True, slots=True)
class Stage:
    """One step of it."""

    stage: str
    """accepted, routed or paged."""
    ok: bool | None
    """None: not yet."""
    said: str
    at: datetime | None = None
    incident_id: UUID | None = None


def stages(found: Traced | None, waits: str | None = None) -> tuple[Stage, ...]:
    """Each stage, those that are still to come too.

    Args:
        found: what is stored of the alert; None: nothing yet.
        waits: the customer it says it is of, while it waits because nobody maps that name.
    """
    if waits is not None:
        said = f"waits: no client is mapped to {waits!r}" if waits else "waits: it names no customer"
        return (
            Stage("accepted", ok=True, said="durable, but whose it is nobody knows"),
            Stage("routed", ok=False, said=said),
        )
    alert = found.alert if found is not None else None
    if found is not None and alert is None:
        return (Stage("accepted", ok=False, said=explained(found)["sentence"]),)
    if found is None or alert is None:
        return (Stage("accepted", ok=None, said="on its way to the router"), *_TO_COME)
    accepted = Stage("accepted", ok=True, said=f"{alert['title']}, as {alert['severity']}", at=alert["received_at"])
    if found.decision is None:
        return (accepted, *_TO_COME)
    return accepted, _routed(found), _paged(found)


def is_over(said: Sequence[Stage]) -> bool:
    """Whether nothing more will come."""
    return all(stage.ok is not None for stage in said)


_TO_COME = (
    Stage("routed", ok=None, said="waits for the router"),
    Stage("paged", ok=None, said="waits for the decision"),
)


def _routed(found: Traced) -> Stage:
    told = explained(found)
    decision: dict[str, Any] = found.decision or {}
    return Stage("routed", ok=True, said=told["sentence"], at=decision["at"], incident_id=told["incident_id"])


def _paged(found: Traced) -> Stage:
    people = [f"{page['person'] or page['party']} by {page['channel'] or 'no channel'}" for page in found.pages]
    if not people:
        return Stage("paged", ok=True, said="nobody: a test pages no one")
    some = ", ".join(dict.fromkeys(people[:MOST_PEOPLE]))
    took = length(found.pages[0]["planned_at"] - (found.alert or {})["received_at"])
    said = f"nobody really; {some} would have been, {took} after it came in"
    return Stage("paged", ok=True, said=said, at=found.pages[0]["planned_at"])
