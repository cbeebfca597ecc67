"""Who is on call, for the console: the notifier's rotations over the agreement that is in force."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta

from tandem.agreement.compiled import Agreement
from tandem.agreement.oncall.timeline import timeline
from tandem.agreement.schema.people import ScheduleSpec
from tandem.policy.book import AgreementBook
from tandem_console.api.records import Duty

AHEAD = timedelta(days=14)
"""How far the end of a shift is looked for."""


class Duties:
    """Answers ``(tenant, instant)`` with one duty per schedule that belongs to a party and a track."""

    def __init__(self, book: AgreementBook) -> None:
        """``book`` holds the agreements in force."""
        self._book = book

    async def __call__(self, tenant: str, at: datetime) -> Sequence[Duty]:
        """In the order of the agreement; a schedule with nobody has no people."""
        agreement = self._book.active(tenant)
        if agreement is None:
            return ()
        specs = [spec for spec in agreement.schedules.values() if spec.party is not None and spec.track is not None]
        return [_duty(agreement, spec, at) for spec in specs]


def _duty(agreement: Agreement, spec: ScheduleSpec, at: datetime) -> Duty:
    shift = timeline(spec, at, at + AHEAD, people=agreement.people, zone=spec.zone)[0]
    return Duty(
        tenant=agreement.tenant.id,
        party=spec.party.value if spec.party else "",
        track=spec.track.value if spec.track else "",
        people=tuple(shift.people),
        schedule=spec.id,
        until=shift.end if shift.end < at + AHEAD else None,
    )
