"""Every metric of the product, in one typed table, and how they are exposed. Services count; nothing is counted here.

A ``Metrics`` belongs to one process object and holds its own registry, so two of them in one test never meet. Labels
take values of closed sets and of configuration only, never text from outside. docs/metrics.md is made from this table.
"""

# ruff: noqa: RUF009 - the calls in the table make dataclass fields, not values
from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field, fields
from typing import Any

from prometheus_client import (
    CollectorRegistry,
    Counter,
    Gauge,
    Histogram,
    Info,
    Metric,
    PlatformCollector,
    ProcessCollector,
    disable_created_metrics,
    exposition,
)
from prometheus_client.openmetrics import exposition as openmetrics

FAST = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0)
"""Seconds, for work inside the process."""
TO_PAGE = (0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0, 60.0, 120.0, 300.0)
"""Seconds, up to the five minutes past which a page counts as late."""
SLA = (60.0, 300.0, 900.0, 1800.0, 3600.0, 7200.0, 14400.0, 28800.0, 86400.0)
"""Seconds of counted time on a clock."""


@dataclass(frozen=True, slots=True)
class Definition:
    """One metric as people read of it; ``name`` is the exposed one."""

    type: type[Counter | Gauge | Histogram | Info]
    name: str
    help: str
    labels: tuple[str, ...] = ()
    buckets: tuple[float, ...] = ()

    def build(self, registry: CollectorRegistry) -> Counter | Gauge | Histogram | Info:
        """The metric itself, in ``registry``."""
        if self.type is Histogram:
            return Histogram(self.name, self.help, self.labels, registry=registry, buckets=self.buckets)
        name = self.name.removesuffix("_info") if self.type is Info else self.name
        return self.type(name, self.help, self.labels, registry=registry)


def _counter(name: str, text: str, *labels: str) -> Any:  # noqa: ANN401 - a dataclass field
    return field(init=False, metadata={"definition": Definition(Counter, name, text, labels)})


def _gauge(name: str, text: str, *labels: str) -> Any:  # noqa: ANN401 - a dataclass field
    return field(init=False, metadata={"definition": Definition(Gauge, name, text, labels)})


def _histogram(name: str, text: str, *labels: str, buckets: tuple[float, ...]) -> Any:  # noqa: ANN401 - a dataclass field
    return field(init=False, metadata={"definition": Definition(Histogram, name, text, labels, buckets)})


class Registry(CollectorRegistry):
    """A registry that lets hot paths count in plain numbers: they hand them over when somebody reads.

    A counter's ``inc`` takes a lock and costs as much as a dictionary's addition ten times.
    """

    def __init__(self) -> None:
        """Empty."""
        super().__init__(auto_describe=True)
        self.before_reading: list[Callable[[], None]] = []
        """Called before anything is read; reader and counters are of one thread, the event loop's."""

    def collect(self) -> Iterable[Metric]:
        """See ``CollectorRegistry.collect``."""
        for hand_over in self.before_reading:
            hand_over()
        return super().collect()


