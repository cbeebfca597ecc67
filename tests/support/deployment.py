"""What is deployed, as tests read it: the compose file, rules, dashboards; and which metrics there are to ask for."""

from __future__ import annotations

import json
import re
import shutil
from collections.abc import Iterator, Mapping
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from prometheus_client import Counter, Histogram
from ruamel.yaml import YAML

from tandem.metrics import Definition, definitions
from tests.support.tree import ROOT

DEPLOY = ROOT / "deploy"
PROMETHEUS = DEPLOY / "prometheus"
SCRAPED = frozenset({"job", "instance", "service", "le"})
"""Labels that Prometheus adds, and the one of buckets."""

needs_promtool = pytest.mark.skipif(
    shutil.which("promtool") is None, reason="promtool is not installed (apt-get install prometheus)"
)
_METRIC = re.compile(r"\b(tandem_[a-z_0-9]+|tandem:[a-z_0-9:]+)(?:\{([^}]*)\})?")
_LABEL = re.compile(r"\b([a-z_]+)\s*(?:=~|!~|!=|=)")


def yaml_of(file: Path) -> Any:
    return YAML(typ="safe").load(file.read_text("utf-8"))


@cache
def compose() -> dict[str, Any]:
    """docker-compose.yml with its anchors merged."""
    return yaml_of(ROOT / "docker-compose.yml")


def services() -> dict[str, dict[str, Any]]:
    return compose()["services"]


def rules(name: str) -> list[dict[str, Any]]:
    """The rules of a file below deploy/prometheus, in order."""
    return [rule for group in yaml_of(PROMETHEUS / name)["groups"] for rule in group["rules"]]


def dashboards() -> dict[str, dict[str, Any]]:
    files = sorted((DEPLOY / "grafana" / "dashboards").glob("*.json"))
    return {file.name: json.loads(file.read_text("utf-8")) for file in files}


def panel_expressions() -> Iterator[tuple[str, str]]:
    """(dashboard and panel, expression) of every query, with Grafana's variables filled in."""
    for name, board in dashboards().items():
        for panel in board["panels"]:
            for target in panel.get("targets", ()):
                yield f"{name}: {panel['title']}", filled(target["expr"])


def filled(expression: str) -> str:
    return re.sub(r"\$[a-z]+", ".*", expression.replace("$__rate_interval", "5m"))


def exposed() -> Mapping[str, frozenset[str]]:
    """Name of every series of /metrics and its labels, suffixes of histograms included."""
    return {name: frozenset(one.labels) for one in definitions() for name in _series(one)}


def _series(definition: Definition) -> list[str]:
    if definition.type is Histogram:
        return [f"{definition.name}_{suffix}" for suffix in ("bucket", "sum", "count")]
    if definition.type is Counter:
        assert definition.name.endswith("_total")
    return [definition.name]


def asked(expression: str) -> Iterator[tuple[str, frozenset[str]]]:
    """(metric or recorded rule, labels it is selected by) of an expression."""
    for name, selector in _METRIC.findall(expression):
        yield name, frozenset(_LABEL.findall(re.sub(r'"[^"]*"', "", selector)))
