"""Two agreements over the same alerts: what would have been otherwise, and whose nights it would have cost. Pure.

Both sides are replayed by the router's own fold, so that alerts that belong to one incident page once. Whom a page
reaches at an instant is the notifier's knowledge, so it is handed in (``Pager``). Memory is bounded whatever the number
of alerts; the same alerts in the same order give the same report.
"""

from __future__ import annotations

from collections import Counter, OrderedDict
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any
from uuid import UUID

from tandem.agreement.compiled import Agreement
from tandem.model.alert import Alert
from tandem.model.events import FactKind, IncidentEvent
from tandem_router.explain import sentence
from tandem_router.nights import Pages, pages_report
from tandem_router.replay import MOST_INCIDENTS, Replay, Step

Pager = Callable[[Agreement, IncidentEvent, datetime], tuple[str, ...]]
"""(agreement, the fact that pages, its instant) -> persons that the first step reaches."""

ASPECTS = ("owner", "responsible_party", "priority", "track", "paged", "lead", "informed", "mode", "row", "outcome")
"""What is compared, the most telling first."""
PAGING = (FactKind.OPENED, FactKind.REOPENED, FactKind.REPRIORITISED, FactKind.RELEASED)
MOST_KINDS = 200
"""Different changes kept per aspect; further ones are counted together."""
EXAMPLES = 5


@dataclass(frozen=True, slots=True)
class Answer:
    """What one side says about one alert."""

    step: Step
    people: tuple[str, ...]
    """Paged by this alert, before anybody had time to answer; in observe, who would have been."""
    released: tuple[tuple[datetime, tuple[str, ...]], ...] = ()
    """(instant, people) of pages for what windows let go since the alert before."""

    def aspect(self, name: str) -> str:
        """The value of one of ``ASPECTS``, in words."""
        routing = self.step.routing
        match name:
            case "paged":
                return ", ".join(self.people) or "nobody"
            case "informed":
                return ", ".join(party.value for party in routing.informed) or "nobody"
            case "lead":
                return routing.lead.value if routing.lead else "nobody"
            case "outcome":
                return self.step.outcome
            case _:
                return str(getattr(routing, name))


def pages(event: IncidentEvent) -> bool:
    """Whether a fact may page somebody: by its kind, or because it opens a second face (R-A3)."""
    incident, face = event.incident, event.incident.second_face
    opens_face = event.fact.kind is FactKind.ALERT_JOINED and event.fact.detail.track is not None
    asked = incident.must_acknowledge or (face is not None and face.must_acknowledge)
    return bool(asked) and (event.fact.kind in PAGING or opens_face)


def asks(event: IncidentEvent) -> IncidentEvent:
    """The fact as far as it asks somebody anew: an alert that opens a second face asks that track only."""
    if event.fact.kind is not FactKind.ALERT_JOINED:
        return event
    return replace(event, incident=replace(event.incident, must_acknowledge=(), informed=()))


class Side:
    """One agreement over the stream."""

    def __init__(self, agreement: Agreement, pager: Pager, *, most_incidents: int = MOST_INCIDENTS) -> None:
        """``pager`` is asked for facts that page."""
        self.agreement = agreement
        self.replay = Replay(agreement, most_incidents=most_incidents)
        self._pager = pager
        self._reached: OrderedDict[tuple[UUID, int], tuple[str, ...]] = OrderedDict()
        self._most = most_incidents

    def take(self, alert: Alert) -> Answer:
        """The next alert; PoisonRecord when it is another tenant's."""
        step = self.replay.take(alert)
        people: dict[str, None] = {}
        for event in step.events:
            people |= dict.fromkeys(self._newly_reached(event, alert.received_at))
        released = tuple(
            (event.fact.received_at, tuple(self._newly_reached(event, event.fact.received_at)))
            for event in step.earlier
        )
        return Answer(step, tuple(people), released)

    def _newly_reached(self, event: IncidentEvent, at: datetime) -> Iterator[str]:
        """Who is paged now and was not in this cycle of the incident."""
        if not pages(event):
            return
        key = (event.incident.incident_id, event.incident.cycle)
        before = self._reached.get(key, ())
        reached = self._pager(self.agreement, asks(event), at)
        self._reached[key] = tuple(dict.fromkeys((*before, *reached)))
        if len(self._reached) > self._most:
            self._reached.popitem(last=False)
        yield from (person for person in reached if person not in before)


@dataclass(slots=True)
class _Kind:
    """One change of one aspect."""

    alerts: int = 0
    examples: list[dict[str, Any]] = field(default_factory=list)


