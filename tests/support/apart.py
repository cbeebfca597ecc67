"""A whole installation whose services are processes of their own, with its provider of pages behind a proxy."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path

from tandem.clock import SystemClock
from tests.support.alert_sender import AlertSender
from tests.support.broker import Broker
from tests.support.fleet import Fleet
from tests.support.installation import Installation, allowing, clock_ahead, hours_ahead, put_agreements
from tests.support.ledger import Ledger
from tests.support.pager_provider import pager_provider
from tests.support.postgres import new_base, quick_room
from tests.support.postgres_server import PostgresServer
from tests.support.proxy import proxy, tcp

SMALL = ("ingest-1", "router-1", "sla-clock-1", "notifier-1", "console-1")
"""One of each."""
PAIRS = (*SMALL, "ingest-2", "router-2", "notifier-2")
"""Two of each that a page passes through."""


@asynccontextmanager
async def apart(
    names: Sequence[str] = SMALL, *, broker: Broker | None = None, begun: bool = True, database: Path | None = None
) -> AsyncIterator[Installation[Fleet]]:
    """An installation whose services are processes of their own, begun unless the start is what is tested.

    ``database`` is where the server's files stand, when they need a disk of their own.
    """
    async with AsyncExitStack() as stack:
        provider = await stack.enter_async_context(pager_provider())
        pager = await stack.enter_async_context(proxy(tcp("127.0.0.1", provider.port)))
        base = new_base(quick_room())
        server = PostgresServer(database or base / "server")
        ahead = hours_ahead(SystemClock().now())
        environment = {**allowing(pager.port), **clock_ahead(base, ahead)}
        fleet = Fleet(base=base, server=server, pager=pager, environment=environment, broker=broker)
        stack.push_async_callback(fleet.close)
        put_agreements(fleet.agreements, f"http://{pager.address}/inbox")
        for name in names:
            await fleet.add(name, stack)
        sender = AlertSender(Ledger(), lambda: fleet.address)
        await sender.open()
        stack.push_async_callback(sender.close)
        made = Installation(fleet, provider, sender.ledger, sender, ahead=ahead)
        try:
            if begun:
                await made.begin()
            yield made
        finally:
            print(fleet.tell())
            print(json.dumps({"kills": len(fleet.kills), "start to ready, s": [round(s, 1) for s in fleet.restarts]}))
