"""The table of what the auditor asks: a name, which labels the gauge and heads the runbook, and the owners' views."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

RUNBOOK: Final = "docs/runbooks/auditor.md"


@dataclass(frozen=True, slots=True)
class Invariant:
    """Something that always holds; each row of its views says where it does not."""

    name: str
    promise: str
    views: tuple[str, ...] = ()
    """Empty: the auditor finds it about itself."""

    @property
    def runbook(self) -> str:
        """Where it is said what to do."""
        return f"{RUNBOOK}#{self.name}"


LATE_TIMERS: Final = Invariant(
    "late_timers",
    "every timer runs when it is due, and everything that waits has one",
    ("router.v_late_timers", "router.v_unwatched_checks", "sla.v_late_timers", "notifier.v_late_timers"),
)
STUCK_CONSUMERS: Final = Invariant(
    "stuck_consumers",
    "every service reads what was written for it",
    ("bus.v_stuck_consumers", "bus.v_stuck_on_kafka", "bus.v_unseen_on_kafka"),
)
WAITING_RECORDS: Final = Invariant(
    "waiting_records",
    "what was said reaches the broker",
    ("bus.v_outbox_waits", "ingest.v_spool_waits", "bus.v_parked_records", "ingest.v_waiting_stuck"),
)
OVERDUE_UNPAGED: Final = Invariant(
    "overdue_unpaged", "I3: whoever has to answer is being paged", ("notifier.v_overdue_unpaged",)
)
UNOWNED: Final = Invariant(
    "unowned", "R6: exactly one party is responsible for each running incident", ("router.v_unowned",)
)
HALF_ACCEPTED: Final = Invariant("half_accepted", "I7: what was accepted is there, whole", ("router.v_half_accepted",))
ORPHAN_ALERTS: Final = Invariant("orphan_alerts", "I1, I2: one alert, one decision", ("router.v_orphan_alerts",))
MISROUTED_PAGES: Final = Invariant(
    "misrouted_pages", "I4: a page is of its incident's client, track and parties", ("notifier.v_misrouted_pages",)
)
DOUBLE_CLOCK: Final = Invariant(
    "double_clock", "I5: time counts once, forwards, and ends with the incident", ("sla.v_double_clock",)
)
BROKEN_HISTORY: Final = Invariant(
    "broken_history", "I6: an incident's facts are whole, version by version", ("router.v_broken_history",)
)
REPEATED_PAGES: Final = Invariant(
    "repeated_pages", "I8: nobody is paged twice for one step", ("notifier.v_repeated_pages",)
)
AUDITOR_BUDGET: Final = Invariant("auditor_budget", "each question is answered within its time")
AUDITOR_BLIND: Final = Invariant("auditor_blind", "the auditor can read")

INVARIANTS: Final = (
    *(LATE_TIMERS, STUCK_CONSUMERS, WAITING_RECORDS, OVERDUE_UNPAGED, UNOWNED, HALF_ACCEPTED, ORPHAN_ALERTS),
    *(MISROUTED_PAGES, DOUBLE_CLOCK, BROKEN_HISTORY, REPEATED_PAGES),
)
"""In the order in which they are asked: first what says that somebody is not being called now."""
OF_ITSELF: Final = (AUDITOR_BUDGET, AUDITOR_BLIND)
ALL: Final = (*INVARIANTS, *OF_ITSELF)
