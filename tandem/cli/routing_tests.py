"""``tandem agreement test``: routing unit tests, for people and for CI."""

from __future__ import annotations

import json
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any
from xml.sax.saxutils import quoteattr

import typer

from tandem.cli.edge import fail
from tandem.errors import AgreementError, TandemError

if TYPE_CHECKING:
    from tandem_router.routing_tests import Result

LARGEST = 1024 * 1024


class TestOutput(StrEnum):
    """How results are printed."""

    __test__ = False

    TABLE = "table"
    JSON = "json"
    JUNIT = "junit"


def check_routing(
    files: Annotated[list[Path], typer.Argument(help="Files of routing tests.", exists=True, dir_okay=False)],
    output: Annotated[TestOutput, typer.Option(help="table, json, or junit for a CI's report")] = TestOutput.TABLE,
) -> None:
    """Decide the alerts of routing tests and compare; exit 1 when something is not as expected."""
    try:
        results = [(str(file), result) for file in files for result in _results(file)]
    except AgreementError as fault:
        for problem in fault.problems:
            typer.echo(problem, err=True)
        raise typer.Exit(1) from None
    except TandemError as fault:
        raise fail(fault) from fault
    match output:
        case TestOutput.JSON:
            typer.echo(json.dumps([_as_json(file, result) for file, result in results], indent=2, ensure_ascii=False))
        case TestOutput.JUNIT:
            typer.echo(_junit(results))
        case _:
            _print(results)
    if not all(result.passed for _, result in results):
        raise typer.Exit(1)


def _results(file: Path) -> list[Result]:
    from tandem.agreement.from_file import load_agreement
    from tandem.cli.outlook import OUTLOOK
    from tandem_router.expectations import read_tests
    from tandem_router.routing_tests import run_tests

    tests = read_tests(_text(file), str(file))
    subject = file.parent / tests.content.agreement
    agreement = load_agreement(subject, beside=subject.parent)
    return list(run_tests(tests, agreement, OUTLOOK))


def _text(file: Path) -> str:
    from tandem.errors import Problem

    try:
        with file.open("rb") as stream:
            return stream.read(LARGEST + 1).decode("utf-8-sig")
    except (OSError, UnicodeDecodeError) as fault:
        raise AgreementError([Problem(str(file), 1, 1, f"cannot be read: {fault}")]) from None


def _print(results: list[tuple[str, Result]]) -> None:
    for file, result in results:
        if result.passed:
            typer.echo(f"ok    {result.name}")
            continue
        typer.echo(f"FAIL  {result.name}  ({file}:{result.line}:{result.column})")
        for miss in result.misses:
            typer.echo(
                f"      {file}:{miss.line}:{miss.column}: {miss.field}: expected {miss.expected}, got {miss.got}"
            )
        typer.echo(f"      {result.sentence}")
    failed = sum(not result.passed for _, result in results)
    typer.echo(f"{len(results)} tests, {failed} failed" if failed else f"{len(results)} tests passed")


def _as_json(file: str, result: Result) -> dict[str, Any]:
    return {
        "file": file,
        "line": result.line,
        "name": result.name,
        "passed": result.passed,
        "differences": [
            {"field": miss.field, "expected": miss.expected, "got": miss.got, "line": miss.line}
            for miss in result.misses
        ],
        "sentence": result.sentence,
    }


def _junit(results: list[tuple[str, Result]]) -> str:
    failed = sum(not result.passed for _, result in results)
    lines = [f'<testsuite name="tandem agreement test" tests="{len(results)}" failures="{failed}">']
    for file, result in results:
        lines.append(f"  <testcase classname={quoteattr(file)} name={quoteattr(result.name)}>")
        said = "; ".join(f"{miss.field}: expected {miss.expected}, got {miss.got}" for miss in result.misses)
        if said:
            lines.append(f"    <failure message={quoteattr(said)}/>")
        lines.append("  </testcase>")
    return "\n".join([*lines, "</testsuite>"])
