"""The table of targets: what each service adds to the process it runs in. ``all`` is every row.

Each has a file here, whose ``build`` adds routes, lanes, checks, stages and tasks to ``Parts``; the process puts them
together. A file is imported when its target is wanted: the services that a process does not run are a third of what it
would load.
"""

from __future__ import annotations

from collections.abc import Mapping
from importlib import import_module
from types import MappingProxyType

from tandem.app.targets.parts import Build, Parts

__all__ = ["ALL", "BUSLESS", "TARGETS", "Parts", "build_of"]

TARGETS: Mapping[str, str] = MappingProxyType(
    {
        "ingest": "ingest",
        "router": "router",
        "sla-clock": "sla_clock",
        "notifier": "notifier",
        "console": "console",
        "auditor": "auditor",
    }
)
"""Target -> its file, in the order of the pipeline; the auditor last, which watches it."""
BUSLESS = frozenset({"auditor"})
"""Targets that need the database alone: a bus that is away must not blind who watches it."""
ALL = tuple(TARGETS)


def build_of(target: str) -> Build:
    """What adds ``target`` to a process; KeyError for one that is not in the table."""
    build: Build = import_module(f"{__name__}.{TARGETS[target]}").build
    return build
