"""Whoever is paged is told what to do: each function has a runbook, and a runbook that is named exists."""

from __future__ import annotations

from collections.abc import Iterator

from tandem.agreement.checks.context import Context
from tandem.agreement.schema.fields import clean, suggest
from tandem.agreement.schema.matrix import ScopeRow
from tandem.errors import Problem

MOST_NAMED = 30
"""Functions that one message lists."""


def check_runbooks(context: Context) -> Iterator[Problem]:
    """Names first, then one warning for what has none."""
    for name, link in context.own.document.runbooks.items():
        if not _is_link(link):
            message = f"runbooks.{name}: {_no_link(link)}"
            yield context.problem(("runbooks", name), message)
    for index, row in context.entries("matrix"):
        if row.runbook and "://" in row.runbook and not _is_link(row.runbook):
            yield context.problem(("matrix", index, "runbook"), _no_link(row.runbook))
        if row.runbook and "://" not in row.runbook and row.runbook not in context.whole.runbooks:
            close = suggest(row.runbook, context.whole.runbooks)
            message = (
                f'there is no runbook "{clean(row.runbook[:60])}"{close or "; write its URL, or add it to runbooks"}'
            )
            yield context.problem(("matrix", index, "runbook"), message)
    missing = list(_missing(context))
    if missing:
        first = missing[0][1]
        several = f"{len(missing)} functions page" if len(missing) > 1 else "one function pages"
        listed = "".join(f"\n  {name} ({context.place('matrix', row.id)})" for name, row in missing[:MOST_NAMED])
        more = f"\n  and {len(missing) - MOST_NAMED} more" if len(missing) > MOST_NAMED else ""
        message = (
            f"{several} people without a runbook, so nobody is told what to do:{listed}{more}\n"
            f"  Fix: add it for all rows of a function (runbooks: {{{missing[0][0]}: https://...}}), "
            "or runbook: to a row."
        )
        yield context.problem(("matrix", _index(context, first)), message, level="warning")


def _is_link(text: str) -> bool:
    """Whether people may click it: ``javascript:`` and the like are no addresses of a document."""
    return text.casefold().startswith(("https://", "http://"))


def _no_link(text: str) -> str:
    return f'"{clean(text[:60])}" is not a web address; write it like https://wiki.example.com/servers'


def _missing(context: Context) -> Iterator[tuple[str, ScopeRow]]:
    """(function, its first row of this document without a runbook)."""
    bare = [row for _, row in context.entries("matrix") if not row.runbook]
    for function in context.whole.functions:
        if function.id not in context.whole.runbooks:
            rows = (row for row in bare if row.function is None or function.id in row.function)
            row = next(rows, None)
            if row is not None:
                yield function.id, row


def _index(context: Context, row: ScopeRow) -> int:
    return next(index for index, entry in context.entries("matrix") if entry is row)
