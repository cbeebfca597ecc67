"""What a body says, as status, severity and instant, by the tables of a mapping."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from datetime import datetime

from tandem.model.alert import AlertStatus, Severity
from tandem_ingest import times
from tandem_ingest.vendors import severity, shape
from tandem_ingest.vendors.mapping.document import LONGEST_TIME, Condition, SeverityFrom, StatusFrom, TimeFrom
from tandem_ingest.vendors.mapping.look import Look

CLEAR = frozenset(
    {
        "resolved", "resolve", "ok", "okay", "clear", "cleared", "closed", "close", "recovered", "recovery", "recover",
        "up", "normal", "success", "successful", "reset", "inactive", "dismissed", "completed", "healthy", "ended",
    }
)  # fmt: skip
"""Words that clear wherever a mapping names none of its own."""
_LEVELS = (Severity.CRITICAL, Severity.HIGH, Severity.MEDIUM, Severity.LOW, Severity.INFO)
_DIGITS = 32
_LONGEST = 4_096
"""Of a text so much is looked at for a word."""
_FORMAT = 32
"""What trying a format of times costs, in looks."""


def holds(condition: Condition, look: Look) -> bool:
    """Whether ``condition`` holds for ``look.element``; a path that finds nothing only holds for ``exists: false``."""
    if condition.path is not None and not _path_holds(condition, look):
        return False
    # Most conditions are a path alone: a generator for each of the empty lists would cost as much as the path.
    if condition.all and not all(holds(each, look) for each in condition.all):
        return False
    if condition.any and not any(holds(each, look) for each in condition.any):
        return False
    return not (condition.none and any(holds(each, look) for each in condition.none))


def _path_holds(condition: Condition, look: Look) -> bool:
    flat: list[object] = []
    for value in condition.path.values(look):
        flat += value if isinstance(value, list) else (value,)
    look.spend(len(flat) * (1 + len(condition.contains or ())))
    if condition.exists is not None:
        says = any(isinstance(each, dict) or shape.text(each) is not None for each in flat)
        if says is not condition.exists:
            return False
    asks_words = condition.is_ is not None or condition.contains is not None or condition.starts_with is not None
    if not asks_words and condition.at_least is None and condition.below is None:
        return True
    return any(_word_holds(condition, _word(each)) for each in flat)


def _word(value: object) -> str:
    return shape.word(value[:_LONGEST] if isinstance(value, str) else value)


def _word_holds(condition: Condition, word: str) -> bool:
    if not word:
        return False
    if condition.is_ is not None and word not in condition.is_:
        return False
    if condition.contains is not None and not any(each in word for each in condition.contains):
        return False
    if condition.starts_with is not None and not word.startswith(tuple(condition.starts_with)):
        return False
    if condition.at_least is None and condition.below is None:
        return True
    number = _number(word)
    if number is None or (condition.at_least is not None and number < condition.at_least):
        return False
    return condition.below is None or number < condition.below


def status_of(table: StatusFrom, look: Look) -> AlertStatus:
    """Conditions before words; the first word that is in a table decides."""
    if table.firing_when is not None and holds(table.firing_when, look):
        return AlertStatus.FIRING
    if table.resolved_when is not None and holds(table.resolved_when, look):
        return AlertStatus.RESOLVED
    clear = CLEAR if table.resolved is None else table.resolved
    for said in table.from_.texts(look):
        word = _word(said)
        if table.firing is not None and word in table.firing:
            return AlertStatus.FIRING
        if word in clear:
            return AlertStatus.RESOLVED
    return table.default


def severity_of(table: SeverityFrom, look: Look) -> tuple[str | None, Severity]:
    """The vendor's word and its level: the first word that is known, else the first of all and the default."""
    unknown: str | None = None
    cost = 1 + sum(map(len, table.contains.values()))
    for said in table.from_.texts(look):
        look.spend(cost)
        level = _level(table, said)
        if level is not Severity.UNKNOWN:
            return said, level
        unknown = unknown or said
    return unknown, table.default


def _level(table: SeverityFrom, said: str) -> Severity:
    word = _word(said)
    for level, words in table.words.items():
        if word in words:
            return level
    if table.at_least and (number := _number(word)) is not None:
        return _reached(table.at_least, number)
    for level in _LEVELS:
        if any(each in word for each in table.contains.get(level, ())):
            return level
    return severity.of_word(word)


def _reached(thresholds: Mapping[Severity, float], number: float) -> Severity:
    reached = [(least, level) for level, least in thresholds.items() if number >= least]
    return max(reached, key=lambda each: each[0])[1] if reached else Severity.UNKNOWN


def _number(word: str) -> float | None:
    """``word`` as a finite number, the unit ``%`` left out."""
    if len(word) > _DIGITS:
        return None
    try:
        found = float(word.removesuffix("%"))
    except ValueError:
        return None
    return found if math.isfinite(found) else None


def instant_of(place: TimeFrom | None, look: Look) -> datetime | None:
    """The first instant that ``place`` states, aware UTC."""
    if place is None:
        return None
    for value in place.from_.values(look):
        if (found := _instant(value, place, look)) is not None:
            return found
    return None


def _instant(value: object, place: TimeFrom, look: Look) -> datetime | None:
    # The formats come first: %d/%m and %m/%d look alike, and whoever wrote one knows.
    if place.formats and isinstance(value, str) and len(value) <= LONGEST_TIME:
        look.spend(_FORMAT * len(place.formats))
        found = _by_formats(value.strip(), place.formats, place)
        if found is not None:
            return found
    return times.parse(value, zone=place.zone)


def _by_formats(value: str, formats: Iterable[str], place: TimeFrom) -> datetime | None:
    for each in formats:
        if place.zone is None and "%z" not in each:
            continue  # it gives no offset, so no instant
        try:
            at = datetime.strptime(value, each)  # noqa: DTZ007 - the zone is the mapping's, below
        except ValueError:
            continue
        aware = at if at.tzinfo is not None else at.replace(tzinfo=place.zone)
        found = times.parse(aware.isoformat())
        if found is not None:
            return found
    return None
