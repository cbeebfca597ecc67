"""What a dry run says beyond the trace of a decision: the tool's word, and the rules that nearly matched. Pure.

The decision in words is ``tandem/agreement/decision_words.py``'s.
"""

from __future__ import annotations

from typing import Any

from tandem.agreement.compiled import Agreement
from tandem.agreement.rules import earlier_rules
from tandem.model.alert import Alert
from tandem_router import classify, priority

CLOSE_RULES = 3
"""Rules that nearly matched and are shown."""


def mapping(alert: Alert, agreement: Agreement) -> dict[str, Any]:
    """What the tool said, what that is on our scale, and the floor that it gives."""
    floor = priority.floor_of(alert, agreement)
    return {
        "vendor": alert.vendor,
        "word": alert.severity_word,
        "severity": alert.severity.value,
        "floor": floor.priority.value,
        "source": floor.source,
        "known": floor.known,
    }


def rules_not_taken(alert: Alert, agreement: Agreement) -> list[dict[str, str]]:
    """The closest classification rules that were tried before and did not match, with what failed."""
    site = classify.site_of(alert, agreement.asset_of(alert.host), agreement)
    found = classify.classify(alert, agreement)
    close = earlier_rules(agreement.classification, found.rule, alert, site, CLOSE_RULES)
    return [{"rule": rule, "why_not": why} for rule, why in close]
