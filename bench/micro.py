"""The decision alone: microseconds per alert with the example rules, and how that grows with 5,000 of them."""

from __future__ import annotations

import gc
import time
from datetime import datetime, timedelta
from pathlib import Path

from bench.figures import Figure, median
from bench.run import Run
from tandem.agreement.compile import compile_agreement
from tandem.agreement.compiled import Agreement
from tandem.agreement.load import load_directory
from tandem.agreement.schema.matrix import ScopeRow
from tandem.agreement.schema.scope import ClassificationRule
from tandem.clock import SystemClock
from tandem.ids import alert_id
from tandem.model.alert import Alert, AlertStatus, Kind, Severity
from tandem_router.batch import place
from tandem_router.decide import NOTHING_OPEN, decide

_EXAMPLES = Path(__file__).parents[1] / "deploy" / "agreement"
_TENANT = "northwind"
_REPEAT, _TAKES = 300, 15
_STEP = 7919
"""A prime, so that the alerts meet rules from all over the document."""


async def micro(run: Run) -> None:
    """Classify and decide, without any I/O."""
    now = SystemClock().now()
    few, many = _agreement(10), _agreement(5_000)
    example = _agreement(None)
    own = median([_each_us(example, now) for _ in range(_TAKES)])
    run.add(Figure(row="micro.decide", what="classify + decide, example rules", unit="us", tandem=own))
    ten, thousands, more = _compared(few, many, now)
    run.add(
        Figure(
            row="micro.rules",
            what="classify + decide with 5,000 rules over 10, each alert by another",
            unit="us",
            tandem=thousands,
            ratio=more,
            rounds=_TAKES,
            note=f"10 rules: {ten:.0f} us; part of P7, whose measure is CPU per alert of the whole program",
        )
    )
    short, long, longer = _compared(_agreement(2_000, 10), _agreement(2_000, 10_000), now)
    run.add(
        Figure(
            row="micro.rows",
            what="classify + decide with 10,000 rows of one function over 10, 2,000 rules in both",
            unit="us",
            tandem=long,
            ratio=longer,
            rounds=_TAKES,
            note=f"10 rows: {short:.0f} us; every other alert by a row of its own, five runners-up in both",
            goal="1.1x",
        )
    )
    small, large, all_larger = _compared(_agreement(2, 10), _agreement(2_000, 10_000), now)
    run.add(
        Figure(
            row="micro.both",
            what="classify + decide with 10,000 rows and 2,000 rules over 10 and 2",
            unit="us",
            tandem=large,
            ratio=all_larger,
            rounds=_TAKES,
            note=f"10 rows, 2 rules: {small:.0f} us",
        )
    )


def _agreement(rules: int | None, rows: int | None = None) -> Agreement:
    """The example client, with ``rules`` rules by host and a matrix of ``rows`` instead of its own when given."""
    documents = load_directory(_EXAMPLES)
    source = documents.tenants[_TENANT]
    provider = documents.provider_of(source.document)
    document, base = source.document, provider.document if provider else None
    if rules is not None and base is not None:
        made = [
            ClassificationRule.model_validate(
                {
                    "id": f"rule-{index}",
                    "when": {"host": f"host-{index:05d}"},
                    "function": "servers",
                    "category": f"c{index}",
                    "class": "outage",
                }
            )
            for index in range(rules)
        ]
        document = document.model_copy(update={"classification": []})
        base = base.model_copy(update={"classification": made})
    if rows is not None and base is not None:
        document = document.model_copy(update={"matrix": _rows(rows)})
        base = base.model_copy(update={"matrix": []})
    return compile_agreement(document, base, version=1)


def _rows(count: int) -> list[ScopeRow]:
    """By the category of one rule or by a site that no alert has, and one for the rest.

    So every other alert is decided by a row of its own, and the others by the last.
    """
    named = [{"category": f"c{n}"} if n % 2 else {"site": f"s{n}"} for n in range(count - 1)]
    shared = {"function": "servers", "owner": "msp", "mode": "live"}
    return [ScopeRow.model_validate({"id": f"row-{n}", **shared, **one}) for n, one in enumerate([*named, {}])]


def _compared(few: Agreement, many: Agreement, now: datetime) -> tuple[float, float, float]:
    """Microseconds with ``few`` and with ``many``, taken in turns, and the median of the turns' ratios.

    Every other turn begins with ``many``. What stays is kept from the garbage collector, as the program does.
    """
    gc.collect()
    gc.freeze()
    takes = []
    for turn in range(_TAKES):
        us = {id(each): _each_us(each, now) for each in ((few, many) if turn % 2 else (many, few))}
        takes.append((us[id(few)], us[id(many)]))
    gc.unfreeze()
    return median([a for a, _ in takes]), median([b for _, b in takes]), median([b / a for a, b in takes])


def _each_us(agreement: Agreement, now: datetime) -> float:
    alerts = [_alert(index, len(agreement.classification), now) for index in range(_REPEAT)]
    began = time.process_time()
    for alert in alerts:
        classified, _key = place(alert, agreement)
        decide(alert, agreement, NOTHING_OPEN, now, classified=classified)
    return (time.process_time() - began) / _REPEAT * 1e6


def _alert(index: int, rules: int, now: datetime) -> Alert:
    return Alert(
        alert_id=alert_id(_TENANT, "bench", str(index), 0),
        tenant=_TENANT,
        integration="bench",
        delivery_id=str(index),
        dedup_key=f"bench-{index}",
        title="Free space on volume C: of srv-dc01 is 3 %, below the limit of 5 %",
        vendor="generic",
        kind=Kind.MONITORING,
        status=AlertStatus.FIRING,
        severity=Severity.HIGH,
        host=f"host-{index * _STEP % rules:05d}",
        received_at=now + timedelta(microseconds=index),
    )
