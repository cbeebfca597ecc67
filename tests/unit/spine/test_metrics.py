"""The table of metrics is what is exposed, what is documented and what interfaces promise."""

from __future__ import annotations

import shutil
import subprocess

import pytest
from prometheus_client.openmetrics.parser import text_string_to_metric_families as parse_openmetrics
from prometheus_client.parser import text_string_to_metric_families as parse_text

from tandem.metrics import Metrics, definitions, expose
from tools.generate_metrics_docs import TARGET, document

PROMISED = {
    "tandem_alerts_received_total": ("integration", "vendor", "result"),
    "tandem_ingest_seconds": (),
    "tandem_alerts_routed_total": ("owner", "priority", "function", "track"),
    "tandem_route_seconds": (),
    "tandem_unrouted_alerts_total": (),
    "tandem_incidents_open": ("owner", "priority"),
    "tandem_sla_clock_running": ("clock", "party", "priority"),
    "tandem_sla_outcomes_total": ("clock", "party", "priority", "outcome"),
    "tandem_sla_elapsed_seconds": ("clock", "party", "priority"),
    "tandem_pages_total": ("channel", "result"),
    "tandem_alert_to_page_seconds": (),
    "tandem_oncall_gap_seconds": ("party", "track"),
    "tandem_consumer_lag_records": ("topic", "group"),
    "tandem_outbox_oldest_seconds": (),
    "tandem_timer_lateness_seconds": (),
    "tandem_auditor_violations": ("invariant",),
    "tandem_agreement_active_version": ("tenant",),
    "tandem_build_info": ("version",),
}


def filled():
    """Metrics with one value under every label set."""
    metrics = Metrics(version="0.1.0")
    for attribute in type(metrics).__dataclass_fields__:
        metric = getattr(metrics, attribute)
        if not hasattr(metric, "labels") or attribute == "build":
            continue
        names = metric._labelnames
        child = metric.labels(*(["x"] * len(names))) if names else metric
        child.observe(1) if hasattr(child, "observe") else child.inc()
    return metrics


def test_every_promised_metric_is_in_the_table_with_its_labels():
    table = {definition.name: definition.labels for definition in definitions()}

    assert {name: table[name] for name in PROMISED} == PROMISED


def test_two_processes_in_one_test_do_not_share_a_registry():
    one, two = Metrics(), Metrics()

    one.unrouted_alerts.inc()

    assert b"tandem_unrouted_alerts_total 1.0" in expose(one)[1]
    assert b"tandem_unrouted_alerts_total 0.0" in expose(two)[1]


def test_the_text_exposition_parses_and_holds_every_metric():
    content_type, body = expose(filled())

    families = {family.name for family in parse_text(body.decode())}

    assert content_type.startswith("text/plain")
    assert {definition.name.removesuffix("_total") for definition in definitions()} <= families


def test_openmetrics_is_answered_on_request_and_carries_exemplars():
    metrics = filled()
    metrics.ingest_seconds.observe(0.02, exemplar={"trace_id": "abc"})

    content_type, body = expose(metrics, "application/openmetrics-text;version=1.0.0,text/plain;q=0.5")

    assert content_type.startswith("application/openmetrics-text")
    exemplars = [
        sample.exemplar for family in parse_openmetrics(body.decode()) for sample in family.samples if sample.exemplar
    ]
    assert [exemplar.labels for exemplar in exemplars] == [{"trace_id": "abc"}]


@pytest.mark.parametrize(
    "accept", ["", "*/*", "application/openmetrics-text;version=x\udc80", "text/plain;version=99.9;;=", "," * 5000]
)
def test_an_odd_accept_header_gets_an_answer(accept):
    assert expose(Metrics(), accept)[1]


def test_the_running_version_is_a_label_of_build_info():
    assert b'tandem_build_info{version="0.1.0"} 1.0' in expose(Metrics(version="0.1.0"))[1]


@pytest.mark.skipif(shutil.which("promtool") is None, reason="promtool is not installed (apt-get install prometheus)")
def test_promtool_has_nothing_to_say():
    result = subprocess.run(
        ["promtool", "check", "metrics"], input=expose(filled())[1], capture_output=True, check=False
    )

    assert (result.returncode, result.stderr) == (0, b"")


def test_the_documentation_is_what_the_table_says():
    assert TARGET.read_text("utf-8") == document()


def test_what_a_hot_path_counted_is_handed_over_before_each_reading():
    metrics, counted = Metrics(), [3]
    metrics.registry.before_reading.append(lambda: metrics.unrouted_alerts.inc(counted.pop() if counted else 0))

    assert b"tandem_unrouted_alerts_total 3.0" in expose(metrics)[1]
    assert metrics.registry.get_sample_value("tandem_unrouted_alerts_total") == 3
