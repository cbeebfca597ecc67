"""Words that rows, modes and the vocabulary use are declared somewhere, and a row's options say something."""

from __future__ import annotations

from collections.abc import Iterator

from tandem.agreement.checks.context import Context
from tandem.agreement.schema.fields import suggest
from tandem.agreement.schema.matrix import UNKNOWN, ScopeRow
from tandem.errors import Problem
from tandem.model.ownership import Owner


def check_words(context: Context) -> Iterator[Problem]:
    """In the order of the sections."""
    yield from _exclusive_tags(context)
    yield from _modes(context)
    vendors = _vendors(context)
    for index, row in context.entries("matrix"):
        yield from _row(context, index, row, vendors)


def _exclusive_tags(context: Context) -> Iterator[Problem]:
    tenant = context.tenant
    if tenant is None:
        return
    known = {*tenant.vocabulary.tags, *(tag for asset in tenant.assets for tag in asset.tags)}
    for number, tags in enumerate(context.own.document.vocabulary.exclusive):
        for position, tag in enumerate(tags):
            if tag not in known:
                message = f'no asset has the tag "{tag}", and the vocabulary does not list it{suggest(tag, known)}'
                yield context.problem(("vocabulary", "exclusive", number, position), message, level="warning")


def _modes(context: Context) -> Iterator[Problem]:
    functions = {function.id for function in context.whole.functions}
    for name in getattr(context.own.document, "modes", {}):
        if name not in functions:
            message = f'modes: there is no function "{name}"{suggest(name, functions)}'
            yield context.problem(("modes", name), message, key=True)


def _vendors(context: Context) -> set[str] | None:
    """Every vendor that may speak, in lower case; None where that is not known (a provider's document)."""
    tenant = context.tenant
    if tenant is None:
        return None
    return {UNKNOWN, *tenant.vocabulary.vendors, *(entry.vendor.lower() for entry in tenant.integrations)}


def _row(context: Context, index: int, row: ScopeRow, vendors: set[str] | None) -> Iterator[Problem]:
    if row.overflow is not None and row.owner is Owner.MSP:
        message = f'the row "{row.id}" is the MSP\'s already, so overflow: msp says nothing; take it out'
        yield context.problem(("matrix", index, "overflow"), message, level="warning")
    classes = {UNKNOWN, *context.whole.vocabulary.host_classes}
    for name in row.host_class.named if row.host_class else ():
        if name not in classes:
            message = f'the vocabulary declares no host class "{name}"{suggest(name, classes)}'
            yield context.problem(("matrix", index, "host_class"), message)
    for name in row.vendor.named if row.vendor and vendors is not None else ():
        if vendors is not None and name.lower() not in vendors:
            message = (
                f'no integration is of the vendor "{name}"{suggest(name, vendors)}'
                "; if its alerts come another way, list it under vocabulary.vendors"
            )
            yield context.problem(("matrix", index, "vendor"), message, level="warning")
