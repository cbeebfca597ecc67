"""The ladder of a path: its rungs in order, and what comes after each (R-E1, R-E4).

Pure. The rungs of one pass are the path's steps; below them stand the fallback and both Accountables, which are
reached once every pass is through.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta

from tandem.agreement.compiled import Agreement
from tandem.agreement.schema.people import PathSpec
from tandem_notifier.case import Leg
from tandem_notifier.reach import reachable, senior_of

REST = timedelta(minutes=5)
"""Between two passes when the path names no delay at all."""


@dataclass(frozen=True, slots=True)
class Ladder:
    """A path made ready to climb."""

    path: PathSpec
    rungs: tuple[tuple[str, ...], ...]
    """Targets: the steps, then the fallback rungs."""
    steps: int
    """How many of the rungs are the path's own."""
    rest: timedelta
    """How long the last rung of a pass has for its answer."""

    @property
    def length(self) -> timedelta:
        """From one pass to the next."""
        return sum((step.after for step in self.path.steps), self.rest)

    def move_on(self, leg: Leg) -> timedelta:
        """Put ``leg`` on the rung after the one it stands on; returns how long that one has for its answer."""
        if leg.step + 1 < self.steps:
            leg.step += 1
            return self.path.steps[leg.step].after
        if leg.step + 1 == self.steps:
            return self._next_pass(leg)
        if leg.step + 1 < len(self.rungs):
            leg.step += 1
        else:
            self.restart(leg)
            leg.ended = True
        return self.rest

    def restart(self, leg: Leg) -> None:
        """Stand at the first rung again, in a pass that no page has been sent in."""
        leg.pass_ += 1
        leg.first_pass = leg.pass_
        leg.step = 0
        leg.reached = leg.ended = False

    def _next_pass(self, leg: Leg) -> timedelta:
        if leg.reached and leg.pass_ - leg.first_pass < self.path.repeat:
            leg.pass_ += 1
            leg.step = 0
            leg.reached = False
            return self.rest + self.path.steps[0].after
        # A pass that reached nobody is not tried again: the fallback comes at once.
        leg.step += 1
        return self.rest


def ladder_of(agreement: Agreement, path: PathSpec) -> Ladder:
    """The ladder of ``path``: its steps, its fallback (else the track's senior), then both Accountables (R-A2)."""
    senior = senior_of(agreement, path.party, path.track)
    fallback = [name for name in path.fallback if reachable(agreement, name)] or [senior or ""]
    accountables = [f"accountable:{party.value}" for party in (path.party, path.party.other)]
    named = tuple(f"fallback:{name}" for name in fallback if name)
    return Ladder(
        path=path,
        rungs=(*(step.page for step in path.steps), named, tuple(accountables)),
        steps=len(path.steps),
        rest=_rest(path),
    )


def _rest(path: PathSpec) -> timedelta:
    last = path.steps[-1].after if path.steps else timedelta()
    return last or max((step.after for step in path.steps), default=timedelta()) or path.expected_response or REST
