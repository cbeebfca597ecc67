"""Does what an operator does with docker-compose.yml: brings it up, sends an alert, takes the page, answers it, asks where
tools shall post and tries that, looks.

    python tests/e2e/try_compose.py                                     # docker compose, public images, Kafka
    python tests/e2e/try_compose.py --bus postgres --observability
    python tests/e2e/try_compose.py --compose "podman-compose" --engine podman --environment FILE --alone --without auditor

``--environment`` is a shell file that is read before every command (podman's settings); ``--alone`` starts containers
without waiting for one another, so that each has to wait by itself. Runs with Python's own library; prints what it saw and
fails with what it did not see. It takes everything down again, volumes included, unless told to ``--keep`` it.
"""

from __future__ import annotations

import argparse
import json
import shlex
import subprocess
import sys
import time
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[2]
PROJECT = "tandem-try"
ONCE = ["keys", "migrate", "topics"]
SERVING = ["ingest", "router", "sla-clock", "notifier", "console", "auditor", "demo", "postgres", "kafka"]
DOORS = {"console": 8080, "ingest": 8081, "notifier": 8082, "demo": 8083}
UP_S, PAGE_S, SETTLE_S = 600.0, 60.0, 330.0
ALERT = {"title": "Firewall cd-fw-main does not answer", "host": "cd-fw-main", "severity": "high"}


class Failed(SystemExit):
    """Something that was promised was not seen."""


@dataclass(frozen=True)
class Installation:
    """A compose project under trial."""

    compose: str
    engine: str
    environment: str | None
    files: tuple[str, ...]
    services: tuple[str, ...]
    alone: bool

    def run(self, command: str, *, check: bool = True, quiet: bool = True) -> str:
        """A shell line, after the environment; its standard output."""
        line = f". {shlex.quote(self.environment)} && {command}" if self.environment else command
        done = subprocess.run(["bash", "-c", line], cwd=ROOT, capture_output=quiet, text=True, check=False)
        if check and done.returncode:
            raise Failed(f"{command}: {done.returncode}\n{done.stdout or ''}{done.stderr or ''}"[-3000:])
        return done.stdout or ""

    def composed(self, arguments: str, **options: Any) -> str:
        """A line of compose."""
        files = " ".join(f"-f {file}" for file in self.files)
        return self.run(f"{self.compose} -p {PROJECT} {files} --profile observability {arguments}", **options)

    def up(self) -> None:
        """Start everything."""
        alone = "--no-deps" if self.alone else ""
        self.composed(f"up -d {alone} {' '.join(self.services)}")

    def container(self, service: str) -> str:
        """Name of a service's container."""
        joined = "_" if "podman" in self.compose else "-"
        return f"{PROJECT}{joined}{service}{joined}1"

    def healthy(self) -> dict[str, str]:
        """Service -> what its health check said last; asked anew where nothing asks by itself."""
        found = {}
        for service in (one for one in self.services if one not in ONCE):
            name = self.container(service)
            if self.engine == "podman":
                found[service] = (
                    "healthy" if self.run(f"podman healthcheck run {name} && echo yes", check=False) else "not"
                )
            else:
                shown = f"{self.engine} inspect --format '{{{{.State.Health.Status}}}}' {name}"
                found[service] = self.run(shown, check=False).strip()
        return found

    def facts(self) -> dict[str, Any] | None:
        """demo.json, once the demo is ready."""
        said = self.run(f"{self.engine} exec {self.container('demo')} cat /var/lib/tandem/demo.json", check=False)
        return json.loads(said) if said else None


