"""``tandem agreement explain``: what would be decided about an alert, and why. Nothing is sent, nothing is stored."""

from __future__ import annotations

import json
import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Any

import typer

from tandem.cli.edge import Output, fail
from tandem.clock import SystemClock
from tandem.errors import Reason, Refused, TandemError

LONGEST = 1024 * 1024


def explain(
    agreement: Annotated[Path, typer.Option(help="A tenant's agreement file; its provider's is looked for beside it.")],
    alert: Annotated[str, typer.Option(help="An alert as JSON, the generic body; - reads standard input.")],
    at: Annotated[str | None, typer.Option(help="Instant of the decision, RFC 3339; default: now.")] = None,
    set_: Annotated[
        list[str] | None,
        typer.Option("--set", help="Set a field first: severity=critical, labels.site=hq. Repeatable."),
    ] = None,
    output: Annotated[Output, typer.Option(help="table or json")] = Output.TABLE,
) -> None:
    """Say who would be responsible for an alert, who would be paged, and why."""
    from tandem.agreement.from_file import load_agreement
    from tandem_router.explain import explain as decide

    try:
        compiled = load_agreement(agreement, beside=agreement.parent)
        sentence, decision = decide(compiled, _alert(alert), _instant(at), _settings(set_ or []))
    except TandemError as fault:
        raise fail(fault) from fault
    if output is Output.JSON:
        typer.echo(json.dumps({"sentence": sentence, **decision}, ensure_ascii=False, default=str))
    else:
        typer.echo(sentence)


def _alert(source: str) -> dict[str, Any]:
    """The JSON object of a file or of standard input."""
    try:
        text = sys.stdin.read(LONGEST + 1) if source == "-" else Path(source).read_text("utf-8")
    except (OSError, UnicodeDecodeError) as fault:
        raise Refused(Reason.INVALID, f"{source} cannot be read: {fault}") from fault
    if len(text) > LONGEST:
        raise Refused(Reason.TOO_LARGE, "an alert is at most 1 MiB")
    try:
        body = json.loads(text)
    except (ValueError, RecursionError) as fault:
        raise Refused(Reason.INVALID, f"{source} is not JSON: {fault}") from fault
    if not isinstance(body, dict):
        raise Refused(Reason.INVALID, f"{source} should hold one JSON object")
    return body


def _instant(text: str | None) -> datetime:
    if text is None:
        return SystemClock().now()
    try:
        said = datetime.fromisoformat(text)
    except ValueError:
        raise Refused(Reason.INVALID, f"--at {text!r} should be a time like 2026-11-20T03:00:00Z") from None
    return (said if said.tzinfo else said.replace(tzinfo=UTC)).astimezone(UTC)


def _settings(pairs: list[str]) -> dict[str, str]:
    split = [pair.partition("=") for pair in pairs]
    wrong = [name for name, equals, _value in split if not equals or not name]
    if wrong:
        raise Refused(Reason.INVALID, f"--set {wrong[0]!r} should be field=value")
    return {name: value for name, _equals, value in split}
