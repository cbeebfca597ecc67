"""``tandem init``: six questions, and a commented agreement to begin with."""

from __future__ import annotations

import sys
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Annotated, Any

import typer
from pydantic import TypeAdapter, ValidationError

from tandem.agreement.load import tenant_source
from tandem.agreement.schema.fields import Zone
from tandem.agreement.schema.hours import parse_days, parse_interval
from tandem.agreement.schema.matrix import ScopeRow
from tandem.agreement.schema.people import Contact
from tandem.agreement.starter.answers import FUNCTIONS, Answers
from tandem.agreement.starter.document import starter
from tandem.cli.agreement import check_files, verdict
from tandem.cli.edge import fail
from tandem.cli.matrix import rows_of
from tandem.clock import SystemClock
from tandem.errors import AgreementError, Reason, Refused
from tandem.model.ownership import Owner, TenantKind

FILE = "agreement.yaml"
USUAL = Answers()


def init(
    directory: Annotated[Path, typer.Argument(help="Where to write it; made when missing")],
    *,
    yes: Annotated[bool, typer.Option("--yes", "-y", help="Ask nothing; what no option says is the usual")] = False,
    name: Annotated[str | None, typer.Option(help="The organization")] = None,
    users: Annotated[int | None, typer.Option(min=0, help="How many users it has")] = None,
    kind: Annotated[TenantKind | None, typer.Option(help="co-managed, or managed: no internal team")] = None,
    lead: Annotated[str | None, typer.Option(help="Who leads the internal team")] = None,
    lead_mail: Annotated[str | None, typer.Option(help="Where the lead is reached")] = None,
    zone: Annotated[str | None, typer.Option(help="Time zone, America/New_York")] = None,
    hours: Annotated[str | None, typer.Option(help="Working hours, mon-fri 09:00-17:00")] = None,
    provider: Annotated[str | None, typer.Option(help="The managed service provider")] = None,
    on_call: Annotated[str | None, typer.Option(help="Mail of its operations on-call")] = None,
    security: Annotated[str | None, typer.Option(help="Mail of its security on-call")] = None,
    internal: Annotated[str | None, typer.Option(help="Functions the internal team owns: servers,endpoints")] = None,
    shared: Annotated[str | None, typer.Option(help="Functions that both own: network")] = None,
    table: Annotated[
        Path | None, typer.Option("--from", exists=True, dir_okay=False, help="A scope matrix as a table (.csv, .md)")
    ] = None,
) -> None:
    """Write a commented agreement into DIRECTORY; never over a file that is there."""
    days, _, clock = (hours or "").strip().partition(" ")
    given: dict[str, Any] = {
        "name": name, "users": users, "kind": kind, "lead": lead, "lead_mail": lead_mail, "zone": zone,
        "days": days or None, "hours": clock or None, "provider": provider, "on_call": on_call, "security": security,
    }  # fmt: skip
    answers = replace(USUAL, **{key: value for key, value in given.items() if value is not None})
    owners = _owners(internal, shared)
    try:
        rows = rows_of(table) if table else ()
        if not yes and sys.stdin.isatty():
            asked = {key for key, value in given.items() if value is None}
            answers, owners = _ask(answers, asked, owners, functions=not rows and internal is None and shared is None)
        path = write_starter(directory, replace(answers, owners=owners), rows)
    except (AgreementError, Refused) as fault:
        raise fail(fault) from fault
    except FileExistsError as fault:
        typer.echo(f"{fault.filename or directory} is there already; choose another directory", err=True)
        raise typer.Exit(1) from fault
    _next(path)


def write_starter(directory: Path, answers: Answers = USUAL, rows: Sequence[ScopeRow] = ()) -> Path:
    """Write a commented agreement that passes ``check`` into ``directory`` (made when missing); returns its path.

    Raises:
        FileExistsError: there is one; it is never overwritten.
        AgreementError: an answer is not of its form (a zone that does not exist); nothing is written.
    """
    text = starter(answers, rows)
    path = directory / FILE
    if path.exists():
        raise FileExistsError(17, "there already", str(path))
    tenant_source(text, file=str(path))
    directory.mkdir(parents=True, exist_ok=True)
    with path.open("x", encoding="utf-8") as stream:
        stream.write(text)
    return path