def until(seconds: float, look: Callable[[], Any], what: str) -> Any:
    """The first answer of ``look`` that says something; fails after ``seconds``."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        found = look()
        if found:
            return found
        time.sleep(0.05)
    raise Failed(f"not seen within {seconds:g} s: {what}")


def ask(url: str, *, headers: dict[str, str] | None = None, data: bytes | None = None) -> tuple[int, Any]:
    """GET, or POST with ``data``; status and body, JSON where it is some. 0: nobody answered."""
    request = urllib.request.Request(url, headers=headers or {}, data=data)  # noqa: S310 - this machine's own ports
    try:
        with urllib.request.urlopen(request, timeout=10) as answer:  # noqa: S310
            status, body = answer.status, answer.read()
    except urllib.error.HTTPError as refused:
        status, body = refused.code, refused.read()
    except OSError:
        return 0, None
    try:
        return status, json.loads(body)
    except ValueError:
        return status, body.decode(errors="replace")


def alert_to_answer(facts: dict[str, Any]) -> None:
    """One alert of a tool: accepted, on a phone, acknowledged from the phone, so in the console."""
    way = facts["integrations"]["cedarline-generic"]
    began = time.monotonic()
    status, said = ask(way["url"], headers=way["headers"], data=json.dumps(ALERT).encode())
    if status != 202:
        raise Failed(f"ingest answered {status}: {said}")
    alert = said["accepted"][0]["alert_id"]
    page = until(PAGE_S, lambda: page_of(facts, alert), "a page on a phone")
    print(f"alert to page: {time.monotonic() - began:.2f} s, {page['person']} ({page['party']}), {page['priority']}")
    if ask(page["ack_url"])[0] != 200 or ask(page["ack_url"], data=b"")[0] != 200:
        raise Failed(f"the acknowledge link does not work: {page['ack_url']}")
    bearer = {"Authorization": f"Bearer {facts['tokens']['msp_analyst']}"}
    url = f"{facts['api_url']}/api/v1/incidents/{page['incident_id']}"
    until(30, lambda: ask(url, headers=bearer)[1]["state"] == "acknowledged", "the incident acknowledged")
    print("acknowledged from the phone, and so in the console")


def one_way_in(installation: Installation, facts: dict[str, Any]) -> None:
    """Every container and the console show the address that works from outside; the console's test goes through it."""
    name = "cedarline-generic"
    outside = facts["integrations"][name]["url"].rpartition("/")[0]  # without its secret
    command = f"tandem integrations url {name}"
    for service in ("ingest", "router", "console"):
        typed = installation.run(f"{installation.engine} exec {installation.container(service)} {command}").strip()
        if typed != outside:
            raise Failed(f"{command} in {service} says {typed}, tools reach it at {outside}")
    bearer = {"Authorization": f"Bearer {facts['tokens']['msp_lead']}", "Content-Type": "application/json"}
    url = f"{facts['api_url']}/api/v1/integrations/{name}"
    shown = ask(url, headers=bearer)[1]["address"]
    status, said = ask(f"{url}/test", headers=bearer, data=b"{}")
    if not shown.startswith(outside) or status != 200:
        raise Failed(f"the console shows {shown}; its test: {status} {said}")
    print(f"one way in: {outside}; the console's test alert went through")


def page_of(facts: dict[str, Any], alert: str) -> dict[str, Any] | None:
    """The first page about an alert."""
    _, pages = ask(facts["pager_inbox_url"], headers={"Accept": "application/json"})
    found: dict[str, Any] | None = next((page for page in pages or () if alert in page.get("alert_ids", ())), None)
    return found


def panels() -> Iterator[tuple[str, str]]:
    """Title and expression of every panel's queries."""
    for file in sorted((ROOT / "deploy" / "grafana" / "dashboards").glob("*.json")):
        for panel in json.loads(file.read_text("utf-8"))["panels"]:
            for target in panel.get("targets", ()):
                expression = target["expr"].replace("$__rate_interval", "5m")
                for choice in ("integration", "party", "priority"):
                    expression = expression.replace(f"${choice}", ".*")
                yield panel["title"], expression


