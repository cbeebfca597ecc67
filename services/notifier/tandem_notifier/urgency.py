"""How urgent a page is: in what order pages to one address leave, and which are looked for first (ADR 38). Pure.

It is of the page, not of the incident: what is only told of a P1 is less urgent than a page that a P3 waits for.
"""

from __future__ import annotations

from enum import IntEnum

from tandem.model.priority import Priority


class Urgency(IntEnum):
    """Smaller is more urgent; the numbers are those of column ``notifier.page.urgency``."""

    P1 = 1
    P2 = 2
    LATER = 3
    """Asks for an answer of a P3, P4 or P5."""
    TOLD = 4
    """Asks for none."""


STRIDES = {Urgency.P1: 1, Urgency.P2: 4, Urgency.LATER: 8, Urgency.TOLD: 16}
"""What a page costs its urgency: where all four wait, of 23 places 16 go to P1, 4 to P2, 2 and 1 to the others."""


def urgency_of(priority: Priority, *, told: bool) -> Urgency:
    """Of a page about an incident of ``priority``, as the page's track sees it; every step of a P1's path is a P1's."""
    if told:
        return Urgency.TOLD
    return {Priority.P1: Urgency.P1, Priority.P2: Urgency.P2}.get(priority, Urgency.LATER)
