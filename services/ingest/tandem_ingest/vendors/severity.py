"""The words tools use for severity, on our scale. A vendor with words of its own keeps a table in its own file."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from tandem.model.alert import Severity
from tandem_ingest.vendors.shape import word

_WORDS = {
    Severity.CRITICAL: "critical crit page emergency emerg fatal disaster severe p1 sev1 blocker",
    Severity.HIGH: "high error err major urgent alert failed failure p2 sev2",
    Severity.MEDIUM: "medium moderate warning warn average p3 sev3",
    Severity.LOW: "low minor p4 sev4",
    Severity.INFO: "info informational information notice debug none ok normal success p5 sev5",
}
_BLANKS = str.maketrans("", "", " -_")
"""``Sev 1`` and ``SEV-1`` are ``sev1``."""
_SCALES = ("severity", "level", "criticality", "priority", "risk")
"""What the constants of a program begin with: ``SEVERITY_HIGH``, ``ALERT_CRITICALITY_LEVEL_WARNING``."""
WORDS: Mapping[str, Severity] = MappingProxyType(
    {each: severity for severity, line in _WORDS.items() for each in line.split()}
)


def of_word(value: object, words: Mapping[str, Severity] = WORDS) -> Severity:
    """The severity ``value`` names; UNKNOWN for a word we do not know, which routing counts and never drops."""
    said = word(value)
    return words.get(said) or words.get(said.translate(_BLANKS)) or words.get(_constant(said)) or Severity.UNKNOWN


def _constant(said: str) -> str:
    """The last part of a constant that names the scale before it; empty for anything else."""
    scale, _, last = said.rpartition("_")
    return last if scale.endswith(_SCALES) else ""
