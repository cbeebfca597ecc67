"""``tandem sla``: clocks from a file of facts, by the production fold. Asks no server and no database."""

from __future__ import annotations

import sys
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any
from uuid import UUID

import msgspec
import typer

from tandem.cli.edge import Output, fail
from tandem.errors import AgreementError, PoisonRecord
from tandem.ids import uuid8

if TYPE_CHECKING:
    from tandem.agreement.compiled import Agreement
    from tandem.model.events import Fact, SlaClock

app = typer.Typer(name="sla", help="SLA clocks: replay them from facts.", no_args_is_help=True)

LONGEST_LINE = 1024 * 1024
MOST_FACTS = 1_000_000
_CARRIED = ("tenant", "priority", "owner", "responsible_party")
"""What a line may leave out when it is as in the incident's line before."""


@app.callback()
def sla() -> None:
    """SLA clocks of both parties."""


@dataclass(slots=True)
class _Told:
    """One incident of the file; ``name`` is its id as written there."""

    name: str
    incident_id: UUID
    facts: list[Fact] = field(default_factory=list)
    last: dict[str, Any] = field(default_factory=dict)
    """The values that following lines may leave out, and what the opening says for the fold."""


@app.command()
def replay(
    agreement: Annotated[Path, typer.Option(help="A tenant's agreement file; its provider's is looked for beside it.")],
    input_: Annotated[str, typer.Option("--input", help="Facts as JSON lines; - reads standard input.")],
    at: Annotated[
        str | None, typer.Option(help="Instant of the look, RFC 3339; default: the latest in the input.")
    ] = None,
    output: Annotated[Output, typer.Option(help="json or table")] = Output.JSON,
) -> None:
    """The clocks that the facts of one or several incidents come to, as of one instant.

    With --at only what was known by then counts.
    """
    try:
        compiled = _compiled(agreement)
    except AgreementError as fault:
        raise fail(fault) from fault
    incidents = _read(_lines(input_))
    rows = _clocks(incidents, compiled, _instant(at))
    if output is Output.JSON:
        print("[" + ",\n ".join(msgspec.json.encode(row).decode() for row in rows) + "]")
    else:
        _print_table(rows)


def _compiled(file: Path) -> Agreement:
    """The agreement as far as clocks ask it: that nobody is paged by it, or a row has no owner, does not matter here.

    Raises:
        AgreementError: the file's shape is wrong, or a party works in a calendar that is not there.
    """
    from tandem.agreement.compile import compile_agreement
    from tandem.agreement.from_file import UNSAVED, find_provider
    from tandem.agreement.lint import missing_provider
    from tandem.agreement.load import tenant_source
    from tandem.errors import Problem

    tenant = tenant_source(file)
    provider = find_provider(tenant.document, file.parent)
    if tenant.document.use and provider is None:
        raise AgreementError([missing_provider(tenant)])
    found = compile_agreement(tenant.document, provider.document if provider else None, version=UNSAVED)
    lost = [spec.calendar for spec in found.parties.values() if spec.calendar not in found.calendars]
    if lost:
        raise AgreementError([Problem(str(file), 1, 1, f"there is no calendar {lost[0]}")])
    return found


def _lines(source: str) -> Iterator[bytes]:
    try:
        with sys.stdin.buffer if source == "-" else Path(source).open("rb") as stream:
            for _number in range(MOST_FACTS):
                line = stream.readline(LONGEST_LINE)
                if not line:
                    return
                yield line
    except OSError as fault:
        raise typer.BadParameter(f"cannot read {source}: {fault.strerror}", param_hint="--input") from fault
    raise typer.BadParameter(f"more than {MOST_FACTS} facts", param_hint="--input")


def _read(lines: Iterable[bytes]) -> list[_Told]:
    """The incidents of the file, in order of their first lines.

    Raises:
        typer.BadParameter: a line cannot be read; the message names it.
    """
    incidents: dict[str, _Told] = {}
    for number, line in enumerate(lines, start=1):
        if not line.strip():
            continue
        try:
            row = msgspec.json.decode(line, type=dict[str, Any])
            name = str(row.get("incident_id") or "")
            told = incidents.setdefault(name, _Told(name, _incident_id(name)))
            _take(told, row)
        except (ValueError, RecursionError) as fault:
            raise typer.BadParameter(f"line {number}: {fault}", param_hint="--input") from fault
    return list(incidents.values())


