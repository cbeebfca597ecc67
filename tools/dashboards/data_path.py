"""From a tool's post to a page that left: how much, how fast, what waits, what went wrong."""

from __future__ import annotations

from tools.dashboards.panels import RATE, Board, Panel, q, quantiles

CHOSEN = 'integration=~"$integration"'

DATA_PATH = Board(
    uid="tandem-data-path",
    title="Tandem: data path",
    says="From a tool's post to a page that left: how much, how fast, what waits, what went wrong.",
    choices=(("integration", "tandem_alerts_received_total"),),
    rows=(
        (
            "Now",
            (
                Panel(
                    "Answer", "Processes that Prometheus reaches.", "short", (q('sum(up{job="tandem"})'),), 4, stat=True
                ),
                Panel(
                    "Broken promises",
                    "What the auditor found in the tables; 0 is the promise.",
                    "short",
                    (q("sum(tandem_auditor_violations) or vector(0)"),),
                    4,
                    stat=True,
                    bad_from=1,
                ),
                Panel(
                    "Not stored",
                    "Share of alerts of ten minutes that were answered 503.",
                    "percentunit",
                    (q("tandem:ingest_errors:ratio10m"),),
                    4,
                    stat=True,
                    bad_from=0.01,
                ),
                Panel(
                    "Behind",
                    "Records that the slowest group has before it.",
                    "short",
                    (q("max(tandem:consumer_lag_records:max)"),),
                    4,
                    stat=True,
                    bad_from=1000,
                ),
                Panel(
                    "Outbox",
                    "Age of the oldest record that waits for Kafka.",
                    "s",
                    (q("max(tandem_outbox_oldest_seconds)"),),
                    4,
                    stat=True,
                    bad_from=60,
                ),
                Panel(
                    "Put aside",
                    "Records in quarantine within the hour.",
                    "short",
                    (q("sum(tandem:quarantined_records:count1h) or vector(0)"),),
                    4,
                    stat=True,
                    bad_from=1,
                ),
            ),
        ),
        (
            "Ingest",
            (
                Panel(
                    "Alerts by integration",
                    "What tools sent, by the way in.",
                    "alerts/s",
                    (
                        q(
                            f"sum by (integration) (rate(tandem_alerts_received_total{{{CHOSEN}}}[{RATE}]))",
                            "{{integration}}",
                        ),
                    ),
                ),
                Panel(
                    "Alerts by result",
                    "Everything but accepted and duplicate deserves a look.",
                    "alerts/s",
                    (q(f"sum by (result) (rate(tandem_alerts_received_total{{{CHOSEN}}}[{RATE}]))", "{{result}}"),),
                ),
                Panel("From first byte to durable", "What a tool waits for.", "s", quantiles("tandem_ingest_seconds")),
            ),
        ),
        (
            "Decisions",
            (
                Panel(
                    "Decisions by owner",
                    "Whose the alerts were.",
                    "alerts/s",
                    (q(f"sum by (owner) (rate(tandem_alerts_routed_total[{RATE}]))", "{{owner}}"),),
                ),
                Panel(
                    "From acceptance to decision",
                    "Committed with all that follows from it.",
                    "s",
                    quantiles("tandem_route_seconds"),
                ),
                Panel(
                    "Records before each group",
                    "0 is normal; a line that climbs means late decisions or pages.",
                    "short",
                    (q("tandem:consumer_lag_records:max", "{{group}} {{topic}}"),),
                ),
                Panel(
                    "Oldest record for Kafka",
                    "0 on the PostgreSQL bus.",
                    "s",
                    (q("max by (service) (tandem_outbox_oldest_seconds)", "{{service}}"),),
                ),
                Panel(
                    "Timers late by",
                    "Escalations, warnings, ends of windows.",
                    "s",
                    quantiles("tandem_timer_lateness_seconds"),
                ),
                Panel(
                    "Open incidents",
                    "By whose they are.",
                    "short",
                    (q("sum by (owner) (tandem_incidents_open)", "{{owner}}"),),
                ),
            ),
        ),
        (
            "Pages",
            (
                Panel(
                    "Pages by result",
                    "Attempts of every channel.",
                    "pages/s",
                    (q(f"sum by (channel, result) (rate(tandem_pages_total[{RATE}])) > 0", "{{channel}} {{result}}"),),
                ),
                Panel(
                    "From alert to first page",
                    "Until its provider took it.",
                    "s",
                    quantiles("tandem_alert_to_page_seconds"),
                ),
                Panel(
                    "Share that failed",
                    "Of ten minutes, by channel.",
                    "percentunit",
                    (q("tandem:pages_failed:ratio10m", "{{channel}}"),),
                ),
            ),
        ),
        (
            "Auditor",
            (
                Panel(
                    "Broken promises by invariant",
                    "docs/runbooks/auditor.md says what each means.",
                    "short",
                    (q("max by (invariant) (tandem_auditor_violations)", "{{invariant}}"),),
                    12,
                ),
                Panel(
                    "Put aside",
                    "Records that could not be handled, by topic.",
                    "short",
                    (q("sum by (topic) (tandem:quarantined_records:count1h)", "{{topic}}"),),
                    12,
                ),
            ),
        ),
        (
            "Database and processes",
            (
                Panel(
                    "Round trip",
                    "How long the database takes to answer nothing.",
                    "s",
                    (q("max(tandem_database_round_trip_seconds)", "round trip"),),
                ),
                Panel(
                    "Connections",
                    "Taken, and what the server allows.",
                    "short",
                    (
                        q("max(tandem_database_connections)", "taken"),
                        q("max(tandem_database_connections_most)", "allowed"),
                    ),
                ),
                Panel(
                    "Size",
                    "Facts are kept for good, raw bodies 90 days.",
                    "bytes",
                    (q("max(tandem_database_bytes)", "database"),),
                ),
                Panel(
                    "Memory",
                    "Resident, by process.",
                    "bytes",
                    (q('process_resident_memory_bytes{job="tandem"}', "{{service}} {{instance}}"),),
                ),
                Panel(
                    "CPU",
                    "Cores in use, by process.",
                    "short",
                    (q(f'rate(process_cpu_seconds_total{{job="tandem"}}[{RATE}])', "{{service}} {{instance}}"),),
                ),
                Panel(
                    "HTTP answers",
                    "By status, health checks included.",
                    "reqps",
                    (q(f"sum by (status) (rate(tandem_http_responses_total[{RATE}]))", "{{status}}"),),
                ),
            ),
        ),
    ),
)
