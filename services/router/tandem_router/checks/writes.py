"""How checks become rows: the state, the history, the counted hours. Statements only; ``store/checks.py`` reads."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

import msgspec

from tandem.agreement.expected import Check
from tandem.agreement.schema.expected import Sort
from tandem.db.write import Statement, Writes
from tandem_router.checks.state import Outcome, Phase, Result, State

_PUT = Statement(
    name="router_check",
    width=9,
    sql="update router.check_state as c set phase = r.phase, sort = r.sort, asset = r.asset, name = r.name,"
    " due_at = r.due_at, trouble = r.trouble, state = r.state::jsonb"
    " from unnest($1::text[], $2::text[], $3::text[], $4::text[], $5::text[], $6::text[], $7::timestamptz[],"
    " $8::text[], $9::text[]) as r(tenant, check_id, phase, sort, asset, name, due_at, trouble, state)"
    " where (c.tenant, c.check_id) = (r.tenant, r.check_id)",
)
_LINE = Statement(
    name="router_check_result",
    width=16,
    sql="insert into router.check_result (id, tenant, check_id, sort, asset, outcome, due_at, at, run_id, duration_s,"
    " exit_code, note, party, person, agreement_version, from_signal)"
    " select * from unnest($1::uuid[], $2::text[], $3::text[], $4::text[], $5::text[], $6::text[], $7::timestamptz[],"
    " $8::timestamptz[], $9::text[], $10::float8[], $11::int[], $12::text[], $13::text[], $14::text[], $15::int[],"
    " $16::bool[])"
    " on conflict do nothing",
)
_COUNT = Statement(
    name="router_check_hour",
    width=4,
    sql="insert into router.check_hour as h (tenant, check_id, start_at, count)"
    " select * from unnest($1::text[], $2::text[], $3::timestamptz[], $4::int[])"
    " on conflict (tenant, check_id, start_at) do update set count = h.count + excluded.count",
)


@dataclass(frozen=True, slots=True)
class Line:
    """One row of the history."""

    id: UUID
    key: tuple[str, str]
    result: Result
    check: Check | None
    agreement_version: int


def put_state(writes: Writes, key: tuple[str, str], state: State, check: Check | None) -> None:
    """The row was made by the look-up, which locked it."""
    spec = check.spec if check is not None else None
    row = (
        *key,
        state.shown.value,
        (spec.what if spec is not None else Sort.HEARTBEAT).value,
        spec.asset if spec is not None else None,
        spec.name if spec is not None else None,
        state.due_at,
        state.trouble.value if state.trouble is not None else None,
        msgspec.json.encode(state, enc_hook=dict).decode(),
    )
    writes.put(_PUT, key, row)


def state_of(text: str) -> State:
    """The state of a row."""
    return msgspec.json.decode(text, type=State)


def put_lines(writes: Writes, lines: Iterable[Line]) -> None:
    """Lines of the history; one that is there stays."""
    for line in lines:
        result, spec = line.result, line.check.spec if line.check is not None else None
        row = (
            line.id,
            *line.key,
            (spec.what if spec is not None else Sort.HEARTBEAT).value,
            spec.asset if spec is not None else None,
            result.outcome.value,
            result.due_at,
            result.at,
            result.run_id,
            result.duration_s,
            result.exit_code,
            result.note,
            result.by.party.value if result.by.party is not None else None,
            result.by.person,
            line.agreement_version,
            result.signal_id is not None,
        )
        writes.put(_LINE, line.id, row)


def put_count(writes: Writes, slot: tuple[str, str, datetime], count: int) -> None:
    """Add to a counted hour."""
    writes.put(_COUNT, slot, (*slot, count))


PHASES, OUTCOMES = tuple(Phase), tuple(Outcome)
"""What the tables allow."""