def empty_panels() -> list[str]:
    """Panels that Prometheus has no series for."""
    query = "http://127.0.0.1:9090/api/v1/query?"
    answers = ((title, ask(query + urllib.parse.urlencode({"query": text}))[1]) for title, text in panels())
    return sorted({title for title, said in answers if not (said or {}).get("data", {}).get("result")})


def observed() -> None:
    """Every target scraped, every panel with data once the demo has played a round; what stays empty is told."""
    targets = "http://127.0.0.1:9090/api/v1/targets"
    until(120, lambda: all_up(ask(targets)[1]), "every target up")
    end = time.monotonic() + SETTLE_S
    while empty_panels() and time.monotonic() < end:
        time.sleep(10)
    total, empty = len({title for title, _ in panels()}), empty_panels()
    print(f"panels: {total - len(empty)} of {total} show something; empty: {', '.join(empty) or 'none'}")


def all_up(said: Any) -> bool:
    """Whether Prometheus has targets and reaches them all."""
    found = (said or {}).get("data", {}).get("activeTargets", [])
    return len(found) > len(DOORS) and all(target["health"] == "up" for target in found)


def seen(installation: Installation, *, observability: bool) -> None:
    """The whole trial on a project that is coming up."""
    began = time.monotonic()
    facts = until(UP_S, installation.facts, "the demo ready")
    print(f"demo ready after {time.monotonic() - began:.0f} s")
    until(UP_S, lambda: all(ask(f"http://127.0.0.1:{port}/readyz")[0] == 200 for port in DOORS.values()), "ready")
    alert_to_answer(facts)
    one_way_in(installation, facts)
    until(UP_S, lambda: set(installation.healthy().values()) == {"healthy"}, "every container healthy")
    print(f"healthy: {', '.join(installation.healthy())}")
    if observability:
        observed()
    print(installation.run(f"{installation.engine} stats --no-stream", check=False))


@contextmanager
def running(installation: Installation, *, keep: bool) -> Iterator[None]:
    """Up, and down again; with the last lines of every log when it failed."""
    try:
        installation.up()
        yield
    except BaseException:
        for service in installation.services:
            print(f"--- {service}")
            shown = f"{installation.engine} logs --tail 15 {installation.container(service)} 2>&1"
            print(installation.run(shown, check=False)[-2000:])
        raise
    finally:
        if not keep:
            installation.composed("down -v -t 10", check=False)


def main() -> int:
    """Entry point."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--compose", default="docker compose")
    parser.add_argument("--engine", default="docker", choices=["docker", "podman"])
    parser.add_argument("--environment", help="a shell file read before every command")
    parser.add_argument("--bus", default="kafka", choices=["kafka", "postgres"])
    parser.add_argument("--without", action="append", default=[], help="a service to leave out")
    parser.add_argument("--alone", action="store_true", help="start without waiting for one another")
    parser.add_argument("--observability", action="store_true", help="Prometheus too, and every panel's expression")
    parser.add_argument(
        "--build", default="", help="compose's arguments of a build, e.g. 'build router'; none: no build"
    )
    parser.add_argument("--keep", action="store_true", help="leave it running")
    chosen = parser.parse_args()
    files = ("docker-compose.yml", *(["deploy/compose/postgres.yml"] if chosen.bus == "postgres" else []))
    left_out = {*chosen.without, *(("kafka", "topics") if chosen.bus == "postgres" else ())}
    wanted = [*ONCE, *SERVING, *(["prometheus"] if chosen.observability else [])]
    installation = Installation(
        compose=chosen.compose,
        engine=chosen.engine,
        environment=chosen.environment,
        files=files,
        services=tuple(name for name in wanted if name not in left_out),
        alone=chosen.alone,
    )
    if chosen.build:
        installation.composed(chosen.build, quiet=False)
    with running(installation, keep=chosen.keep):
        seen(installation, observability=chosen.observability)
    return 0


if __name__ == "__main__":
    sys.exit(main())
