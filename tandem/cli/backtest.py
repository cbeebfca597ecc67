"""``tandem agreement backtest``: two agreements over the same alerts, stored ones or a file of JSON lines."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, BinaryIO

import typer

from tandem.cli.edge import Output, fail
from tandem.cli.moment import moment
from tandem.errors import PoisonRecord, Reason, Refused, TandemError
from tandem.ids import uuid8

if TYPE_CHECKING:
    from tandem.cli.named import Named
    from tandem.cli.stored import Stored
    from tandem.model.alert import Alert
    from tandem_router.backtest import Comparison

WEEK = timedelta(days=7)
"""What is looked at when nothing else is said."""
LONGEST_LINE = 1024 * 1024
FAULTS_SHOWN = 5
PROGRESS_EVERY = 10_000


def backtest(
    candidate: Annotated[Path, typer.Option(help="A tenant's agreement file; its provider's is looked for beside it.")],
    baseline: Annotated[
        str | None, typer.Option(help="What it is compared with: a file, CLIENT or CLIENT@VERSION; default: the active")
    ] = None,
    input_: Annotated[
        str | None, typer.Option("--input", help="Alerts as JSON lines with received_at; - reads standard input.")
    ] = None,
    from_: Annotated[
        str | None, typer.Option("--from", help="Stored alerts from here, RFC 3339; default: a week.")
    ] = None,
    to: Annotated[str | None, typer.Option("--to", help="Not included; default: now.")] = None,
    examples: Annotated[int, typer.Option(min=0, max=100, help="Alerts shown for each kind of change")] = 5,
    data_dir: Annotated[Path | None, typer.Option(help="The data directory, when the database is embedded")] = None,
    output: Annotated[Output, typer.Option(help="table or json")] = Output.TABLE,
) -> None:
    """Decide the same alerts by two agreements: what would have been otherwise, and who would have been woken."""
    from tandem.cli.named import from_file, is_file

    try:
        new = from_file(candidate)
        if input_ is not None and baseline is not None and is_file(baseline):
            report = _of_lines(input_, comparison(from_file(Path(baseline)), new, examples), new.tenant)
        else:
            report = _of_installation(new, baseline, input_, (from_, to), examples, data_dir)
    except TandemError as fault:
        raise fail(fault) from fault
    tell(report, output)


def comparison(old: Named, new: Named, examples: int) -> Comparison:
    """A comparison of two agreements of one client.

    Raises:
        Refused: they are two clients'.
    """
    from tandem.cli.outlook import first_people
    from tandem_router.backtest import Comparison, Side

    if old.tenant != new.tenant:
        raise Refused(Reason.INVALID, f"{old.label} is {old.tenant}'s agreement and {new.label} is {new.tenant}'s")
    return Comparison(Side(old.agreement, first_people), Side(new.agreement, first_people), examples=examples)


async def over_stored(stored: Stored, compared: Comparison, tenant: str, since: datetime, until: datetime) -> None:
    """Feed what was accepted in ``[since, until)``."""
    async for alert in stored.alerts(tenant, since, until):
        take(compared, alert)


def tell(report: dict[str, Any], output: Output) -> None:
    """Print a comparison's report."""
    from tandem_router.backtest import summary

    if output is Output.JSON:
        typer.echo(json.dumps(report, indent=2, ensure_ascii=False))
        return
    for line in summary(report):
        typer.echo(line)
    for fault in report.get("unreadable", {}).get("first", ()):
        typer.echo(fault, err=True)


def _of_installation(
    new: Named,
    baseline: str | None,
    input_: str | None,
    period: tuple[str | None, str | None],
    examples: int,
    data_dir: Path | None,
) -> dict[str, Any]:
    from tandem.cli.stored import reading

    until = moment(period[1], "--to")
    since = moment(period[0], "--from") if period[0] else until - WEEK

    async def work(stored: Stored) -> dict[str, Any]:
        compared = comparison(await stored.named(baseline or new.tenant), new, examples)
        if input_ is not None:
            return _of_lines(input_, compared, new.tenant)
        await over_stored(stored, compared, new.tenant, since, until)
        return compared.report()

    return reading(data_dir, work)


def _of_lines(source: str, compared: Comparison, tenant: str) -> dict[str, Any]:
    with _opened(source) as stream:
        lines = Lines(stream, tenant)
        for alert in lines:
            take(compared, alert)
    return {**compared.report(), "unreadable": {"lines": lines.unreadable, "first": lines.faults}}


def _opened(source: str) -> AbstractContextManager[BinaryIO]:
    if source == "-":
        return nullcontext(sys.stdin.buffer)
    try:
        return Path(source).open("rb")
    except OSError as fault:
        raise Refused(Reason.INVALID, f"{source} cannot be read: {fault.strerror}") from fault


@dataclass
class Lines:
    """Alerts of a stream of JSON lines, in its order; what cannot be read is counted and the first ones are kept."""

    stream: BinaryIO
    tenant: str
    unreadable: int = 0
    faults: list[str] = field(default_factory=list)

    def __iter__(self) -> Iterator[Alert]:
        """One alert per line; each carries its ``received_at``."""
        from tandem_router.explain import read_alert

        for number, line in _lines(self.stream):
            try:
                body = _body(line)
                alert = read_alert(body, self.tenant, _received_at(body))
            except (Refused, ValueError, RecursionError) as fault:
                self._note(number, fault)
                continue
            yield replace(alert, alert_id=uuid8("backtest", str(number)))

    def _note(self, number: int, fault: Exception) -> None:
        self.unreadable += 1
        if len(self.faults) < FAULTS_SHOWN:
            detail = fault.detail if isinstance(fault, Refused) else str(fault)
            self.faults.append(f"line {number}: {detail[:200]}")


def _lines(stream: BinaryIO) -> Iterator[tuple[int, bytes]]:
    """Numbered lines that say something; one that is too long is given cut, so that it is counted as unreadable."""
    number = 0
    while line := stream.readline(LONGEST_LINE + 1):
        number += 1
        cut = line
        while cut and not cut.endswith(b"\n"):
            cut = stream.readline(LONGEST_LINE)
        if line.strip():
            yield number, line


def _body(line: bytes) -> dict[str, Any]:
    if len(line) > LONGEST_LINE:
        raise ValueError("longer than 1 MiB; an alert never is")
    body = json.loads(line)
    if not isinstance(body, dict):
        raise ValueError("should be one JSON object")  # noqa: TRY004 - every unreadable line is a ValueError
    return body


def _received_at(body: dict[str, Any]) -> datetime:
    text = body.get("received_at") or body.get("occurred_at")
    if not isinstance(text, str):
        raise ValueError("has no received_at; a decision needs its instant")  # noqa: TRY004 - as above
    return moment(text, "received_at")


def take(comparison: Comparison, alert: Alert) -> None:
    """One alert into the comparison; every so often a word on stderr.

    Raises:
        Refused: it is another client's.
    """
    try:
        comparison.take(alert)
    except PoisonRecord as fault:
        raise Refused(Reason.INVALID, str(fault)) from fault
    if comparison.alerts % PROGRESS_EVERY == 0:
        typer.echo(f"  {comparison.alerts:,} alerts decided twice", err=True)