def _owners(internal: str | None, shared: str | None) -> dict[str, str]:
    """Function -> owner from the two lists; what neither names is the provider's."""
    if internal is None and shared is None:
        return {}
    owners = dict.fromkeys(FUNCTIONS, Owner.MSP.value)
    for words, owner in ((internal, Owner.INTERNAL), (shared, Owner.SHARED)):
        for word in (words or "").replace(",", " ").split():
            owners[_function(word)] = owner.value
    return owners


def _function(word: str) -> str:
    names = list(FUNCTIONS)
    if word.isascii() and word.isdigit() and 1 <= int(word) <= len(names):
        return names[int(word) - 1]
    if word not in FUNCTIONS:
        raise fail(Refused(Reason.INVALID, f"there is no function {word[:40]!r} to choose; one of {', '.join(names)}"))
    return word


def _ask(
    answers: Answers, asked: set[str], owners: dict[str, str], *, functions: bool
) -> tuple[Answers, dict[str, str]]:
    """Six questions; Enter takes what stands in brackets."""
    typer.echo("Six questions; Enter takes what stands in brackets. Everything can be changed in the file later.\n")

    def text(question: str, key: str) -> dict[str, Any]:
        if key not in asked:
            return {}
        check = CHECKED.get(key, str)
        return {
            key: typer.prompt(question, default=getattr(answers, key), value_proc=lambda said: _checked(check, said))
        }

    answers = replace(answers, **text("1. Name of the organization", "name"))
    if "users" in asked:
        answers = replace(answers, users=typer.prompt("   How many users", default=answers.users, type=int))
    if "kind" in asked:
        team = typer.confirm("2. Does it have an internal IT team", default=True)
        answers = replace(answers, kind=TenantKind.CO_MANAGED if team else TenantKind.MANAGED)
    if answers.kind is TenantKind.CO_MANAGED:
        answers = replace(answers, **text("3. Who leads the internal team", "lead"))
        answers = replace(answers, **text("   Mail address of the lead", "lead_mail"))
    answers = replace(answers, **text("4. Time zone", "zone"))
    answers = replace(answers, **text("   Working days", "days"), **text("   Working hours", "hours"))
    answers = replace(answers, **text("5. Name of the provider", "provider"))
    answers = replace(answers, **text("   Mail address of its operations on-call", "on_call"))
    answers = replace(answers, **text("   Mail address of its security on-call", "security"))
    if functions and answers.kind is TenantKind.CO_MANAGED:
        owners = _ask_functions()
    return answers, owners


def _checked(check: Callable[[str], object], said: str) -> str:
    """``said``; the question is asked again when it is not of its form."""
    try:
        check(said)
    except ValidationError as fault:
        raise typer.BadParameter(str(fault.errors()[0]["ctx"]["error"])) from None
    except ValueError as fault:
        raise typer.BadParameter(str(fault)) from None
    return said


def _mail(said: str) -> Contact:
    return Contact(channel="email", to=said)


CHECKED: dict[str, Callable[[str], object]] = {
    "zone": TypeAdapter(Zone).validate_python,
    "days": parse_days,
    "hours": parse_interval,
    "lead_mail": _mail,
    "on_call": _mail,
    "security": _mail,
}
"""Answers that have a form."""


def _ask_functions() -> dict[str, str]:
    typer.echo("6. Who does what? The provider does what neither list names.")
    for number, (title, _) in enumerate(FUNCTIONS.values(), start=1):
        typer.echo(f"   {number} {title}")
    usual = {
        owner: ",".join(str(n) for n, (_, whose) in enumerate(FUNCTIONS.values(), start=1) if whose == owner)
        for owner in ("internal", "shared")
    }
    internal = typer.prompt("   The internal team owns", default=usual["internal"])
    return _owners(internal, typer.prompt("   Both share, the provider leads", default=usual["shared"]))


def _next(path: Path) -> None:
    problems, checked = check_files([path], on=SystemClock().now())
    for problem in problems:
        typer.echo(problem)
    typer.echo(f"""{verdict(problems, checked)}

{path} is written. Next:
  1. change what says "change", and read it with the other party
  2. tandem agreement check {path}
  3. tandem agreement matrix {path}          the matrix as a table
  4. tandem serve --agreements {path.parent}   it only observes: nobody is paged until the mode says so""")
    if any(problem.level == "error" for problem in problems):
        raise typer.Exit(1)
