"""Why an incident is where it is: the router's decision trace as ordered steps in plain words, with their values.

Reads the trace as data of another release: what is missing is left out, what is new is shown as it is.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from tandem_console import words

Values = Mapping[str, Any]
_LONGEST_S = 10 * 366 * 86_400.0


@dataclass(frozen=True, slots=True)
class Rejected:
    """A row of the matrix that came close, and the first of its conditions that failed."""

    row: str
    why_not: str


@dataclass(frozen=True, slots=True)
class Step:
    """One step of the decision."""

    name: str
    text: str
    values: tuple[tuple[str, str], ...] = ()
    rejected: tuple[Rejected, ...] = ()


@dataclass(frozen=True, slots=True)
class Explanation:
    """The decision about the alert that opened an incident, and why the other track has it too."""

    sentence: str
    steps: tuple[Step, ...]
    agreement_version: int


def explain(incident: Values, decision: Values | None) -> Explanation:
    """Say why. Without a stored trace (raised by hand) the incident's own clauses are the steps."""
    because = [str(clause) for clause in incident.get("because") or ()]
    trace = decision.get("trace") if decision is not None else None
    steps = _steps(trace) if isinstance(trace, Mapping) else tuple(Step("Because", clause) for clause in because)
    steps += _second_face(incident)
    version = int(decision["agreement_version"] if decision is not None else incident["agreement_version"])
    return Explanation(_sentence(incident, because), steps, version)


def _sentence(incident: Values, because: Sequence[str]) -> str:
    to = words.party(str(incident["responsible_party"]))
    head = f"{incident['priority']} for {to} on the {words.TRACKS.get(str(incident['track']), incident['track'])} track"
    return f"{head}, because {'; '.join(because)}." if because else f"{head}."


def _second_face(incident: Values) -> tuple[Step, ...]:
    """Why a second page leg was opened, and whom it pages (R-A3)."""
    face = incident.get("second_face")
    if not isinstance(face, Mapping):
        return ()
    track = words.TRACKS.get(str(face.get("track")), str(face.get("track")))
    paged = ", ".join(words.party(str(party)) for party in face.get("must_acknowledge") or ()) or "nobody"
    why = "; ".join(str(clause) for clause in face.get("because") or ())
    values = (("paged", paged), ("priority", str(face.get("priority"))), ("row", str(face.get("row"))))
    return (Step(f"Also on the {track} track", why, values),)


def _steps(trace: Values) -> tuple[Step, ...]:
    made = (make(_part(trace, key), trace) for key, make in _ORDER)
    return tuple(step for step in made if step is not None)


def _part(trace: Values, key: str) -> Values:
    part = trace.get(key)
    return part if isinstance(part, Mapping) else {}


def _classification(part: Values, _trace: Values) -> Step | None:
    if not part:
        return None
    rule, function = part.get("rule"), part.get("function")
    text = {
        "raised": f"A person raised it for {function}",
        "safety": f"No rule knows it, so it is {function}",
    }.get(str(rule), f"Rule “{rule}” makes it {function}")
    return Step("What it is", text, _pairs(part, "category", "class", "asset", "site"))


def _row(part: Values, _trace: Values) -> Step | None:
    if not part:
        return None
    owner = words.OWNERS.get(str(part.get("owner")), str(part.get("owner")))
    lead = f", led by {words.party(str(part['lead']))}" if part.get("lead") else ""
    found = [each for each in _list(part.get("runners_up")) if isinstance(each, Mapping)]
    rejected = tuple(Rejected(str(each.get("row")), str(each.get("why_not"))) for each in found)
    return Step("Whose it is", f"Row “{part.get('id')}” of the scope matrix: {owner}{lead}", (), rejected)


def _priority(part: Values, _trace: Values) -> Step | None:
    if not part:
        return None
    reasons = [f"{part.get('floor')} by {part.get('floor_source')}"]
    if part.get("rule_floor"):
        reasons.append(f"at least {part['rule_floor']} by the rule")
    matrix = _part(part, "matrix")
    if matrix.get("cell"):
        reasons.append(f"{matrix['cell']} by impact {matrix.get('impact')} and urgency {matrix.get('urgency')}")
    reasons += [str(part[key]) for key in ("wide_outage", "regulated_rule") if part.get(key)]
    values = list(_pairs(part, "assets", "regulated"))
    if part.get("affected_users") or part.get("tenant_users"):
        values.insert(0, ("users affected", _users(part)))
    return Step("How urgent", f"{part.get('priority')}: {'; '.join(reasons)}", tuple(values))


