"""A decision in words: its sentence and its steps, in the order in which it was made, read from its trace. Pure.

One wording for a dry run and for what was decided and stored. The trace is data of another release: what is missing is
left out. How a decision is made, and its trace, is the router's.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

PAGES_SHOWN = 12
Values = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Step:
    """One line of an explanation; further lines of the same step have no name."""

    name: str
    words: str


def sentence(trace: Values, because: Iterable[object]) -> str:
    """One sentence a person can read aloud: how urgent, whose, who is paged, and why."""
    parties, held = _part(trace, "parties"), _part(trace, "suppression")
    level, function = _part(trace, "priority").get("priority"), _part(trace, "classification").get("function")
    who, why = _owned(_part(trace, "row")), "; ".join(str(clause) for clause in because)
    if held.get("held"):
        until = f"until {_moment(held['until'])}" if held.get("until") else "until that incident ends"
        return (
            f"Held {until} by {held.get('why')}; it opens no incident and nobody is paged. Let go, it would be"
            f" {level} {function}, {who}: {why}."
        )
    return f"{level} {function}, {who}; {parties.get('responsible')} is responsible and {_heard(trace)}: {why}."


def _heard(trace: Values) -> str:
    parties = _part(trace, "parties")
    paged, informed = _names(parties.get("paged")), _names(parties.get("informed"))
    if paged:
        return f"{' and '.join(paged)} {_is(paged)} paged on the {trace.get('track')} track"
    if informed:
        return f"nobody is paged, {' and '.join(informed)} {_is(informed)} told"
    return "it is recorded and nobody is told"


def steps(trace: Values, *, escalation: Sequence[Values] = (), clocks: Sequence[Values] = ()) -> Iterator[Step]:
    """The decision in order.

    Args:
        trace: of the decision; ``mapping`` and ``rules_not_taken`` in it are said where they were worked out.
        escalation: pages: after_s, person, party, channel, kind (``page`` or ``told``).
        clocks: clocks that start: clock, party, target_s, due.
    """
    parties = _part(trace, "parties")
    yield from _mapping(_part(trace, "mapping"))
    yield from _classification(_part(trace, "classification"))
    yield from (Step("", f"not {each.get('rule')}: {each.get('why_not')}") for each in _parts(trace, "rules_not_taken"))
    yield from _row(_part(trace, "row"))
    yield from _priority(_part(trace, "priority"))
    yield from _hours(_part(trace, "hours"))
    yield Step("suppression", _suppression(_part(trace, "suppression")))
    yield Step("track", str(trace.get("track")))
    yield from _raci(_part(trace, "raci"))
    yield Step("responsible", f"{parties.get('responsible')}{' after hours' if parties.get('took_over') else ''}")
    yield Step("paged", _paged(_names(parties.get("paged")), _part(trace, "paths")))
    yield Step("told", ", ".join(_names(parties.get("informed"))) or "nobody else")
    yield from _escalation(escalation)
    yield from (Step("clock", _clock(clock)) for clock in clocks)
    yield Step("mode", str(trace.get("mode")))


def lines(found: Iterable[Step]) -> Iterator[str]:
    """Steps to print: the name once, then its lines beneath one another."""
    before = ""
    for step in found:
        name = "" if step.name == before else step.name
        before = step.name or before
        yield f"{name:15}{step.words}"


def _mapping(said: Values) -> Iterator[Step]:
    if said:
        word = (
            f'{said.get("vendor")} says "{said["word"]}"'
            if said.get("word")
            else f"{said.get('vendor')} says no severity"
        )
        yield Step(
            "mapping", f"{word}: severity {said.get('severity')}, at least {said.get('floor')} by {said.get('source')}"
        )


def _classification(said: Values) -> Iterator[Step]:
    parts = [f"rule {said.get('rule')}: function {said.get('function')}", f"class {said.get('class')}"]
    parts += [f"{name} {said[name]}" for name in ("category", "asset", "site") if said.get(name)]
    yield Step("classification", ", ".join(parts))


def _row(said: Values) -> Iterator[Step]:
    lead = f", {said['lead']} leads" if said.get("lead") else ""
    yield Step("row", f"{said.get('id')}: {said.get('owner')}{lead}")
    yield from (Step("", f"not {each.get('row')}: {each.get('why_not')}") for each in _parts(said, "runners_up"))


def _priority(said: Values) -> Iterator[Step]:
    workflow = said.get("wide_outage") or said.get("regulated_rule")
    yield Step("priority", f"{said.get('priority')}{', the P1 workflow' if workflow else ''}")
    yield Step("", f"floor {said.get('floor')} by {said.get('floor_source')}")
    if said.get("rule_floor"):
        yield Step("", f"at least {said['rule_floor']} by the classification rule")
    users, limit = f"{said.get('affected_users')} of {said.get('tenant_users')} users affected", said.get("share_limit")
    if isinstance(limit, (int, float)):
        yield Step("", f"{users}, more than {limit * 100:g} % makes a P1")
    yield from (Step("", str(said[name])) for name in ("wide_outage", "regulated_rule") if said.get(name))


def _hours(said: Values) -> Iterator[Step]:
    duty = "on duty" if said.get("on_duty") else "off duty"
    where = f"{said.get('local')} in {said.get('zone')}"
    yield Step("hours", f"internal {duty} by calendar {said.get('calendar')}: {where}")


def _suppression(said: Values) -> str:
    if not said.get("held"):
        return "nothing holds it"
    until = f" until {said['until']}" if said.get("until") else ""
    return f"held by {said.get('kind')} {said.get('by')}{until}: {said.get('why')}"


def _raci(said: Values) -> Iterator[Step]:
    for role, who in said.items():
        if who:
            yield Step("raci", f"{role.replace('_', ' ')}: {_named(who)}")


def _named(who: object) -> str:
    """A name, names, or a name per party."""
    if isinstance(who, Mapping):
        return ", ".join(f"{party} {name}" for party, name in who.items())
    return ", ".join(_names(who)) if isinstance(who, (list, tuple)) else str(who)


def _paged(paged: Sequence[str], paths: Values) -> str:
    return ", ".join(f"{party} on path {paths.get(party, 'none')}" for party in paged) or "nobody"


def _escalation(pages: Sequence[Values]) -> Iterator[Step]:
    for page in pages[:PAGES_SHOWN]:
        after = f"after {page['after_s'] // 60} min" if page["after_s"] else "at once"
        yield Step("escalation", f"{after}: {page['person']} ({page['party']}) by {page['channel']}, {page['kind']}")
    if len(pages) > PAGES_SHOWN:
        yield Step("escalation", f"and {len(pages) - PAGES_SHOWN} more while nobody answers")


def _clock(clock: Values) -> str:
    due = clock["due"]
    when = f", due {due.isoformat() if isinstance(due, datetime) else due}" if due else ""
    return f"{clock['clock']} of {clock['party']}: {clock['target_s'] // 60} min{when}"


def _owned(row: Values) -> str:
    return f"shared and led by {row['lead']}" if row.get("lead") else f"owned by {row.get('owner')}"


def _moment(said: object) -> str:
    """``2026-11-20 15:00 UTC`` of an instant's text."""
    text = str(said)
    return f"{text[:10]} {text[11:16]} UTC" if text[10:11] == "T" else text


def _part(values: Values, key: str) -> Values:
    part = values.get(key)
    return part if isinstance(part, Mapping) else {}


def _parts(values: Values, key: str) -> list[Values]:
    found = values.get(key)
    return [each for each in found if isinstance(each, Mapping)] if isinstance(found, (list, tuple)) else []


def _names(found: object) -> tuple[str, ...]:
    return tuple(str(each) for each in found) if isinstance(found, (list, tuple)) else ()


def _is(names: Sequence[str]) -> str:
    return "are" if len(names) > 1 else "is"
