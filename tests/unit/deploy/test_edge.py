"""The edge lets tools and answers in and nothing else; asked of the real proxy where the machine has one."""

from __future__ import annotations

import http.client
import os
import re
import shutil
import subprocess
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from tests.support.deployment import DEPLOY
from tests.support.ports import free_ports

CADDYFILE = DEPLOY / "caddy" / "Caddyfile"
needs_caddy = pytest.mark.skipif(shutil.which("caddy") is None, reason="caddy is not installed (apt-get install caddy)")
LET_IN = [
    ("/v1/alerts/rmm/secret", "ingest"),
    ("/v1/heartbeats/nas/backup", "ingest"),
    ("/v2/enqueue", "ingest"),
    ("/am/metrics/api/v2/alerts", "ingest"),
    ("/api/v2/alerts", "ingest"),
    ("/generic/2010-04-15/create_event.json", "ingest"),
    ("/a/token", "notifier"),
    ("/callbacks/twilio/voice", "notifier"),
]
KEPT_OUT = [
    "/", "/metrics", "/livez", "/readyz", "/sign-in", "/incidents/1", "/api/v1/incidents", "/api/v1/openapi.json",
    "/demo/inbox", "/v1", "/av1/x", "/a", "//metrics", "/v1/../metrics", "/v1/%2e%2e/metrics", "/a/../livez", "/x/v1/alerts", "/am", "/generic/x",
]  # fmt: skip


@contextmanager
def answering(name: str) -> Iterator[str]:
    """A service that says its name and the path it was asked for."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self):
            body = f"{name} {self.path}".encode()
            self.send_response(200)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *args):
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield f"127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        server.server_close()
        thread.join(5)


def ask(port: int, path: str) -> tuple[int, str]:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=10)
    try:
        connection.request("GET", path)
        answer = connection.getresponse()
        return answer.status, answer.read().decode()
    finally:
        connection.close()


@pytest.fixture(scope="module")
def edge(tmp_path_factory: pytest.TempPathFactory) -> Iterator[int]:
    """The port of Caddy with our file, without certificates."""
    home: Path = tmp_path_factory.mktemp("caddy")
    port, health = free_ports(2)
    with answering("ingest") as ingest, answering("notifier") as notifier:
        caddy = subprocess.Popen(
            ["caddy", "run", "--config", str(CADDYFILE), "--adapter", "caddyfile"],
            env={
                "PATH": os.environ["PATH"], "HOME": str(home), "TANDEM_DOMAIN": f"http://127.0.0.1:{port}",
                "TANDEM_INGEST": ingest, "TANDEM_NOTIFIER": notifier, "TANDEM_EDGE_HEALTH_PORT": str(health),
            },
            stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
        )  # fmt: skip
        try:
            _wait_healthy(caddy, health)
            yield port
        finally:
            caddy.terminate()
            caddy.wait(10)


def _wait_healthy(caddy: subprocess.Popen[bytes], port: int) -> None:
    until = time.monotonic() + 30
    while time.monotonic() < until and caddy.poll() is None:
        try:
            if ask(port, "/healthy")[0] == 200:
                return
        except OSError:
            time.sleep(0.05)
    raise AssertionError("caddy did not start")


@needs_caddy
@pytest.mark.parametrize(("path", "service"), LET_IN)
def test_tools_reach_ingest_and_answers_reach_the_notifier(edge: int, path: str, service: str):
    assert ask(edge, path) == (200, f"{service} {path}")


@needs_caddy
@pytest.mark.parametrize("path", KEPT_OUT)
def test_nothing_else_is_reached(edge: int, path: str):
    assert ask(edge, path) == (404, "")


@needs_caddy
def test_the_file_is_formatted_and_valid_with_certificates():
    formatted = subprocess.run(["caddy", "fmt", str(CADDYFILE)], capture_output=True, text=True, check=False)
    valid = subprocess.run(
        ["caddy", "validate", "--config", str(CADDYFILE), "--adapter", "caddyfile"],
        env={"PATH": os.environ["PATH"], "HOME": "/nonexistent", "TANDEM_DOMAIN": "tandem.example.com"},
        capture_output=True, text=True, check=False,
    )  # fmt: skip

    assert formatted.stdout == CADDYFILE.read_text("utf-8")
    assert valid.returncode == 0, valid.stderr


def test_only_two_services_are_behind_the_edge_and_everything_else_is_answered_404():
    text = CADDYFILE.read_text("utf-8")

    assert re.findall(r"reverse_proxy (\S+)", text) == [
        "{$TANDEM_INGEST:ingest:8080}",
        "{$TANDEM_NOTIFIER:notifier:8080}",
    ]
    assert re.findall(r"^\t@\w+ path (.*)$", text, re.MULTILINE) == [
        "/v1/* /v2/* /am/* /api/v2/* /generic/2010-04-15/create_event.json",
        "/a/* /callbacks/*",
    ]
    assert re.search(r"handle \{\n\t\trespond 404", text)
