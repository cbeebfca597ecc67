"""A backlog is made as any is: by posting while nobody routes."""

from __future__ import annotations

from bench.load import Sent, Target, closed

_CONNECTIONS = 64
_PATIENCE_S = 900.0


async def fill(target: Target, first: int, count: int) -> Sent:
    """Post alerts ``first`` to ``first + count - 1`` as fast as they are taken.

    Raises:
        RuntimeError: one was refused, so the backlog is not what was asked for.
    """
    sent = await closed(target, seconds=_PATIENCE_S, first=first, connections=_CONNECTIONS, limit=count)
    if sent.refused or len(sent.accepted) != count:
        raise RuntimeError(f"{len(sent.accepted)} of {count} were accepted, {len(sent.refused)} refused")
    return sent
