"""Writes docs/openapi.json from the console's routes, or with --check says whether the committed one is current.

Holds no description of its own: the document is what a running console serves at /api/v1/openapi.json.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import sys
from collections.abc import MutableMapping
from pathlib import Path
from typing import Any

from sqlalchemy.ext.asyncio import create_async_engine
from starlette.types import ASGIApp

from tandem.bus.port import Record
from tandem.clock import SystemClock
from tandem.metrics import Metrics
from tandem.web.application import OPENAPI_URL, build_app
from tandem_console.service import Console, ConsolePorts, ConsoleSettings

SNAPSHOT = Path(__file__).resolve().parent.parent / "docs" / "openapi.json"


class _NoBus:
    async def append(self, records: list[Record]) -> None:
        raise NotImplementedError


def document() -> dict[str, Any]:
    """The OpenAPI document as served; connects to nothing."""
    engine = create_async_engine("postgresql+asyncpg://")
    settings, ports = ConsoleSettings(secret=bytes(32)), ConsolePorts()
    console = Console(database=engine, bus=_NoBus(), clock=SystemClock(), settings=settings, ports=ports)
    app = build_app(routers=console.routers(), metrics=Metrics(), checks={})
    return asyncio.run(_served(app))


async def _served(app: ASGIApp) -> dict[str, Any]:
    body = bytearray()

    async def receive() -> dict[str, Any]:
        return {"type": "http.request", "body": b"", "more_body": False}

    async def send(message: MutableMapping[str, Any]) -> None:
        body.extend(message.get("body", b""))

    scope = {
        "type": "http",
        "method": "GET",
        "path": OPENAPI_URL,
        "raw_path": OPENAPI_URL.encode(),
        "query_string": b"",
    }
    scope |= {"headers": [], "scheme": "http", "http_version": "1.1", "server": ("localhost", 80), "root_path": ""}
    await app(scope, receive, send)
    served: dict[str, Any] = json.loads(bytes(body))
    return served


def text() -> str:
    """The document as it is committed."""
    return json.dumps(document(), indent=1, ensure_ascii=False, sort_keys=True) + "\n"


def main() -> int:
    """Entry point; 1 when --check found a difference."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--check", action="store_true", help="change nothing, answer 1 when the snapshot is stale")
    if not parser.parse_args().check:
        SNAPSHOT.write_text(text(), "utf-8")
        return 0
    if SNAPSHOT.is_file() and SNAPSHOT.read_text("utf-8") == text():
        return 0
    print("docs/openapi.json is not what the routes say: run tools/generate_openapi.py", file=sys.stderr)
    return 1


if __name__ == "__main__":
    sys.exit(main())
