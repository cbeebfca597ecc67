"""Numbers, dates and rules that cannot be meant: each is allowed by its shape, and together with the rest it is a slip.

All of these are warnings: the agreement works, only otherwise than whoever wrote it thinks.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from zoneinfo import ZoneInfo

from tandem.agreement.checks.context import Context
from tandem.agreement.coverage.wording import day
from tandem.agreement.oncall.restriction import instant
from tandem.agreement.schema.documents import TenantDocument
from tandem.errors import Problem

MOST_ASSETS = 20
"""Assets with too many users that are named."""


def check_plausible(context: Context, on: datetime | None) -> Iterator[Problem]:
    """``on``: the instant of the check, aware; None leaves out what depends on it."""
    yield from _rules_behind_all(context)
    tenant = context.tenant
    if tenant is not None:
        yield from _users(context, tenant)
        if on is not None:
            yield from _ended(context, tenant, on)


def _users(context: Context, tenant: TenantDocument) -> Iterator[Problem]:
    """The denominator of the > 20 % rule against what the inventory and the sites say."""
    spec, at = tenant.tenant, ("tenant", "users")
    counted = any(site.users for site in tenant.sites) or any(asset.users for asset in tenant.assets)
    if spec.users == 0:
        if counted or "users" in spec.model_fields_set:
            share = f"{tenant.rules.wide_outage_share:.0%}".replace("%", " %")
            message = (
                f"{spec.name} has 0 users here, so no outage ever touches more than {share} of them; "
                "write how many there are"
            )
            yield context.problem(at, message, level="warning")
        return
    whole = f"only {spec.users} ({_line(context, at)}); one of both is wrong"
    for index, site in enumerate(tenant.sites):
        if site.users > spec.users:
            message = f'the site "{site.id}" has {site.users} users, and the whole client {whole}'
            yield context.problem(("sites", index, "users"), message, level="warning")
    large = [(index, asset) for index, asset in enumerate(tenant.assets) if asset.users > spec.users]
    for index, asset in large[:MOST_ASSETS]:
        message = f'an outage of "{asset.id}" touches {asset.users} users, and the whole client has {whole}'
        yield context.problem(("assets", index, "users"), message, level="warning")


def _line(context: Context, at: tuple[int | str, ...]) -> str:
    return f"line {context.problem(at, '').line}"


def _ended(context: Context, tenant: TenantDocument, on: datetime) -> Iterator[Problem]:
    ends_at, zone = tenant.tenant.ends_at, ZoneInfo(tenant.tenant.zone)
    if ends_at is not None and instant(ends_at, zone) <= on:
        ended = instant(ends_at, zone).astimezone(zone).date()
        message = (
            f"this agreement ended on {day(ended)} {ended.year}, so nobody is paged any more; "
            "change ends_at, or take it out"
        )
        yield context.problem(("tenant", "ends_at"), message, level="warning")


def _rules_behind_all(context: Context) -> Iterator[Problem]:
    """The first rule that matches decides: behind one without a condition the others are never asked."""
    taken = None
    for index, rule in context.entries("classification"):
        if taken is not None:
            message = (
                f'the rule "{rule.id}" is never asked: the rule "{taken}" ({context.place("classification", taken)}) '
                "has no condition and takes every alert before it; put it last"
            )
            yield context.problem(("classification", index, "id"), message, level="warning")
            return
        if not rule.when:
            taken = rule.id
