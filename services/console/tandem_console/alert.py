"""Why an alert is where it is: opened, joined, held, merged, ignored or put aside, from what was stored about it.

Pure. The decision's own steps are worded as for a dry run (``tandem/agreement/decision_words.py``).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from tandem.agreement.decision_words import Step, lines, sentence, steps

Row = dict[str, Any]
"""One row of a view, columns by name."""
PAGES_FOR = frozenset({"opened", "joined", "reopened"})
"""Outcomes after which the incident's pages are this alert's too."""
_OUTCOMES = {
    "opened": "it opened {}",
    "joined": "it joined {}",
    "attached": "it is part of the alert storm {}",
    "repeated": "{} had it already: counted, and nobody is paged again",
    "reopened": "it opened {} again",
    "cleared": "it cleared a condition of {}",
}


@dataclass(frozen=True, slots=True)
class Traced:
    """An alert, or what was put aside in its place; one of the two is always there."""

    alert: Row | None = None
    decision: Row | None = None
    held: Row | None = None
    incident: Row | None = None
    pages: list[Row] = field(default_factory=list)
    """Of its incident, since it was decided."""
    clocks: list[Row] = field(default_factory=list)
    """Of its incident's first cycle."""
    put_aside: Row | None = None


def explained(found: Traced) -> dict[str, Any]:
    """The whole explanation: sentence, steps and lines to print, with the trace they are read from."""
    if found.alert is None:
        return _put_aside(found.put_aside or {})
    alert, decision = found.alert, found.decision or {}
    trace = _traced(alert, decision)
    outcome = str(trace.get("outcome") or "unknown")
    because = trace.get("because")
    because = [str(clause) for clause in because] if isinstance(because, list) else []
    said = [*_became(found, outcome), *(_decided(found, trace, outcome) if trace else ())]
    return {
        "alert_id": alert["id"],
        **{name: alert[name] for name in ("tenant", "integration", "vendor", "title", "status", "severity")},
        "received_at": alert["received_at"],
        "outcome": outcome,
        "incident_id": found.incident["id"] if found.incident else None,
        "incident_number": found.incident["number"] if found.incident else None,
        "agreement_version": decision.get("agreement_version"),
        "sentence": sentence(trace, because) if trace else "No decision on it is stored.",
        "steps": [{"name": step.name, "words": step.words} for step in said],
        "lines": list(lines(iter(said))),
        "because": because,
        "trace": trace or None,
    }


def _traced(alert: Row, decision: Mapping[str, Any]) -> dict[str, Any]:
    """The stored trace, with what the tool said in front; empty when there is none."""
    trace = decision.get("trace")
    if not isinstance(trace, dict):
        return {}
    level = trace.get("priority")
    floor = level if isinstance(level, dict) else {}
    mapping = {
        "vendor": alert["vendor"],
        "word": alert["severity_word"],
        "severity": alert["severity"],
        "floor": floor.get("floor"),
        "source": floor.get("floor_source"),
    }
    return {**trace, "mapping": mapping}


def _became(found: Traced, outcome: str) -> Iterator[Step]:
    """What became of it, first; then what held it, and into what its incident was merged."""
    alert, incident = found.alert or {}, found.incident
    yield Step("alert", f"{alert.get('title')}, {alert.get('status')}, accepted {_moment(alert.get('received_at'))}")
    yield Step("outcome", _outcome(outcome, incident, held=found.held is not None))
    if alert.get("quarantined"):
        yield Step("outcome", f"its body could not be read, so it is a plain alert: {alert['quarantined']}")
    if found.held is not None:
        yield from _held(found.held, incident)
    if incident is not None and incident["merged_into"] is not None:
        yield Step("outcome", f"#{incident['number']} was merged into incident {incident['merged_into']}")


def _outcome(outcome: str, incident: Row | None, *, held: bool) -> str:
    which = f"incident #{incident['number']}" if incident is not None else "an incident"
    if outcome == "held":
        return "it was held back: it opened no incident and paged nobody"
    if outcome == "cleared" and incident is None and held:
        return "it cleared what was held back"
    if outcome == "ignored":
        return "nobody waited for this clear: no incident had its condition"
    return _OUTCOMES.get(outcome, "what became of it is not known: {}").format(which)


def _held(held: Row, incident: Row | None) -> Iterator[Step]:
    """By what, for how long, and the one outcome that every hold gets."""
    yield Step("held", f"by {held['kind']} {held['by_id']} since {_moment(held['since'])}: {held['reason']}")
    into = f" as incident #{incident['number']}" if incident is not None else ""
    when = _moment(held["outcome_at"])
    ended = {
        None: f"it waits until {_moment(held['until'])}" if held["until"] else "it waits until that incident ends",
        "released": f"released {when}{into}: it still fired",
        "merged": f"let go {when}{into.replace(' as ', ' into ')}, which was open already",
        "cleared_meanwhile": f"cleared meanwhile, {when}: it opened nothing",
        "held_on": f"held on since {when}: {held['note'] or 'by something else'}",
    }
    yield Step("held", ended.get(held["outcome"], str(held["outcome"])))


def _decided(found: Traced, trace: Mapping[str, Any], outcome: str) -> Iterator[Step]:
    """The decision's steps, with the pages and clocks that came of it."""
    at = (found.alert or {})["received_at"]
    pages = [_page(row, at) for row in found.pages] if outcome in PAGES_FOR else []
    clocks = [_clock(row) for row in found.clocks] if outcome == "opened" else []
    yield from steps(trace, escalation=pages, clocks=clocks)


def _page(row: Row, accepted_at: datetime) -> dict[str, Any]:
    passed = int((row["planned_at"] - accepted_at).total_seconds())
    kind = "told" if row["told"] else f"page, {str(row['state']).replace('_', ' ')}"
    return {**row, "after_s": passed if passed >= 60 else 0, "kind": kind}


def _clock(row: Row) -> dict[str, Any]:
    due = row["due_at"].isoformat().replace("+00:00", "Z") if row["due_at"] is not None else None
    return {**row, "target_s": int(row["target_s"]), "due": due}


def _put_aside(row: Mapping[str, Any]) -> dict[str, Any]:
    """A record that no service could handle: there is no decision, and this is why."""
    said = [Step("outcome", f"{row.get('service')} put it aside {_moment(row.get('at'))}: {row.get('reason')}")]
    plain = dict.fromkeys(
        ("integration", "vendor", "title", "status", "severity", "incident_id", "incident_number", "agreement_version")
    )
    return {
        **plain,
        "alert_id": row.get("id"),
        "tenant": row.get("tenant"),
        "received_at": row.get("at"),
        "outcome": "put_aside",
        "sentence": f"It could not be handled and was put aside, whole: {row.get('reason')}.",
        "steps": [{"name": step.name, "words": step.words} for step in said],
        "lines": list(lines(iter(said))),
        "because": [],
        "trace": None,
    }


def _moment(at: object) -> str:
    return f"{at:%Y-%m-%d %H:%M} UTC" if isinstance(at, datetime) else "at an unknown time"