def _users(part: Values) -> str:
    affected, of, limit = (_number(part.get(key)) for key in ("affected_users", "tenant_users", "share_limit"))
    percent = f" = {100 * affected / of:.0f} %" if of else ""
    against = f" (P1 above {100 * limit:.4g} %)" if part.get("share_limit") is not None else ""
    return f"{affected:.15g} of {of:.15g}{percent}{against}"


def _hours(part: Values, _trace: Values) -> Step | None:
    if not part:
        return None
    on_duty = "Internal IT is on duty" if part.get("on_duty") else "Internal IT is off duty"
    return Step("When", f"{on_duty} at {part.get('local') or 'that time'}", _pairs(part, "calendar", "zone"))


def _parties(part: Values, trace: Values) -> Step | None:
    if not part:
        return None
    responsible = words.party(str(part.get("responsible")))
    stands_in = {"overflow": " because the internal queue is full"}.get(str(trace.get("standing_in")), " after hours")
    text = f"{responsible} is responsible" + (f" and took it over{stands_in}" if part.get("took_over") else "")
    track = words.TRACKS.get(str(trace.get("track")), str(trace.get("track")))
    values = [("track", track)]
    for key in ("paged", "informed"):
        names = ", ".join(words.party(str(each)) for each in _list(part.get(key)))
        values.append((key, names or "nobody"))
    paths = _part(trace, "paths")
    values += [(f"path of {words.party(side)}", str(path)) for side, path in paths.items()]
    return Step("Who hears of it", text, tuple(values))


def _raci(part: Values, _trace: Values) -> Step | None:
    people = _part(part, "accountable")
    values = [(f"accountable of {words.party(side)}", str(name)) for side, name in people.items()]
    values += _pairs(part, "responsible", "consulted", "informed", "runbook", "approval", "public_communications")
    return Step("Who has which part", "By name", tuple(values)) if values else None


def _clocks(_: Values, trace: Values) -> Step | None:
    clocks = [each for each in _list(trace.get("clocks")) if isinstance(each, Mapping)]
    if not clocks:
        return None
    return Step("By when", "These clocks start", tuple(_target(each) for each in clocks))


def _target(clock: Values) -> tuple[str, str]:
    target = words.length(timedelta(seconds=min(_number(clock.get("target_s")), _LONGEST_S)))
    business = " of business hours" if clock.get("business_hours") else ""
    return words.clock(str(clock.get("clock") or clock.get("name"))), f"{target}{business}"


def _mode(_: Values, trace: Values) -> Step | None:
    said = {
        "observe": "Observe: decided and clocked, nobody is paged",
        "overlap": "Overlap: both parties are told, the new owner acts",
        "live": "Live",
    }
    mode = str(trace.get("mode") or "")
    return Step("Mode", said.get(mode, mode)) if mode and mode != "live" else None


_ORDER: tuple[tuple[str, Callable[[Values, Values], Step | None]], ...] = (
    ("classification", _classification),
    ("row", _row),
    ("priority", _priority),
    ("hours", _hours),
    ("parties", _parties),
    ("raci", _raci),
    ("", _clocks),
    ("", _mode),
)


def _list(value: object) -> Sequence[Any]:
    return value if isinstance(value, list | tuple) else ()


def _number(value: object) -> float:
    """A count or a share; 0 for what is none."""
    return float(value) if isinstance(value, int | float) and not isinstance(value, bool) and value >= 0 else 0.0


def _pairs(part: Values, *keys: str) -> tuple[tuple[str, str], ...]:
    return tuple((key.replace("_", " "), _shown(part[key])) for key in keys if part.get(key))


def _shown(value: object) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, list | tuple):
        return ", ".join(str(each) for each in value)
    return str(value)
