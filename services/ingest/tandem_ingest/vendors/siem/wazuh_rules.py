"""What Wazuh 4 and 5 have in common: levels of rules, and which rule on which agent is one condition."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from tandem.model.alert import Severity
from tandem_ingest.vendors import severity, shape

BANDS = ((15, Severity.CRITICAL), (12, Severity.HIGH), (7, Severity.MEDIUM), (4, Severity.LOW), (0, Severity.INFO))
"""Lowest level of each severity. Source: domain rules 2.2."""
TRIGGER: Mapping[str, Severity] = MappingProxyType(
    {"1": Severity.CRITICAL, "2": Severity.HIGH, "3": Severity.MEDIUM, "4": Severity.LOW, "5": Severity.INFO}
)
"""A monitor's trigger in Wazuh 5, 1 is the highest."""


def of_level(level: object, trigger: str | None = None) -> Severity:
    """A rule's level, 0 to 16 in 4.x, a word since 5; a word we do not know leaves the trigger's severity."""
    number = shape.text(level)
    if number is None or not (number.isascii() and number.isdigit()) or len(number) > 2:
        found = severity.of_word(level)
        return TRIGGER.get(trigger or "", found) if found is Severity.UNKNOWN else found
    return next(band for lowest, band in BANDS if int(number) >= lowest)


def condition(rule: str | None, agent_id: str | None, agent: str | None) -> str | None:
    """One rule on one agent is one condition; whatever else an event holds differs each time.

    Agent ids count per manager, and one integration may serve many managers: the name keeps them apart.
    """
    where = "/".join(part for part in (agent_id, agent) if part)
    return f"{rule}/{where}" if rule and where else None
