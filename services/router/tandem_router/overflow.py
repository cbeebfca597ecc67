"""Overflow: while the internal party's queue is over its limit, rows marked so go to the MSP (R-A6, R63).

The queue is what the internal party has and nobody of it has answered. It counts as full from one more than the limit
until it is below half of it, so that ownership does not flicker. Pure; only tenants with such rows have a queue here.
"""

from __future__ import annotations

from dataclasses import dataclass

from tandem.agreement.compiled import Agreement
from tandem.db.write import Statement, Writes
from tandem.model.incident import Incident, IncidentState
from tandem.model.ownership import Mode, Party

DEFAULT_LIMIT = 10
"""Where the agreement has no internal party to say one."""

LOOK_UP = """
select t.tenant, coalesce(o.over, false) as over, (
    select count(*) from router.incident i where i.tenant = t.tenant and i.state = 'open'
    and i.responsible_party = 'internal' and i.snapshot ->> 'mode' <> 'observe'
) as unanswered
from unnest($1::text[]) as t(tenant) left join router.overflow o on o.tenant = t.tenant
"""

PUT = Statement(
    name="router_overflow",
    width=3,
    sql="insert into router.overflow as o (tenant, over, unanswered)"
    " select * from unnest($1::text[], $2::bool[], $3::int[])"
    " on conflict (tenant) do update set over = excluded.over, unanswered = excluded.unanswered",
)


@dataclass(slots=True)
class Queue:
    """The internal party's queue, followed over a batch."""

    limit: int
    unanswered: int
    over: bool
    was_over: bool = False

    def __post_init__(self) -> None:
        """What the database said, then what its count says now."""
        self.was_over = self.over
        self._settle()

    def moved(self, before: Incident | None, after: Incident) -> None:
        """An incident changed."""
        self.unanswered += waits(after) - (before is not None and waits(before))
        self._settle()

    @property
    def words(self) -> str:
        """That it is full, for people; empty when it is not."""
        if not self.over:
            return ""
        if self.unanswered > self.limit:
            return f"internal has {self.unanswered} unacknowledged incidents, more than {self.limit}"
        return f"internal was over its {self.limit} and still has {self.unanswered} unacknowledged incidents"

    def _settle(self) -> None:
        if self.unanswered > self.limit:
            self.over = True
        elif 2 * self.unanswered < self.limit:
            self.over = False


def queue_of(agreement: Agreement, unanswered: int, *, over: bool) -> Queue:
    """The queue as the database knows it, with the limit of the agreement in force."""
    spec = agreement.parties.get(Party.INTERNAL)
    return Queue(limit=spec.queue_limit if spec is not None else DEFAULT_LIMIT, unanswered=unanswered, over=over)


def waits(incident: Incident) -> bool:
    """Whether it stands unanswered in the internal party's queue; what nobody is told of stands in no queue."""
    here = incident.responsible_party is Party.INTERNAL and incident.state is IncidentState.OPEN
    return here and incident.mode is not Mode.OBSERVE


def put(writes: Writes, tenant: str, queue: Queue) -> None:
    """Remember whether it is full, when that changed."""
    if queue.over is not queue.was_over:
        writes.put(PUT, tenant, (tenant, queue.over, queue.unanswered))
