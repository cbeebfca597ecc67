"""What the steps of a decision found, by name: the decision itself (``routing``) and its trace are made of it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from tandem.agreement.compiled import Agreement
from tandem.agreement.duty import Duty
from tandem.model.alert import Alert
from tandem.model.ownership import Mode, Track
from tandem_router.classify import Classified
from tandem_router.priority import Assessed
from tandem_router.scope import Responsible, RunnersUp, Scope
from tandem_router.tracks import Audience


@dataclass(frozen=True, slots=True, kw_only=True)
class Parts:
    """The answers in order of decision, after what they are about."""

    alert: Alert
    agreement: Agreement
    now: datetime
    found: Classified
    row: Scope
    runners_up: RunnersUp
    track: Track
    level: Assessed
    on_duty: Duty
    party: Responsible
    heard: Audience
    mode: Mode
    about_mode: tuple[str, ...]
    """What there is to say about the mode."""

    @property
    def because(self) -> tuple[str, ...]:
        """The reasons, in order of decision."""
        by_row = (self.found.because, self.row.because)
        return (*by_row, *self.level.because, self.party.because, *self.heard.because, *self.about_mode)
