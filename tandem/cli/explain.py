"""``tandem agreement explain``: what would be decided about an alert, and why. Nothing is sent, nothing is stored."""

from __future__ import annotations

import json
import sys
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from tandem.agreement.schema.fields import clean, suggest
from tandem.cli.edge import Output, fail
from tandem.cli.moment import moment
from tandem.errors import Reason, Refused, TandemError

if TYPE_CHECKING:
    from tandem.agreement.compiled import Agreement

LONGEST = 1024 * 1024
FIELDS = (
    *("title", "summary", "host", "severity", "severity_word", "kind", "vendor", "integration", "status"),
    *("dedup_key", "occurred_at", "customer", "url", "description", "test"),
)
"""What ``--set`` may name, beside labels."""
LABELS = ("site", "asset", "category", "function")
"""What people look for among the fields, and tools send as labels."""


def explain(
    agreement: Annotated[
        str, typer.Option(help="A tenant's file, its provider's beside it; or a client of the database: acme, acme@3")
    ],
    alert: Annotated[str, typer.Option(help="An alert as JSON, the generic body; - reads standard input.")],
    at: Annotated[str | None, typer.Option(help="Instant of the decision, RFC 3339; default: now.")] = None,
    set_: Annotated[
        list[str] | None,
        typer.Option("--set", help="Set a field first: severity=critical, labels.site=hq. Repeatable."),
    ] = None,
    data_dir: Annotated[Path | None, typer.Option(help="The data directory, when the database is embedded")] = None,
    output: Annotated[Output, typer.Option(help="table or json")] = Output.TABLE,
) -> None:
    """Say who would be responsible for an alert, who would be paged, and why."""
    from tandem.cli.named import compiled

    try:
        body, settings, instant = _alert(alert), _settings(set_ or []), moment(at, "--at")
        said = explained(compiled(agreement, data_dir), body, instant, settings)
    except TandemError as fault:
        raise fail(fault) from fault
    if output is Output.JSON:
        typer.echo(json.dumps(said, ensure_ascii=False, default=str))
        return
    typer.echo(said["sentence"])
    typer.echo()
    for line in said["lines"]:
        typer.echo(line)


def explained(agreement: Agreement, body: dict[str, Any], at: datetime, settings: dict[str, str]) -> dict[str, Any]:
    """The whole explanation: the decision with its trace, the pages and clocks it would lead to, and it all in lines.

    Raises:
        Refused: a field of the body is not what it should be.
    """
    from tandem.agreement import decision_words
    from tandem.cli import outlook
    from tandem_router import explain as router
    from tandem_router import steps
    from tandem_router.decide import NOTHING_OPEN, decide

    alert = router.read_alert(router.with_settings(body, settings), agreement.tenant.id, at)
    example = router.told_class(body, agreement)
    routing = decide(alert, agreement, NOTHING_OPEN, at, classified=example)
    opening = router.opening_of(alert, routing, at)
    pages = outlook.escalation(agreement, opening, at) if opening else []
    clocks = outlook.clocks(agreement, opening, at) if opening else []
    decision = router.as_json(routing)
    decision["trace"]["mapping"] = steps.mapping(alert, agreement)
    decision["trace"]["rules_not_taken"] = steps.rules_not_taken(alert, agreement)
    found = decision_words.steps(decision["trace"], escalation=pages, clocks=clocks)
    return {
        "sentence": router.sentence(routing),
        **decision,
        "escalation": pages,
        "clocks": clocks,
        "lines": list(decision_words.lines(found)),
    }


def _alert(source: str) -> dict[str, Any]:
    """The JSON object of a file or of standard input."""
    try:
        text = sys.stdin.read(LONGEST + 1) if source == "-" else Path(source).read_text("utf-8")
    except OSError as fault:
        raise Refused(Reason.INVALID, f"{source} cannot be read: {fault.strerror}") from fault
    except UnicodeDecodeError as fault:
        raise Refused(Reason.INVALID, f"{source} is not UTF-8 text; save it as UTF-8") from fault
    if len(text) > LONGEST:
        raise Refused(Reason.TOO_LARGE, "an alert is at most 1 MiB")
    try:
        body = json.loads(text)
    except (ValueError, RecursionError) as fault:
        raise Refused(Reason.INVALID, f"{source} is not JSON: {fault}") from fault
    if not isinstance(body, dict):
        raise Refused(Reason.INVALID, f"{source} should hold one JSON object")
    return body


def _settings(pairs: list[str]) -> dict[str, str]:
    split = [pair.partition("=") for pair in pairs]
    wrong = [name for name, equals, _value in split if not equals or not name]
    if wrong:
        raise Refused(Reason.INVALID, f"--set {wrong[0]!r} should be field=value")
    for name, _equals, value in split:
        if name not in FIELDS and not name.startswith("labels."):
            label = f"; a label is set by labels.{clean(name[:40])}={clean(value[:40])}"
            close = label if name in LABELS else suggest(name, FIELDS) or label
            raise Refused(Reason.INVALID, f"--set {name[:40]!r}: an alert has no such field{close}")
    return {name: value for name, _equals, value in split}
