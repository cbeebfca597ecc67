"""Rules and dashboards ask for what /metrics has, parse, fire when they must, and lead to a runbook that exists."""

from __future__ import annotations

import json
import re
import subprocess
from pathlib import Path

import pytest

from tests.support.deployment import (
    PROMETHEUS,
    SCRAPED,
    asked,
    dashboards,
    exposed,
    needs_promtool,
    panel_expressions,
    rules,
    services,
    yaml_of,
)
from tests.support.tree import ROOT
from tests.unit.house.test_documents import anchors
from tools.generate_dashboards import BOARDS, is_stale

ALERTS = rules("alerts.yml")
RECORDED = {rule["record"] for rule in rules("rules.yml")}
EXPRESSIONS = [
    *panel_expressions(),
    *((rule["alert"], rule["expr"]) for rule in ALERTS),
    *((rule["record"], rule["expr"]) for rule in rules("rules.yml")),
]
PROMISED = {"IngestErrors", "OutboxStalled", "PagesFailing", "SLABreachImminent", "UnroutedAlerts", "OnCallGap", "Down"}


def promtool(*arguments: str) -> str:
    done = subprocess.run(["promtool", *arguments], cwd=PROMETHEUS, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def unknown(expression: str) -> list[str]:
    """Metrics of an expression that nothing exposes, and labels that they do not have."""
    found = []
    for name, labels in asked(expression):
        if name in RECORDED:
            continue
        known = exposed().get(name)
        if known is None or not labels <= known | SCRAPED:
            found.append(f"{name}{sorted(labels)}")
    return found


def test_every_expression_asks_for_metrics_and_labels_that_there_are():
    assert {where: missing for where, expression in EXPRESSIONS if (missing := unknown(expression))} == {}


def test_a_metric_that_is_gone_and_a_label_that_never_was_are_found():
    assert unknown("rate(tandem_gone_total[5m])") == ["tandem_gone_total[]"]
    assert unknown('tandem_pages_total{tenant="x", channel!="y"}') == ["tandem_pages_total['channel', 'tenant']"]
    assert unknown('up{job="tandem"} + tandem_pages_total{service="x"}') == []


def test_every_recorded_rule_is_asked_for_by_an_alert_or_a_panel():
    asked_for = {name for where, expression in EXPRESSIONS for name, _ in asked(expression) if where != name}

    assert RECORDED - asked_for == set()


def test_the_promised_alerts_are_there():
    assert {f"Tandem{name}" for name in PROMISED} <= {rule["alert"] for rule in ALERTS}


def test_every_alert_says_how_bad_it_is_what_it_is_and_where_its_runbook_stands():
    for rule in ALERTS:
        assert rule["labels"]["severity"] in {"critical", "warning", "none"}, rule["alert"]
        assert {"summary", "description", "runbook_url"} <= rule["annotations"].keys(), rule["alert"]


def test_every_alert_has_its_section_in_a_runbook_and_every_section_its_alert():
    promised = {rule["annotations"]["runbook_url"] for rule in ALERTS}
    written = {
        f"docs/runbooks/{file.name}#{anchor}"
        for file in (ROOT / "docs" / "runbooks").glob("*.md")
        for anchor in anchors(file.read_text("utf-8"))
        if anchor.startswith("tandem")
    }

    assert promised == written
    assert all(
        url.endswith(f"#{rule['alert'].lower()}") for rule in ALERTS for url in [rule["annotations"]["runbook_url"]]
    )


@pytest.mark.parametrize("file", sorted((ROOT / "docs" / "runbooks").glob("*.md")), ids=lambda file: file.stem)
def test_a_section_of_a_runbook_says_what_it_means_and_what_to_do(file: Path):
    sections = re.split(r"^## (Tandem\w+)$", file.read_text("utf-8"), flags=re.MULTILINE)[1:]

    for name, text in zip(sections[::2], sections[1::2], strict=True):
        missing = [word for word in ("**Means**", "**Impact**", "**Look**", "**Do**") if word not in text]
        assert (name, missing) == (name, [])


@needs_promtool
def test_prometheus_takes_the_configuration_and_the_rules():
    promtool("check", "config", "prometheus.yml")
    promtool("check", "rules", "alerts.yml", "rules.yml")


@needs_promtool
def test_the_rules_pass_their_own_tests():
    promtool("test", "rules", "tests.yml")


def test_every_alert_is_tested():
    tested = set(re.findall(r"Tandem[A-Za-z]+", (PROMETHEUS / "tests.yml").read_text("utf-8")))

    assert {rule["alert"] for rule in ALERTS} - tested == set()


@needs_promtool
def test_every_panels_expression_parses(tmp_path: Path):
    records = [{"record": f"panel:n{n}", "expr": expression} for n, (_, expression) in enumerate(panel_expressions())]
    file = tmp_path / "panels.yml"
    file.write_text(json.dumps({"groups": [{"name": "panels", "rules": records}]}), "utf-8")  # JSON is YAML

    assert f"{len(records)} rules found" in promtool("check", "rules", str(file))


def test_the_dashboards_are_what_their_values_say():
    assert [board.uid for board in BOARDS if is_stale(board)] == []


@pytest.mark.parametrize("name", dashboards())
def test_a_dashboard_has_a_stable_id_and_lets_its_data_source_be_chosen_first(name: str):
    board = dashboards()[name]
    variables = board["templating"]["list"]

    assert board["uid"] == f"tandem-{name.removesuffix('.json')}"
    assert (variables[0]["type"], variables[0]["query"]) == ("datasource", "prometheus")
    sources = [panel["datasource"]["uid"] for panel in board["panels"] if panel["type"] != "row"]
    assert set(sources) == {"${datasource}"}


@pytest.mark.parametrize("name", dashboards())
def test_panels_do_not_overlap_and_none_is_wider_than_the_page(name: str):
    taken: set[tuple[int, int]] = set()
    for panel in dashboards()[name]["panels"]:
        at = panel["gridPos"]
        cells = {(at["x"] + x, at["y"] + y) for x in range(at["w"]) for y in range(at["h"])}
        assert at["x"] + at["w"] <= 24, panel["title"]
        assert not taken & cells, panel["title"]
        taken |= cells


@pytest.mark.parametrize("name", dashboards())
def test_rates_follow_the_scrape_interval(name: str):
    rates = re.findall(r"rate\([^\[\]]*\[([^\]]+)\]", json.dumps(dashboards()[name]))

    assert set(rates) <= {"$__rate_interval"}


def test_prometheus_looks_for_every_service_that_the_compose_file_has():
    config = yaml_of(PROMETHEUS / "prometheus.yml")
    scraped = next(job for job in config["scrape_configs"] if job["job_name"] == "tandem")["dns_sd_configs"][0]["names"]
    serving = {name for name, one in services().items() if (one.get("command") or [""])[0] == "serve"}
    missed = next(rule for rule in ALERTS if rule["alert"] == "TandemServiceMissing")["expr"]

    assert set(scraped) == serving
    assert set(re.findall(r'service="([a-z-]+)"', missed)) == serving


def test_grafana_finds_its_source_and_its_dashboards():
    provisioning = ROOT / "deploy" / "grafana" / "provisioning"
    (source,) = yaml_of(provisioning / "datasources" / "prometheus.yml")["datasources"]
    (provider,) = yaml_of(provisioning / "dashboards" / "tandem.yml")["providers"]
    mounts = [mount.split(":")[1] for mount in services()["grafana"]["volumes"]]

    assert source["url"] == "http://prometheus:9090"
    assert provider["options"]["path"] in mounts
