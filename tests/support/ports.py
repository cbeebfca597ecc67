"""Ports for programs that cannot take port 0, or that somebody has to know before they start."""

from __future__ import annotations

import contextlib
import random
import socket

PORTS = 10_000, 32_000
"""Below what Linux and macOS give to clients."""


def free_ports(count: int) -> list[int]:
    """Ports of this machine that nobody listens on now.

    None of those the kernel gives to clients: a connection, or the listener of a test beside this one, may have it
    before the program starts, or while it is away.
    """
    found: set[int] = set()
    while len(found) < count:
        port = random.SystemRandom().randrange(*PORTS)
        with socket.socket() as probe, contextlib.suppress(OSError):
            probe.bind(("127.0.0.1", port))
            found.add(port)
    return list(found)
