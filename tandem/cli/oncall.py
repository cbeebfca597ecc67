"""``tandem oncall``: who is on call, over time, and who would be paged when. From files; nothing is sent."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from tandem.cli.edge import Output, fail, show
from tandem.cli.moment import moment as read_moment
from tandem.errors import Reason, Refused, TandemError
from tandem.ids import uuid7

if TYPE_CHECKING:
    from tandem.agreement.compiled import Agreement
    from tandem.agreement.from_file import OnCall
    from tandem.agreement.schema.people import ScheduleSpec
    from tandem.model.events import IncidentEvent

app = typer.Typer(name="oncall", help="On-call schedules and escalation, from agreement files.", no_args_is_help=True)

LONGEST_ALERT = 1024 * 1024
LONGEST = timedelta(days=800)
"""A timeline covers at most this."""
WALKED = timedelta(hours=4)
"""How far ``escalate`` follows an unanswered path."""

File = Annotated[Path, typer.Option("--agreement", help="An agreement or provider file, or a directory of them.")]
Format = Annotated[Output, typer.Option(help="table or json")]


@app.command()
def who(
    agreement: File,
    at: Annotated[str | None, typer.Option(help="Instant, RFC 3339; default: now.")] = None,
    schedule: Annotated[str | None, typer.Option(help="Only this schedule.")] = None,
    track: Annotated[str | None, typer.Option(help="Only schedules of this track: soc or ops.")] = None,
    party: Annotated[str | None, typer.Option(help="Only schedules of this party: internal or msp.")] = None,
    output: Format = Output.TABLE,
) -> None:
    """Who is on call at an instant, per schedule; exit code 1 when one of them has nobody."""
    from tandem.agreement.oncall.absence import absences
    from tandem.agreement.oncall.timeline import on_call

    try:
        moment = read_moment(at, "--at")
        found = _documents(agreement)
        chosen = [(doc, spec) for doc, spec in _schedules(found, schedule) if _of(spec, track, party)]
        if not chosen:
            raise Refused(Reason.INVALID, "no schedule is meant by these options")
        rows = [
            {
                "schedule": spec.id,
                "party": spec.party.value if spec.party else None,
                "track": spec.track.value if spec.track else None,
                "at": _text(moment),
                "people": list(on_call(spec, moment, absences(doc.people, spec.zone))),
            }
            for doc, spec in chosen
        ]
    except TandemError as fault:
        raise fail(fault) from fault
    show(_readable(rows, output), output)
    if any(not row["people"] for row in rows):
        raise typer.Exit(1)


@app.command()
def timeline(
    agreement: File,
    schedule: Annotated[str, typer.Option(help="Id of the schedule.")],
    from_: Annotated[str, typer.Option("--from", help="Start, RFC 3339.")],
    to: Annotated[str, typer.Option("--to", help="End, RFC 3339, not included.")],
    output: Format = Output.TABLE,
) -> None:
    """Shifts between two instants; a gap is a shift without people."""
    from tandem.agreement.oncall.timeline import timeline as shifts_of

    try:
        start, end = read_moment(from_, "--from"), read_moment(to, "--to")
        if not start < end <= start + LONGEST:
            raise Refused(Reason.INVALID, f"--to should be after --from, by at most {LONGEST.days} days")
        doc, spec = _schedules(_documents(agreement), schedule)[0]
        shifts = shifts_of(spec, start, end, people=doc.people, zone=spec.zone)
    except TandemError as fault:
        raise fail(fault) from fault
    rows = [
        {"start": _text(each.start), "end": _text(each.end), "people": list(each.people), "layer": each.layer}
        for each in shifts
    ]
    show(_readable(rows, output), output)


@app.command()
def escalate(
    agreement: Annotated[Path, typer.Option(help="A tenant's agreement file; its provider's is looked for beside it.")],
    alert: Annotated[str, typer.Option(help="An alert as JSON, the generic body; - reads standard input.")],
    at: Annotated[str, typer.Option(help="Instant at which the alert arrives, RFC 3339.")],
    output: Format = Output.TABLE,
) -> None:
    """Who would be paged when, on which channel, while nobody answers; up to four hours on."""
    from tandem.agreement.from_file import load_agreement
    from tandem_notifier.preview import preview

    try:
        compiled = load_agreement(agreement, beside=agreement.parent)
        moment = read_moment(at, "--at")
        pages = preview(compiled, _opening(compiled, _body(alert), moment), until=moment + WALKED)
    except TandemError as fault:
        raise fail(fault) from fault
    rows = [
        {
            "at": _text(page.planned_at),
            "after_s": int((page.planned_at - moment).total_seconds()),
            "party": page.party.value,
            "person": page.person,
            "channel": page.channel,
            "kind": "told" if page.told else "page",
            "path": page.path,
            "pass": page.pass_,
            "step": page.step,
        }
        for page in pages
    ]
    show(rows, output)


def _opening(agreement: Agreement, body: dict[str, Any], at: datetime) -> IncidentEvent:
    """The incident that an alert would open, as the router decides it; shown as if the tenant were live."""
    from tandem.model.ownership import Mode
    from tandem_router.decide import NOTHING_OPEN, decide
    from tandem_router.explain import read_alert
    from tandem_router.incident.opening import open_incident

    alert = read_alert(body, agreement.tenant.id, at)
    routing = decide(alert, agreement, NOTHING_OPEN, at)
    if routing.mode is Mode.OBSERVE:
        routing = replace(routing, mode=Mode.LIVE)
    return open_incident(routing, alert, incident_id=uuid7(at, b"preview"), number=0, now=at).events[0]


def _body(source: str) -> dict[str, Any]:
    try:
        text = sys.stdin.read(LONGEST_ALERT + 1) if source == "-" else Path(source).read_text("utf-8")
        body = json.loads(text[:LONGEST_ALERT])
    except (OSError, ValueError, RecursionError) as fault:
        raise Refused(Reason.INVALID, f"{source} cannot be read as JSON: {fault}") from fault
    if not isinstance(body, dict):
        raise Refused(Reason.INVALID, f"{source} should hold one JSON object")
    return body


def _documents(path: Path) -> list[OnCall]:
    """The on-call part of a file, or of every YAML file of a directory."""
    from tandem.agreement.from_file import load_on_call

    files = sorted(f for f in path.iterdir() if f.suffix in {".yaml", ".yml"}) if path.is_dir() else [path]
    if not files:
        raise Refused(Reason.INVALID, f"{path} holds no .yaml file")
    return [load_on_call(file, beside=file.parent) for file in files]


def _schedules(documents: Iterable[OnCall], wanted: str | None) -> list[tuple[OnCall, ScheduleSpec]]:
    """Schedules of all documents, each id once, or the one that is wanted."""
    known: dict[str, tuple[OnCall, ScheduleSpec]] = {}
    for doc in documents:
        for spec in doc.schedules.values():
            known.setdefault(spec.id, (doc, spec))
    if wanted is None:
        return list(known.values())
    if wanted not in known:
        names = ", ".join(sorted(known)) or "none"
        raise Refused(Reason.INVALID, f"no schedule {wanted!r}; there are: {names}")
    return [known[wanted]]


def _of(spec: ScheduleSpec, track: str | None, party: str | None) -> bool:
    if track is not None and (spec.track is None or spec.track.value != track):
        return False
    return party is None or (spec.party is not None and spec.party.value == party)


def _readable(rows: list[dict[str, Any]], output: Output) -> list[dict[str, Any]]:
    """For a table: people as a text, a gap in words."""
    if output is Output.JSON:
        return rows
    return [{**row, "people": ", ".join(row["people"]) or "nobody"} for row in rows]


def _text(at: datetime) -> str:
    return at.astimezone(UTC).isoformat().replace("+00:00", "Z")