@dataclass(slots=True, eq=False)
class Metrics:
    """The metrics of one process; handed to services, which call ``metrics.pages.labels(...).inc()``."""

    version: str = "unknown"
    registry: Registry = field(default_factory=Registry)

    alerts_received: Counter = _counter(
        "tandem_alerts_received_total",
        "Alerts at the way in; result is accepted, duplicate, quarantined, ignored (no alert) or a reason of refusal.",
        "integration",
        "vendor",
        "result",
    )
    heartbeats: Counter = _counter(
        "tandem_heartbeats_total",
        "Check-ins at the way in; result is what was said (success, start, fail, log) or a reason of refusal.",
        "integration",
        "result",
    )
    ingest_seconds: Histogram = _histogram(
        "tandem_ingest_seconds", "From the first byte of a delivery to its durable acceptance.", buckets=FAST
    )
    unknown_tenant_alerts: Gauge = _gauge(
        "tandem_unknown_tenant_alerts", "Accepted alerts that wait because no mapping knows their customer."
    )
    alerts_routed: Counter = _counter(
        "tandem_alerts_routed_total",
        "Routing decisions, by what was decided.",
        "owner",
        "priority",
        "function",
        "track",
    )
    route_seconds: Histogram = _histogram(
        "tandem_route_seconds", "From acceptance to the committed decision.", buckets=TO_PAGE
    )
    unrouted_alerts: Counter = _counter(
        "tandem_unrouted_alerts_total",
        "Alerts that no row of a scope matrix matched, so that the safety row took them.",
    )
    incidents_open: Gauge = _gauge("tandem_incidents_open", "Incidents that are not resolved.", "owner", "priority")
    sla_clock_running: Gauge = _gauge("tandem_sla_clock_running", "Clocks that run now.", "clock", "party", "priority")
    sla_outcomes: Counter = _counter(
        "tandem_sla_outcomes_total",
        "Clocks that ended or breached, by outcome.",
        "clock",
        "party",
        "priority",
        "outcome",
    )
    sla_warnings: Counter = _counter(
        "tandem_sla_warnings_total",
        "Clocks that passed a share of their time and still ran; share is 50, 75 or 90 percent.",
        "clock",
        "party",
        "priority",
        "share",
    )
    sla_elapsed: Histogram = _histogram(
        "tandem_sla_elapsed_seconds",
        "Counted time of clocks that were met or stopped: MTTD, MTTA and MTTR.",
        "clock",
        "party",
        "priority",
        buckets=SLA,
    )
    pages: Counter = _counter(
        "tandem_pages_total", "Attempts to reach a person, by channel and result.", "channel", "result"
    )
    alert_to_page: Histogram = _histogram(
        "tandem_alert_to_page_seconds",
        "From an alert's acceptance to the first page that its provider took.",
        buckets=TO_PAGE,
    )
    oncall_gap: Gauge = _gauge(
        "tandem_oncall_gap_seconds", "Time within the next seven days in which nobody is on call.", "party", "track"
    )
    consumer_lag: Gauge = _gauge(
        "tandem_consumer_lag_records", "Records a group has not worked on yet.", "topic", "group"
    )
    skipped_records: Counter = _counter(
        "tandem_consumer_skipped_records_total",
        "Records that Kafka no longer had when a group came to them, deleted by age mostly. Anything but 0 is a loss.",
        "topic",
        "group",
    )
    kafka_producers: Gauge = _gauge(
        "tandem_kafka_producers", "Kafka producers of this process: 1, or 0 while it has no connection."
    )
    outbox_oldest: Gauge = _gauge(
        "tandem_outbox_oldest_seconds", "Age of the oldest record that waits for the bus; 0 when none does."
    )
    outbox_waiting: Gauge = _gauge("tandem_outbox_waiting_records", "Records that wait for the bus.")
    outbox_parked: Gauge = _gauge(
        "tandem_outbox_parked_records",
        "Records that stand aside because their topic takes nothing, in the shards that this process moves.",
    )
    spool_oldest: Gauge = _gauge(
        "tandem_spool_oldest_seconds", "Age of the oldest accepted alert that waits for a broker; 0 when none does."
    )
    spool_waiting: Gauge = _gauge("tandem_spool_waiting_records", "Accepted alerts that wait for a broker.")
    alerts_queued: Counter = _counter(
        "tandem_alerts_queued_total",
        "Alerts that were accepted and waited their turn behind their client's share; counted as accepted too.",
        "integration",
    )
    waiting_oldest: Gauge = _gauge(
        "tandem_waiting_oldest_seconds",
        "Age of the oldest accepted alert that waits its turn behind its client's share; 0 when none does.",
    )
    waiting_alerts: Gauge = _gauge(
        "tandem_waiting_alerts", "Accepted alerts that wait their turn behind their client's share."
    )
    timer_lateness: Histogram = _histogram(
        "tandem_timer_lateness_seconds", "How late durable timers ran.", buckets=TO_PAGE
    )
    auditor_violations: Gauge = _gauge(
        "tandem_auditor_violations",
        "Promises that the tables show broken, by invariant (docs/runbooks/auditor.md).",
        "invariant",
    )
    auditor_last_run: Gauge = _gauge(
        "tandem_auditor_last_run_seconds", "When the auditor last asked everything and was answered, in Unix time."
    )
    auditor_run: Gauge = _gauge("tandem_auditor_run_seconds", "How long the auditor's last look took.")
    agreement_active_version: Gauge = _gauge(
        "tandem_agreement_active_version", "Version of the agreement in force.", "tenant"
    )
    quarantined_records: Counter = _counter(
        "tandem_quarantined_records_total", "Records that could not be read and were put aside whole.", "topic"
    )
    database_round_trip: Gauge = _gauge("tandem_database_round_trip_seconds", "How long the database took to answer.")
    database_bytes: Gauge = _gauge("tandem_database_bytes", "Size of the database.")
    database_connections: Gauge = _gauge("tandem_database_connections", "Connections to the database.")
    database_connections_most: Gauge = _gauge(
        "tandem_database_connections_most", "Connections that the server allows to all databases together."
    )
    http_responses: Counter = _counter(
        "tandem_http_responses_total", "Answers of this process to HTTP requests, by status.", "status"
    )
    build: Info = field(
        init=False,
        metadata={"definition": Definition(Info, "tandem_build_info", "The running version; always 1.", ("version",))},
    )

    def __post_init__(self) -> None:
        """Build every metric of the table, and the process's own (``process_*``, ``python_info``)."""
        disable_created_metrics()  # type: ignore[no-untyped-call] # `_created` series double a scrape for nobody
        for name, definition in _table().items():
            if definition.type is not Info:
                setattr(self, name, definition.build(self.registry))
        self.build = Info("tandem_build", _table()["build"].help, registry=self.registry)
        self.build.info({"version": self.version})
        ProcessCollector(registry=self.registry)
        PlatformCollector(registry=self.registry)


def _table() -> dict[str, Definition]:
    return {each.name: each.metadata["definition"] for each in fields(Metrics) if "definition" in each.metadata}


def definitions() -> tuple[Definition, ...]:
    """The table, in order."""
    return tuple(_table().values())


def expose(metrics: Metrics, accept: str = "") -> tuple[str, bytes]:
    """(content type, body) of ``/metrics``: OpenMetrics with exemplars when ``accept`` asks for it, else text."""
    if "application/openmetrics-text" in accept:
        return openmetrics.CONTENT_TYPE_LATEST, openmetrics.generate_latest(metrics.registry)  # type: ignore[no-untyped-call]
    return exposition.CONTENT_TYPE_PLAIN_0_0_4, exposition.generate_latest(metrics.registry)
