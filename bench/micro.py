"""The decision alone: microseconds per alert with the example rules, and how that grows with 5,000 of them."""

from __future__ import annotations

import time
from datetime import datetime, timedelta
from pathlib import Path

from bench.figures import Figure, median
from bench.run import Run
from tandem.agreement.compile import compile_agreement
from tandem.agreement.compiled import Agreement
from tandem.agreement.load import load_directory
from tandem.agreement.schema.scope import ClassificationRule
from tandem.clock import SystemClock
from tandem.ids import alert_id
from tandem.model.alert import Alert, AlertStatus, Kind, Severity
from tandem_router.batch import place
from tandem_router.decide import NOTHING_OPEN, decide

_EXAMPLES = Path(__file__).parents[1] / "deploy" / "agreement"
_TENANT = "northwind"
_REPEAT, _TAKES = 300, 7


async def micro(run: Run) -> None:
    """Classify and decide, without any I/O."""
    now = SystemClock().now()
    few, many = _agreement(10), _agreement(5_000)
    example = _agreement(None)
    run.add(
        Figure(row="micro.decide", what="classify + decide, example rules", unit="us", tandem=_each_us(example, now))
    )
    ten, thousands = _each_us(few, now), _each_us(many, now)
    run.add(
        Figure(
            row="micro.rules",
            what="classify + decide with 5,000 rules over 10, the last one matches",
            unit="us",
            tandem=thousands,
            ratio=thousands / ten,
            note=f"10 rules: {ten:.0f} us; part of P7, whose measure is CPU per alert of the whole program",
        )
    )


def _agreement(rules: int | None) -> Agreement:
    """The example client, with ``rules`` rules by host instead of its own when given."""
    documents = load_directory(_EXAMPLES)
    source = documents.tenants[_TENANT]
    provider = documents.provider_of(source.document)
    document, base = source.document, provider.document if provider else None
    if rules is not None and base is not None:
        made = [
            ClassificationRule.model_validate(
                {"id": f"rule-{index}", "when": {"host": f"host-{index:05d}"}, "function": "servers", "class": "outage"}
            )
            for index in range(rules)
        ]
        document = document.model_copy(update={"classification": []})
        base = base.model_copy(update={"classification": made})
    return compile_agreement(document, base, version=1)


def _each_us(agreement: Agreement, now: datetime) -> float:
    alerts = [_alert(index, len(agreement.classification), now) for index in range(_REPEAT)]
    takes = []
    for _ in range(_TAKES):
        began = time.perf_counter()
        for alert in alerts:
            classified, _key = place(alert, agreement)
            decide(alert, agreement, NOTHING_OPEN, now, classified=classified)
        takes.append((time.perf_counter() - began) / _REPEAT * 1e6)
    return median(takes)


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
        host=f"host-{rules - 1:05d}",
        received_at=now + timedelta(microseconds=index),
    )
