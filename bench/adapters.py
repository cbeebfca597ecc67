"""What reading one post costs, per dialect: decode and adapt the first golden body, in microseconds per alert."""

from __future__ import annotations

import gc
import json
import time
from collections.abc import Iterator, Mapping
from pathlib import Path

from bench.figures import Figure, median
from bench.run import Run
from tandem_ingest.normalise import read
from tandem_ingest.vendors.catalogue import CATALOGUE
from tandem_ingest.vendors.vendor import Vendor

GOAL_US = 50
_GOLDEN = Path(__file__).parents[1] / "tests" / "golden" / "ingest"
_REPEAT, _TAKES = 500, 9


async def adapters(run: Run) -> None:
    """A row per dialect, slowest first, and one for all of them."""
    costs = {vendor.slug: _cost_us(vendor, body, headers) for vendor, body, headers in _bodies()}
    slowest = max(costs, key=costs.__getitem__)
    run.add(
        Figure(
            row="adapters",
            what=f"decode + adapt per alert, the middle of {len(costs)} dialects",
            unit="us",
            tandem=median(list(costs.values())),
            rounds=_TAKES,
            goal=f"{GOAL_US} each",
            note=f"slowest {slowest}: {costs[slowest]:.0f} us",
        )
    )
    for slug, us in sorted(costs.items(), key=lambda pair: -pair[1]):
        run.add(Figure(row=f"adapters.{slug}", what="decode + adapt per alert", unit="us", tandem=us, rounds=_TAKES))


def _bodies() -> Iterator[tuple[Vendor, bytes, Mapping[str, str]]]:
    """The first golden body of each dialect, which is a usual firing one."""
    for slug, vendor in CATALOGUE.items():
        case = json.loads((_GOLDEN / f"{slug}.json").read_text(encoding="utf-8"))[0]
        body = case["text"] if "text" in case else json.dumps(case["body"])
        yield vendor, body.encode(), case.get("headers", {})


def _cost_us(vendor: Vendor, body: bytes, headers: Mapping[str, str]) -> float:
    """CPU time of this thread, the median of the takes; what stays is kept from the garbage collector."""
    alerts = len(read(vendor, body, headers).alerts) or 1
    gc.collect()
    gc.freeze()
    takes = []
    for _ in range(_TAKES):
        began = time.thread_time()
        for _ in range(_REPEAT):
            read(vendor, body, headers)
        takes.append((time.thread_time() - began) / _REPEAT / alerts * 1e6)
    gc.unfreeze()
    return median(takes)
