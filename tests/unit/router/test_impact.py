"""The impact x urgency matrix (domain.md 2.1, R-P1): what it adds to a priority, and that it never takes away."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tandem.agreement.compile import compile_agreement
from tandem.agreement.compiled import Agreement
from tandem.agreement.load import load_provider, load_tenant
from tandem.model.alert import Kind, Severity
from tandem.model.incident import FiringAlert
from tandem.model.priority import Priority, most_urgent
from tandem_router import priority
from tandem_router.classify import classify
from tandem_router.decide import NOTHING_OPEN, Situation, decide
from tandem_router.incident.opening import open_incident
from tandem_router.routing import Routing
from tests.unit.router.world import NOON, PROVIDER, TENANT, alert

LEVELS = ("high", "medium", "low")


def agreement(**importance: str) -> Agreement:
    """The example; ``fs1="high"`` makes that asset important."""
    text = TENANT.replace("KIND", "co-managed")
    for asset, level in importance.items():
        text = text.replace(f"{{id: {asset},", f"{{id: {asset}, importance: {level},")
    return compile_agreement(load_tenant(text), load_provider(PROVIDER), version=1)


def decided(title: str, made: Agreement | None = None, **fields: Any) -> Routing:
    return decide(alert(title, **fields), made or agreement(), NOTHING_OPEN, NOON)


@pytest.mark.parametrize(
    ("impact", "severity", "expected"),
    [
        *(("high", Severity.CRITICAL, "P1"), ("high", Severity.MEDIUM, "P2"), ("high", Severity.LOW, "P3")),
        *(("medium", Severity.HIGH, "P2"), ("medium", Severity.MEDIUM, "P3"), ("medium", Severity.LOW, "P3")),
        *(("low", Severity.HIGH, "P3"), ("low", Severity.MEDIUM, "P4"), ("low", Severity.LOW, "P4")),
    ],
)
def test_each_cell_of_the_matrix(impact: str, severity: Severity, expected: str):
    routing = decided("mail slow", agreement(crm=impact), host="crm", severity=severity)

    matrix: Any = dict(routing.trace["priority"])["matrix"]  # type: ignore[call-overload]
    assert (matrix["impact"], matrix["cell"]) == (impact, expected)
    assert matrix["source"] == "importance of crm"
    assert routing.priority.at_least(Priority(expected))


def test_an_important_asset_makes_a_low_alert_more_urgent_and_says_so():
    routing = decided("mail slow", agreement(crm="high"), host="crm", severity=Severity.MEDIUM)

    assert routing.priority is Priority.P2
    assert "P2 by impact high (importance of crm) and urgency medium" in routing.because


def test_an_asset_without_importance_takes_nothing_from_the_matrix():
    routing = decided("mail slow", host="crm", severity=Severity.HIGH)

    assert routing.priority is Priority.P3
    assert dict(routing.trace["priority"])["matrix"]["source"] == "the impact is unknown"  # type: ignore[call-overload]


@pytest.mark.parametrize("severity", [Severity.INFO, Severity.UNKNOWN])
def test_a_severity_without_urgency_takes_nothing_from_the_matrix(severity: Severity):
    routing = decided("mail slow", agreement(crm="high"), host="crm", severity=severity)

    assert dict(routing.trace["priority"])["matrix"]["cell"] is None  # type: ignore[call-overload]


@pytest.mark.parametrize(
    ("host", "impact"), [("sw21", "high"), ("sw20", "medium"), ("sw10", "medium"), ("fs1", "low"), ("crm", "low")]
)
def test_the_impact_of_an_outage_is_the_share_of_users_it_touches(host: str, impact: str):
    routing = decided("switch down", host=host, severity=Severity.LOW)

    assert dict(routing.trace["priority"])["matrix"]["impact"] == impact  # type: ignore[call-overload]


def test_only_an_outage_counts_users():
    routing = decided("disk full", host="sw20", severity=Severity.HIGH)

    assert dict(routing.trace["priority"])["matrix"]["impact"] is None  # type: ignore[call-overload]


def test_of_importance_and_share_the_higher_counts():
    routing = decided("switch down", agreement(sw20="low"), host="sw20", severity=Severity.HIGH)

    matrix: Any = dict(routing.trace["priority"])["matrix"]  # type: ignore[call-overload]
    assert (matrix["impact"], matrix["source"]) == ("medium", "20 of 100 users")


def test_the_importance_of_what_fires_already_counts():
    made = agreement(db1="high")
    first = alert("switch down", host="sw10", severity=Severity.MEDIUM)
    opened = open_incident(
        decide(first, made, NOTHING_OPEN, NOON), first, incident_id=first.alert_id, number=1, now=NOON
    )
    firing = {**opened.incident.firing, "other": FiringAlert(alert_id=first.alert_id, asset="db1")}

    running = replace(opened.incident, firing=firing)

    routing = decide(alert("switch slow", host="sw11", severity=Severity.MEDIUM), made, Situation(running), NOON)

    assert dict(routing.trace["priority"])["matrix"]["source"] == "importance of db1"  # type: ignore[call-overload]


def test_the_cells_are_data():
    text = TENANT.replace("KIND", "co-managed").replace("{id: crm,", "{id: crm, importance: high,")
    own = text + "impact: {matrix: {high: {medium: P1}}}\n"
    made = compile_agreement(load_tenant(own), load_provider(PROVIDER), version=1)

    assert decided("mail slow", made, host="crm", severity=Severity.MEDIUM).priority is Priority.P1


@given(
    title=st.sampled_from(["disk full", "switch down", "erp down", "mail slow", "leak of mail", "what is this"]),
    severity=st.sampled_from(list(Severity)),
    kind=st.sampled_from(list(Kind)),
    host=st.sampled_from(["fs1", "sw10", "sw20", "sw21", "db1", "crm", "nobody", None]),
    importance=st.dictionaries(st.sampled_from(["fs1", "sw10", "db1", "crm"]), st.sampled_from(LEVELS)),
)
def test_a_priority_is_the_most_urgent_of_all_its_sources_and_never_less_than_the_floor(
    title: str, severity: Severity, kind: Kind, host: str | None, importance: dict[str, str]
):
    made = agreement(**importance)
    one = alert(title, severity=severity, kind=kind, host=host)

    routing = decide(one, made, NOTHING_OPEN, NOON)

    floor, rule = priority.floor_of(one, made).priority, classify(one, made).floor
    matrix: Any = dict(routing.trace["priority"])["matrix"]  # type: ignore[call-overload]
    named = [floor, *([rule] if rule else []), *([Priority(matrix["cell"])] if matrix["cell"] else [])]
    assert routing.priority.at_least(most_urgent(*named))
    without = decide(one, agreement(), NOTHING_OPEN, NOON)
    assert routing.priority.at_least(without.priority)