def _take(told: _Told, row: dict[str, Any]) -> None:
    from tandem_sla_clock.facts import fact_of

    given = {key: row[key] for key in _CARRIED if row.get(key) is not None}
    told.last = {**told.last, **given}
    if not told.facts:
        told.last.setdefault("owner", told.last.get("responsible_party", "msp"))
        owner = told.last["owner"]
        told.last.setdefault("responsible_party", owner if owner != "shared" else "msp")
        told.last["opening"] = row.get("data") or row.get("detail") or {}
    version = row.get("version") or len(told.facts) + 1
    fact = fact_of({**row, **told.last, "version": version}, incident_id=told.incident_id)
    told.facts.append(fact)
    if fact.detail.to_priority is not None:
        told.last["priority"] = fact.detail.to_priority


def _incident_id(name: str) -> UUID:
    """The id as written where it is a UUID, else one made of it."""
    try:
        return UUID(name)
    except ValueError:
        return uuid8("replay", name)


def _instant(text: str | None) -> datetime | None:
    from tandem_sla_clock.facts import instant_of

    try:
        return None if text is None else instant_of(text)
    except ValueError as fault:
        raise typer.BadParameter(str(fault), param_hint="--at") from fault


def _clocks(incidents: list[_Told], agreement: Agreement, at: datetime | None) -> list[dict[str, Any]]:
    from tandem_sla_clock.clauses import STANDARD, AgreementClauses
    from tandem_sla_clock.fold import fold

    now = at or max((latest for told in incidents for latest in map(_latest, told.facts)), default=None)
    rows: list[dict[str, Any]] = []
    for told in incidents:
        if now is None:
            break
        opening: Mapping[str, Any] = told.last["opening"]
        clauses = AgreementClauses(agreement, str(opening.get("sla_profile") or STANDARD))
        known = [fact for fact in told.facts if at is None or fact.received_at <= at]
        try:
            clocks = fold(known, clauses, _profile(told, opening), now) if known else ()
        except PoisonRecord as fault:
            raise typer.BadParameter(f"incident {told.name}: {fault}", param_hint="--input") from fault
        rows.extend(_row(told.name, clock) for clock in clocks)
    return rows


def _profile(told: _Told, opening: Mapping[str, Any]) -> Any:  # noqa: ANN401 - imported when the command runs
    from tandem.model.ownership import Party
    from tandem_sla_clock.timeline import Profile

    owner = opening.get("monitoring_owner")
    monitoring = Party(owner) if owner in set(Party) else Party.MSP
    return Profile(incident_id=told.incident_id, monitoring_owner=monitoring)


def _latest(fact: Fact) -> datetime:
    return max(fact.effective_at, fact.received_at)


def _row(name: str, clock: SlaClock) -> dict[str, Any]:
    """A clock as interfaces.md section 9 names its parts."""
    return {
        "incident_id": name,
        "clock": clock.clock.value,
        "party": clock.party.value,
        "cycle": clock.cycle,
        "start": _time(clock.start),
        "due": _time(clock.due),
        "state": clock.state.value,
        "stop": _time(clock.stop),
        "counted_s": _seconds(clock.counted),
        "breached_at": _time(clock.breached_at),
        "flags": list(clock.flags),
        "priority": clock.priority.value,
        "target_s": _seconds(clock.target),
        "calendar": clock.calendar,
    }


def _time(at: datetime | None) -> str | None:
    return None if at is None else at.isoformat().replace("+00:00", "Z")


def _seconds(length: timedelta | None) -> int | float | None:
    if length is None:
        return None
    seconds = length.total_seconds()
    return int(seconds) if seconds.is_integer() else seconds


def _print_table(rows: list[dict[str, Any]]) -> None:
    """One line a clock under a line for each incident; wide enough for no terminal to cut a time."""
    shown = None
    for row in rows:
        if row["incident_id"] != shown:
            shown = row["incident_id"]
            print(f"{shown}\n  {'clock':22} {'party':8} {'cycle':5} {'state':9} {'due':20} {'stop':20} counted_s flags")
        cells = f"{row['clock']:22} {row['party']:8} {row['cycle']:<5} {row['state']:9}"
        times = f"{row['due'] or '-':20} {row['stop'] or '-':20}"
        print(f"  {cells} {times} {row['counted_s']!s:9} {' '.join(row['flags'])}".rstrip())
