"""What became of commands: the write."""

from __future__ import annotations

from tandem.db.write import Statement, Writes
from tandem_router.batch import Answered

INSERT_COMMAND = Statement(
    name="router_command",
    width=10,
    sql="insert into router.command (command_id, tenant, incident_id, kind, outcome, reason, version, by_party,"
    " by_person, at) select * from unnest($1::uuid[], $2::text[], $3::uuid[], $4::text[], $5::text[], $6::text[],"
    " $7::int[], $8::text[], $9::text[], $10::timestamptz[]) on conflict do nothing",
)


def put_answered(writes: Writes, answered: Answered) -> None:
    """What became of a command; of a refused one, who was first."""
    command, refusal = answered.command, answered.refusal
    party, person, at = command.by.party, command.by.person, command.at
    if refusal is not None and refusal.at is not None:
        party, person, at = refusal.party, refusal.person, refusal.at
    row = (
        command.command_id,
        command.tenant,
        command.incident_id,
        command.kind.value,
        "refused" if refusal is not None else "done",
        refusal.reason if refusal is not None else None,
        answered.version,
        party.value if party is not None else None,
        person,
        at,
    )
    writes.put(INSERT_COMMAND, command.command_id, row)
