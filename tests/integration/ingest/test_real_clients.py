"""The doors, knocked at by the programs they are for: Prometheus, Alertmanager, amtool, PagerDuty's client, curl."""

from __future__ import annotations

import asyncio
import json
import shutil
import socket
from collections.abc import AsyncIterator, Callable
from datetime import UTC, datetime
from pathlib import Path

import pagerduty
import pytest
from standardwebhooks import Webhook

from tandem.clock import SystemClock
from tandem.model.alert import Alert, AlertStatus
from tandem.model.integration import AuthKind
from tests.support import tool
from tests.support.certificates import contexts_for
from tests.support.intake import Intake, open_intake
from tests.support.integrations import STANDARD_WEBHOOKS, integration, secret
from tests.support.tls_front import tls_front

KEY = "s3cret-of-metrics"
ROUTING_KEY = "4f1c0b0a7e3d4c70b7c9b2f1a2d3e4f5"
WHSEC = "whsec_a2tra2tra2tra2tra2tra2tra2tra2tra2tra2tra2s="
KNOWN = (
    integration("metrics", vendor="alertmanager", secrets=(secret(KEY),)),
    integration("pd", vendor="pagerduty", secrets=(secret(ROUTING_KEY),)),
    integration("og", vendor="opsgenie", secrets=(secret("genie"),)),
    integration("svix", auth=AuthKind.HMAC, scheme=STANDARD_WEBHOOKS, secrets=(secret(WHSEC),)),
)
LABELS = {"alertname": "NodeDown", "severity": "critical", "instance": "db3.internal:9100"}
FINGERPRINT = "55d2449e88e0b505"
"""Of LABELS, by Alertmanager 0.25; test_alertmanager_door.py relies on it."""


@pytest.fixture
async def intake() -> AsyncIterator[Intake]:
    async with open_intake(KNOWN, SystemClock()) as found:
        yield found


# --- Prometheus, with us as its Alertmanager ----------------------------------------------------------------------

RULE = """
groups:
  - name: nodes
    rules:
      - alert: NodeDown
        expr: up{job="node"} == 0
        labels: {severity: critical}
        annotations: {summary: "{{ $labels.instance }} does not answer"}
"""
PROMETHEUS = """
global: {{scrape_interval: 1s, evaluation_interval: 1s}}
rule_files: [rules.yml]
scrape_configs:
  - job_name: node
    static_configs: [targets: ["127.0.0.1:{port}"]]
alerting:
  alertmanagers:
    - path_prefix: /am/metrics
      authorization: {{credentials: {key}}}
      static_configs: [targets: ["{host}"]]
"""


async def _metrics(request: asyncio.StreamReader, answer: asyncio.StreamWriter) -> None:
    """A node that is well."""
    await request.readuntil(b"\r\n\r\n")
    answer.write(b"HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nContent-Length: 0\r\nConnection: close\r\n\r\n")
    await answer.drain()
    answer.close()


@pytest.mark.prometheus
async def test_a_rule_of_prometheus_fires_here_again_and_again_until_it_is_over(intake: Intake, tmp_path: Path) -> None:
    node = socket.socket()
    node.bind(("127.0.0.1", 0))  # nobody listens yet: the node is down
    place = f"127.0.0.1:{node.getsockname()[1]}"
    (tmp_path / "rules.yml").write_text(RULE)
    config = tmp_path / "prometheus.yml"
    host = intake.url.removeprefix("http://")
    config.write_text(PROMETHEUS.format(key=KEY, host=host, port=place.rpartition(":")[2]))
    command = (
        *("prometheus", f"--config.file={config}", f"--storage.tsdb.path={tmp_path / 'data'}"),
        *("--web.listen-address=127.0.0.1:0", "--rules.alert.resend-delay=1s"),
    )

    async with tool.running(tmp_path / "log", *command) as log:
        first = await intake.heard(_said("alertmanager", AlertStatus.FIRING))
        again = await intake.heard(lambda alert: alert.expires_at != first.expires_at)
        async with await asyncio.start_server(_metrics, sock=node):
            over = await intake.heard(_said("alertmanager", AlertStatus.RESOLVED))

    assert (first.title, first.host, first.severity_word) == (f"{place} does not answer", "127.0.0.1", "critical")
    assert first.dedup_key == again.dedup_key == over.dedup_key
    assert first.expires_at is not None
    assert first.url is not None
    assert "Error sending alert" not in log.read_text()


