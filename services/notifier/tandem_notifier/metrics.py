"""What the notifier counts, on the process's table of metrics (``tandem/metrics.py``)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta
from itertools import product

from tandem.agreement.compiled import Agreement
from tandem.agreement.oncall.timeline import timeline
from tandem.errors import DeliveryReason
from tandem.metrics import Metrics
from tandem.model.ownership import Party, Track
from tandem_notifier.attempt import Result

GAP_AHEAD = timedelta(days=7)


DELIVERED, FAILED = "delivered", "failed"
RESULTS = (DELIVERED, FAILED, *(reason.value for reason in DeliveryReason))
"""What an attempt may come to."""


def prepare(metrics: Metrics, channels: Iterable[str]) -> None:
    """Begin every result at 0: Prometheus does not see the first of a series that begins at 1."""
    for channel, result in product(channels, RESULTS):
        metrics.pages.labels(channel, result)


def count_result(metrics: Metrics, result: Result) -> None:
    """One attempt at a page; the first page of an incident also says how long it took from the alert."""
    page = result.page
    metrics.pages.labels(page.channel, DELIVERED if result.delivered else result.reason or FAILED).inc()
    if result.delivered and page.alert_at is not None:
        metrics.alert_to_page.observe(max(0.0, (result.ended_at - page.alert_at).total_seconds()))


def set_gaps(metrics: Metrics, agreements: Mapping[str, Agreement], now: datetime) -> None:
    """``tandem_oncall_gap_seconds``: the coming week's stretches without anybody, over all schedules of a side.

    Only inside the party's own hours: what lies outside them is the other party's by the row's after-hours rule (R-A1).
    """
    found = dict.fromkeys(((party, track) for party in Party for track in Track), 0.0)
    for agreement in agreements.values():
        for schedule in agreement.schedules.values():
            if schedule.party is None or schedule.track is None:
                continue
            zone = agreement.tenant.zone
            shifts = timeline(schedule, now, now + GAP_AHEAD, people=agreement.people, zone=zone)
            hours = agreement.calendar_of(schedule.party)
            gaps = (hours.business(shift.start, shift.end) for shift in shifts if not shift.people)
            found[schedule.party, schedule.track] += sum(gaps, timedelta()).total_seconds()
    for (party, track), seconds in found.items():
        metrics.oncall_gap.labels(party.value, track.value).set(seconds)