class Comparison:
    """Feed it alerts in order, then read ``report``."""

    def __init__(self, baseline: Side, candidate: Side, *, examples: int = EXAMPLES) -> None:
        """``examples``: alerts shown in full for each kind of change."""
        self.baseline, self.candidate = baseline, candidate
        self.alerts = self.changed = 0
        self.first_at: datetime | None = None
        self.last_at: datetime | None = None
        self._examples = examples
        self._kinds: dict[str, dict[tuple[str, str], _Kind]] = {aspect: {} for aspect in ASPECTS}
        self._others: Counter[str] = Counter()
        self._pages = (Pages(baseline.agreement), Pages(candidate.agreement))

    def take(self, alert: Alert) -> None:
        """Decide one alert on both sides."""
        before, after = self.baseline.take(alert), self.candidate.take(alert)
        self.alerts += 1
        self.first_at = self.first_at or alert.received_at
        self.last_at = alert.received_at
        for pages, answer in zip(self._pages, (before, after), strict=True):
            for at, people in (*answer.released, (alert.received_at, answer.people)):
                pages.count(people, at)
        said = [(aspect, before.aspect(aspect), after.aspect(aspect)) for aspect in ASPECTS]
        different = [(aspect, was, now) for aspect, was, now in said if was != now]
        self.changed += bool(different)
        for aspect, was, now in different:
            self._note(aspect, (was, now), alert, before, after)

    def _note(self, aspect: str, change: tuple[str, str], alert: Alert, before: Answer, after: Answer) -> None:
        kinds = self._kinds[aspect]
        if change not in kinds and len(kinds) >= MOST_KINDS:
            self._others[aspect] += 1
            return
        kind = kinds.setdefault(change, _Kind())
        kind.alerts += 1
        if len(kind.examples) < self._examples:
            kind.examples.append(_example(alert, before, after))

    def report(self) -> dict[str, Any]:
        """Counts, every kind of change with its first alerts and both explanations, and pages per person and night."""
        return {
            "alerts": self.alerts,
            "changed": self.changed,
            "from": _text(self.first_at),
            "to": _text(self.last_at),
            "differences": {aspect: self._changes(aspect) for aspect in ASPECTS if self._kinds[aspect]},
            "not_listed": dict(self._others),
            "pages": pages_report(*self._pages),
            "forgotten_incidents": max(self.baseline.replay.forgotten, self.candidate.replay.forgotten),
        }

    def _changes(self, aspect: str) -> list[dict[str, Any]]:
        ordered = sorted(self._kinds[aspect].items(), key=lambda entry: (-entry[1].alerts, entry[0]))
        return [
            {"baseline": was, "candidate": now, "alerts": kind.alerts, "examples": kind.examples}
            for (was, now), kind in ordered
        ]


def _example(alert: Alert, before: Answer, after: Answer) -> dict[str, Any]:
    return {
        "alert_id": str(alert.alert_id),
        "received_at": _text(alert.received_at),
        "title": alert.title,
        "host": alert.host,
        "baseline": {"sentence": sentence(before.step.routing), "paged": list(before.people)},
        "candidate": {"sentence": sentence(after.step.routing), "paged": list(after.people)},
    }


def summary(report: Mapping[str, Any]) -> Iterator[str]:
    """The report in lines for a person: how much is otherwise, what, and the first example of each."""
    yield f"{report['alerts']:,} alerts, {report['changed']:,} would have been otherwise"
    for aspect, kinds in report["differences"].items():
        yield f"{aspect.replace('_', ' ')}:"
        for kind in kinds:
            first = kind["examples"][0] if kind["examples"] else None
            example = f', e.g. "{first["title"]}"{_on(first)} at {first["received_at"]}' if first else ""
            yield f"  {kind['baseline']} -> {kind['candidate']}: {kind['alerts']:,} {_alerts(kind['alerts'])}{example}"
        if left := report["not_listed"].get(aspect):
            yield f"  and {left:,} more {_alerts(left)}, in kinds that are not listed"
    pages = report["pages"]
    yield f"pages: {pages['baseline']:,} -> {pages['candidate']:,}"
    for person in pages["people"]:
        was, now = person["baseline"], person["candidate"]
        if was != now:
            days, nights = (f"{was[part]} -> {now[part]}" for part in ("day", "night"))
            yield f"  {person['person']}: {days} by day, {nights} at night"


def _alerts(count: int) -> str:
    return "alert" if count == 1 else "alerts"


def _on(example: Mapping[str, Any]) -> str:
    return f" on {example['host']}" if example["host"] else ""


def _text(at: datetime | None) -> str | None:
    return at.isoformat().replace("+00:00", "Z") if at is not None else None