# --- amtool -------------------------------------------------------------------------------------------------------


async def amtool(intake: Intake, *arguments: str) -> tuple[int, str]:
    url = intake.url.replace("http://", f"http://metrics:{KEY}@") + "/am/metrics"
    return await tool.run("amtool", f"--alertmanager.url={url}", *arguments)


@pytest.mark.prometheus
async def test_amtool_adds_an_alert_and_finds_it_again(intake: Intake) -> None:
    added = await amtool(intake, "alert", "add", "NodeDown", "severity=critical", "--annotation=summary=db3 is down")
    found = await amtool(intake, "alert", "query", "NodeDown", "-o", "extended")
    other = await amtool(intake, "alert", "query", "alertname=~Disk.*", "-o", "simple")

    assert added == (0, "")
    assert [alert.title for alert in intake.alerts] == ["db3 is down"]
    assert found[0] == 0
    assert 'alertname="NodeDown"' in found[1]
    assert "db3 is down" in found[1]
    assert other[0] == 0
    assert "NodeDown" not in other[1]


@pytest.mark.prometheus
async def test_amtool_ends_an_alert(intake: Intake) -> None:
    await amtool(intake, "alert", "add", "NodeDown", "instance=db3")
    over = await amtool(intake, "alert", "add", "NodeDown", "instance=db3", "--end=2026-01-02T03:04:05Z")
    left = await amtool(intake, "alert", "query", "-o", "json")

    assert over == (0, "")
    assert [alert.status.value for alert in intake.alerts] == ["firing", "resolved"]
    assert json.loads(left[1]) == []


@pytest.mark.prometheus
@pytest.mark.parametrize(
    "arguments",
    [("silence", "query"), ("cluster", "show"), ("config", "show"), ("config", "routes", "show"), ("alert",)],
)
async def test_amtool_looks_around_without_complaint(intake: Intake, arguments: tuple[str, ...]) -> None:
    code, said = await amtool(intake, *arguments)

    assert code == 0, said


@pytest.mark.prometheus
async def test_amtool_is_told_where_silences_are_made(intake: Intake) -> None:
    code, said = await amtool(intake, "silence", "add", "alertname=NodeDown", "--comment=x")

    assert code != 0
    assert "Silences are made in Tandem" in said


# --- Alertmanager's webhook ---------------------------------------------------------------------------------------

ALERTMANAGER = """
route: {{receiver: tandem, group_wait: 0s, group_interval: 1s, group_by: [alertname]}}
receivers:
  - name: tandem
    webhook_configs:
      - url: {url}/v1/alerts/metrics
        send_resolved: true
        http_config: {{authorization: {{credentials: {key}}}}}
    pagerduty_configs:
      - url: {url}/v2/enqueue
        routing_key: {routing_key}
    opsgenie_configs:
      - api_url: {url}/
        api_key: genie
"""


