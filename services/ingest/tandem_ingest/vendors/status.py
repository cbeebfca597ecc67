"""The words tools use for a condition that is over. A vendor with words of its own keeps them in its own file."""

from __future__ import annotations

from tandem.model.alert import AlertStatus
from tandem_ingest.vendors.shape import word

CLEAR = frozenset(
    {
        "resolved", "resolve", "ok", "okay", "clear", "cleared", "closed", "close", "recovered", "recovery", "up",
        "normal", "success", "good", "healthy", "online", "fixed", "inactive", "ended", "reset", "green",
    }
)  # fmt: skip
_NOT = frozenset({"not", "no", "un", "partially", "audit", "pending", "waiting", "reopened"})
_HOW = frozenset({"resolved", "closed"})
"""Before a word for how or by whom: ``resolved_false_positive``, Cortex' ``STATUS_070_RESOLVED_OTHER``."""
TRUE = frozenset({"true", "yes", "1"})


def of_word(value: object) -> AlertStatus:
    """RESOLVED for a word that says so, also as ``alert_resolved``; a word nobody knows never ends a condition.

    Windows' AUDIT_SUCCESS is what was tried, and no clear.
    """
    said = word(value)
    if said.isalpha():  # one word, as nearly always
        return AlertStatus.RESOLVED if said in CLEAR else AlertStatus.FIRING
    parts = said.replace(".", "_").replace(":", "_").split("_")
    over = parts[-1] in CLEAR or not _HOW.isdisjoint(parts)
    return AlertStatus.RESOLVED if over and _NOT.isdisjoint(parts) else AlertStatus.FIRING
