"""Expected signals: what they name exists, they come due at all, and no grace runs into the next one."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

from tandem.agreement.checks.context import Context
from tandem.agreement.expected import Check, compile_expected
from tandem.agreement.rhythm import Interval
from tandem.agreement.schema.expected import ExpectedSpec
from tandem.agreement.schema.fields import format_duration, suggest
from tandem.errors import Problem

_Path = tuple[int | str, ...]
_MONDAY = datetime(2026, 1, 5, tzinfo=UTC)
_LOOKED_AT = 60
"""Deadlines whose distances are compared with the grace."""


def check_expected(context: Context) -> Iterator[Problem]:
    """All of them, in the order of the section."""
    zone = context.tenant.tenant.zone if context.tenant is not None else "UTC"
    for index, spec in context.entries("expected"):
        at: _Path = ("expected", index)
        yield from _named(context, at, spec)
        yield from _possible(context, at, compile_expected([spec], zone).checks[spec.id])


def _named(context: Context, at: _Path, spec: ExpectedSpec) -> Iterator[Problem]:
    """A provider's row holds for every client, so what it names may be of any of them."""
    tenant = context.tenant
    if tenant is None:
        return
    assets = {asset.id for asset in tenant.assets}
    if spec.asset is not None and spec.asset not in assets:
        message = f'there is no asset "{spec.asset}"{suggest(spec.asset, assets)}'
        yield context.problem((*at, "asset"), message)
    ways = {each.name: each.vendor for each in tenant.integrations}
    named = [((*at, "integration"), spec.integration)]
    if spec.source is not None:
        named.append(((*at, "from", "integration"), spec.source.integration))
    for place, name in named:
        if name is not None and name not in ways:
            hint = suggest(name, ways) or "; list it under integrations"
            level = "error" if ways else "warning"  # without any here, it may be made by `tandem integrations add`
            yield context.problem(place, f'there is no integration "{name}"{hint}', level=level)
    if spec.source is not None and spec.source.integration is not None and spec.source.vendor is not None:
        vendor = ways.get(spec.source.integration, spec.source.vendor)
        if vendor != spec.source.vendor:
            message = f'"{spec.source.integration}" reads alerts of {vendor}: none of {spec.source.vendor} come by it'
            yield context.problem((*at, "from", "vendor"), message)


def _possible(context: Context, at: _Path, check: Check) -> Iterator[Problem]:
    due = check.rhythm.first(_MONDAY)
    key = next((name for name in ("cron", "by", "every") if getattr(check.spec, name) is not None), "hours")
    if due is None:
        place = (*at, key) if key != "hours" or check.spec.hours else at
        yield context.problem(place, "this is never due; nobody would hear of its silence")
        return
    if isinstance(check.rhythm, Interval):
        return
    shortest = timedelta.max
    for _ in range(_LOOKED_AT):
        following = check.rhythm.following(due)
        if following is None:
            break
        shortest, due = min(shortest, following - due), following
    if check.grace >= shortest:
        message = (
            f"a grace of {format_duration(check.grace)} runs into the next deadline, which is only"
            f" {format_duration(shortest)} later; make it shorter"
        )
        yield context.problem((*at, "grace") if check.spec.grace is not None else (*at, key), message)
