"""Routing tests: alerts with what must become of them, decided by the router's own fold. Pure.

``given`` are alerts that came before, so that grouping and joining can be tested. Whom a page reaches and which clocks
start are other services' knowledge, handed in (``Outlook``).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from tandem.agreement.compiled import Agreement
from tandem.agreement.document import locate
from tandem.agreement.schema.fields import format_duration, parse_duration
from tandem.errors import AgreementError, Problem, Refused
from tandem.ids import uuid8
from tandem.model.alert import Alert
from tandem.model.events import IncidentEvent, SlaClock
from tandem_router.backtest import asks, pages
from tandem_router.expectations import AlertBody, Expected, RoutingTest, TestFile
from tandem_router.explain import read_alert, sentence, with_settings
from tandem_router.replay import Replay, Step


@dataclass(frozen=True, slots=True)
class Outlook:
    """What the other services would do with an incident's fact."""

    people: Callable[[Agreement, IncidentEvent, datetime], tuple[str, ...]]
    clocks: Callable[[Agreement, IncidentEvent, datetime], tuple[SlaClock, ...]]


@dataclass(frozen=True, slots=True)
class Miss:
    """One expectation that is not met."""

    field: str
    expected: str
    got: str
    line: int
    column: int


@dataclass(frozen=True, slots=True)
class Result:
    """One test's outcome."""

    name: str
    line: int
    column: int
    misses: tuple[Miss, ...]
    sentence: str
    """Why it was decided so."""

    @property
    def passed(self) -> bool:
        """Everything is as expected."""
        return not self.misses


def run_tests(tests: TestFile, agreement: Agreement, outlook: Outlook) -> Iterator[Result]:
    """Each test on its own, in file order.

    Raises:
        AgreementError: an alert of a test is no alert; the problem says where.
    """
    for number, test in enumerate(tests.content.tests):
        yield _run(tests, number, test, agreement, outlook)


def _run(tests: TestFile, number: int, test: RoutingTest, agreement: Agreement, outlook: Outlook) -> Result:
    replay, zone = Replay(agreement, overflows=True), ZoneInfo(tests.content.zone)
    for index, given in enumerate(test.given):
        with _at(tests, ("tests", number, "given", index)):
            replay.take(_alert(given.alert, _instant(given.at, zone), {}, agreement, index))
    with _at(tests, ("tests", number, "alert")):
        alert = _alert(test.alert, _instant(test.at, zone), test.set_, agreement, len(test.given))
    step = replay.take(alert)
    got = _got(step, agreement, outlook, alert.received_at)
    misses = tuple(_misses(tests, number, test.expect, got))
    return Result(test.name, *tests.place_of(number), misses, sentence(step.routing))


@contextmanager
def _at(tests: TestFile, path: tuple[str | int, ...]) -> Iterator[None]:
    """A refused field of an alert, told at its place."""
    try:
        yield
    except Refused as fault:
        raise AgreementError([Problem(tests.file, *locate(tests.root, path), fault.detail)]) from None


def _alert(body: AlertBody, at: datetime, settings: Mapping[str, str], agreement: Agreement, number: int) -> Alert:
    said = with_settings(body.model_dump(exclude_unset=True), settings)
    alert = read_alert(said, agreement.tenant.id, at)
    return replace(alert, alert_id=uuid8("routing test", str(number)))


def _instant(at: datetime, zone: ZoneInfo) -> datetime:
    return (at if at.tzinfo else at.replace(tzinfo=zone)).astimezone(UTC)


def _got(step: Step, agreement: Agreement, outlook: Outlook, at: datetime) -> dict[str, Any]:
    """What was decided, by the names of ``Expected``."""
    routing = step.routing
    paging = [event for event in step.events if pages(event)]
    started = step.events[-1:] if step.outcome == "opened" else ()
    return {
        **{name: getattr(routing, name) for name in Expected.model_fields if hasattr(routing, name)},
        "lead": routing.lead or "nobody",
        "category": routing.category or "none",
        "paged": routing.must_acknowledge,
        "people": tuple(person for event in paging for person in outlook.people(agreement, asks(event), at)),
        "suppressed": routing.hold is not None,
        "outcome": step.outcome,
        "clocks": {
            clock.clock.value: clock.target for event in started for clock in outlook.clocks(agreement, event, at)
        },
    }


def _misses(tests: TestFile, number: int, expected: Expected, got: Mapping[str, Any]) -> Iterator[Miss]:
    for name in sorted(expected.model_fields_set, key=list(Expected.model_fields).index):
        wanted, key = getattr(expected, name), Expected.model_fields[name].alias or name
        if not _is_as(wanted, got[name]):
            line, column = tests.place_of(number, "expect", key)
            yield Miss(key, _said(wanted), _said(got[name], like=wanted), line, column)


def _is_as(wanted: Any, got: Any) -> bool:  # noqa: ANN401 - a value of any expectation
    if isinstance(wanted, dict):
        return all(name in got and got[name] == parse_duration(length) for name, length in wanted.items())
    return set(wanted) == set(got) if isinstance(wanted, tuple) else bool(wanted == got)


def _said(value: Any, like: Any = None) -> str:  # noqa: ANN401
    if isinstance(value, dict):
        shown = {name: value[name] for name in value if not isinstance(like, dict) or name in like}
        return ", ".join(f"{name} {_length(length)}" for name, length in shown.items()) or "none of them"
    if isinstance(value, tuple):
        return ", ".join(sorted(str(part) for part in dict.fromkeys(value))) or "nobody"
    return ("yes" if value else "no") if isinstance(value, bool) else str(value)


def _length(length: str | timedelta) -> str:
    return format_duration(length) if isinstance(length, timedelta) else length