@pytest.mark.prometheus
async def test_alertmanager_tells_us_by_webhook_as_pagerduty_and_as_opsgenie(intake: Intake, tmp_path: Path) -> None:
    config = tmp_path / "alertmanager.yml"
    config.write_text(ALERTMANAGER.format(url=intake.url, key=KEY, routing_key=ROUTING_KEY))
    command = (
        *("prometheus-alertmanager", f"--config.file={config}", f"--storage.path={tmp_path / 'data'}"),
        *("--web.listen-address=127.0.0.1:0", "--cluster.listen-address="),
    )
    pairs = [f"{name}={value}" for name, value in LABELS.items()]

    async with tool.running(tmp_path / "log", *command) as log:
        address = (await tool.said(log, r"Listening on.*address=(127\.0\.0\.1:\d+)"))[1]
        there = ("amtool", f"--alertmanager.url=http://{address}", "alert", "add", *pairs)
        await tool.run(*there, "--annotation=summary=db3 does not answer")
        fired = [await intake.heard(_said(way, AlertStatus.FIRING)) for way in _WAYS]
        await tool.run(*there, f"--end={datetime.now(UTC).isoformat(timespec='seconds')}")
        over = [await intake.heard(_said(way, AlertStatus.RESOLVED)) for way in _WAYS]

    assert fired[0].dedup_key == FINGERPRINT
    assert fired[0].title == "db3 does not answer"
    assert [each.dedup_key for each in fired] == [each.dedup_key for each in over]
    assert fired[1].severity_word == "error"
    assert "NodeDown" in fired[2].title


_WAYS = ("alertmanager", "pagerduty", "opsgenie")


def _said(way: str, status: AlertStatus) -> Callable[[Alert], bool]:
    return lambda alert: alert.vendor == way and alert.status is status


# --- clients ------------------------------------------------------------------------------------------------------


async def test_pagerdutys_own_client_triggers_acknowledges_and_resolves(intake: Intake, tmp_path: Path) -> None:
    ours, trusting = contexts_for("localhost", tmp_path)

    def client_of(key: str, port: int) -> pagerduty.EventsApiV2Client:
        url = f"https://localhost:{port}"
        return pagerduty.EventsApiV2Client(key, base_url=url, verify=trusting, trust_env=False)

    def talk(port: int) -> tuple[str, str, str]:
        with client_of(ROUTING_KEY, port) as client:
            made = client.trigger("Link down on core-2", "core-2.internal", severity="critical")
            client.acknowledge(made)
            client.resolve(made)
            named = client.trigger("UPS on battery", "ups-1", dedup_key="ups-1/battery", custom_details={"charge": 41})
            client.submit("Build 7 deployed", source="ci", timestamp="2026-11-20T09:00:00Z")
        with client_of("x" * 32, port) as stranger, pytest.raises(pagerduty.HttpError) as refused:
            stranger.trigger("x", "y")
        return made, named, str(refused.value)

    async with tls_front(intake.url, ours) as port:
        made, named, refused = await asyncio.to_thread(talk, port)

    assert [(alert.dedup_key, alert.status.value) for alert in intake.alerts] == [
        (made, "firing"),
        (made, "resolved"),
        ("ups-1/battery", "firing"),
    ]
    assert named == "ups-1/battery"
    assert "Invalid routing key" in refused


async def test_a_signer_of_standard_webhooks_is_believed(intake: Intake) -> None:
    body = '{"title":"Disk full"}'
    now = datetime.now(UTC)
    headers = {
        "webhook-id": "msg_1",
        "webhook-timestamp": str(int(now.timestamp())),
        "webhook-signature": Webhook(WHSEC).sign("msg_1", now, body),
    }

    answer = await intake.post("/v1/alerts/svix", body.encode(), headers=headers)

    assert answer.status_code == 202
    assert [alert.title for alert in intake.alerts] == ["Disk full"]


@pytest.mark.skipif(shutil.which("curl") is None, reason="no curl here: apt-get install curl")
async def test_curl_posts_what_the_documentation_shows(intake: Intake) -> None:
    event = {
        "routing_key": ROUTING_KEY,
        "event_action": "trigger",
        "payload": {"summary": "Disk full", "source": "srv1", "severity": "warning"},
    }

    code, said = await tool.run(
        *("curl", "-sS", "--fail-with-body", f"{intake.url}/v2/enqueue"),
        *("-H", "Content-Type: application/json", "-d", json.dumps(event)),
    )

    assert code == 0, said
    assert json.loads(said)["status"] == "success"
    assert [alert.title for alert in intake.alerts] == ["Disk full"]
