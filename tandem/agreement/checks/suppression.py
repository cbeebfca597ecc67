"""Windows, silences and inhibitions: what they name exists, they come again, they end, and no two mute one another."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

from tandem.agreement.checks.context import Context
from tandem.agreement.checks.inhibition import in_circles, may_come_of
from tandem.agreement.schema.documents import TenantDocument
from tandem.agreement.schema.fields import suggest
from tandem.agreement.schema.scope import SiteSpec
from tandem.agreement.schema.suppression import Holding, MaintenanceSpec, Scoped
from tandem.agreement.suppressors import silence_of, window_of, zone_of
from tandem.agreement.windows import LONGEST, Recurrence
from tandem.errors import Problem
from tandem.model.calendar import instant_of

_Path = tuple[int | str, ...]
WEEK = timedelta(days=7)
_AHEAD = timedelta(days=800)


def check_suppression(context: Context, on: datetime | None = None) -> Iterator[Problem]:
    """All of them, in the order of the sections; with ``on`` also those that are over by then."""
    for index, window in context.entries("maintenance"):
        at: _Path = ("maintenance", index)
        yield from _holding(context, at, window)
        yield from _window(context, at, window, on)
    for index, silence in context.entries("silences"):
        yield from _holding(context, ("silences", index), silence)
        if on is not None and silence_of(silence, _zone(context)).recurrence.next_change(on) is None:
            message = "this silence is over; take it out, its history is kept"
            yield context.problem(("silences", index, "to"), message, level="warning")
    yield from _inhibitions(context)


def _holding(context: Context, at: _Path, spec: Holding) -> Iterator[Problem]:
    yield from _named(context, at, spec)
    people = context.whole.people
    if people and spec.owner not in people:
        message = f'there is no person "{spec.owner}"{suggest(spec.owner, people)}; somebody has to answer for it'
        yield context.problem((*at, "owner"), message)
    if spec.allow_suppress_p1 and context.tenant is None:
        message = (
            "holding P1 and security alerts needs the consent of both parties: write it into the client's agreement,"
            " a provider's document has one signature"
        )
        yield context.problem((*at, "allow_suppress_p1"), message)


def _named(context: Context, at: _Path, spec: Scoped) -> Iterator[Problem]:
    """Everything that a scope names exists, as far as this document can know it."""
    for name, known in _vocabulary(context).items():
        for position, value in enumerate(getattr(spec, name) or ()):
            if value.casefold() not in {each.casefold() for each in known}:
                what = name.replace("_", " ")
                yield context.problem((*at, name, position), f'there is no {what} "{value}"{suggest(value, known)}')


def _vocabulary(context: Context) -> dict[str, Collection[str]]:
    whole, tenant = context.whole, context.tenant
    functions = {function.id for function in whole.functions}
    if tenant is None:
        return {"function": functions} if functions else {}
    tags = {tag for asset in tenant.assets for tag in asset.tags} | set(tenant.vocabulary.tags)
    categories = {rule.category for rule in tenant.classification if rule.category} | set(tenant.vocabulary.categories)
    return {
        "site": {site.id for site in tenant.sites},
        "asset": {asset.id for asset in tenant.assets},
        "asset_tag": tags,
        "category": categories,
        "function": functions | {tenant.safety.function},
    }


def _window(context: Context, at: _Path, spec: MaintenanceSpec, on: datetime | None) -> Iterator[Problem]:
    sites = context.tenant.sites if context.tenant is not None else ()
    zone = _zone(context)
    local = ZoneInfo(zone_of(spec, _zones(sites), zone))
    recurrence = window_of(spec, _zones(sites), zone).recurrence
    yield from _length(context, at, spec)
    never = list(_comes(context, at, spec, recurrence))
    yield from never
    if on is not None and not never and recurrence.next_change(on) is None:
        message = "this window never comes again; take it out, its history is kept"
        yield context.problem((*at, "id"), message, level="warning")
    for position, line in enumerate(spec.weekly):
        yield from _skipped(context, (*at, "weekly", position), line.start, spec, local, recurrence)
    if spec.start is not None:
        yield from _skipped(context, (*at, "start"), f"{spec.start:%H:%M}", spec, local, recurrence)


def _length(context: Context, at: _Path, spec: MaintenanceSpec) -> Iterator[Problem]:
    length = spec.length or (spec.once.end - spec.once.start if spec.once else timedelta())
    if length > WEEK:
        where = "length" if spec.length else "once"
        message = f"this window is {length.days} days long; is it really maintenance, or a decision about these alerts?"
        yield context.problem((*at, where), message, level="warning")


def _comes(context: Context, at: _Path, spec: MaintenanceSpec, recurrence: Recurrence) -> Iterator[Problem]:
    """Only what can be said without knowing today: a window that never comes, whenever it is asked."""
    if spec.once is not None:
        if recurrence.once is not None and recurrence.once[0] >= recurrence.once[1]:
            yield context.problem((*at, "once"), "both ends fall into the hour that the clocks skip; it is never open")
        return
    start = spec.effective_from or spec.start or datetime(2026, 1, 1)  # noqa: DTZ001 - wall time, made aware below
    since = (start if start.tzinfo else start.replace(tzinfo=UTC)) - timedelta(days=2)
    if next(recurrence.between(since, since + _AHEAD + LONGEST), None) is None:
        what = "effective_until" if spec.effective_until else "rrule" if spec.rrule else "weekly"
        message = "this window never comes; there is no such day, or it ends before its first one"
        yield context.problem((*at, what), message, level="error" if spec.rrule is None else "warning")


def _skipped(
    context: Context, at: _Path, wall: str, spec: MaintenanceSpec, zone: ZoneInfo, recurrence: Recurrence
) -> Iterator[Problem]:
    """A start that the clocks skip on one of the window's days, explained with the date (E36)."""
    hour, _, minute = wall.partition(":")
    begin = datetime(2026, 1, 1, tzinfo=UTC)
    for start, _end in recurrence.between(begin, begin + timedelta(days=730)):
        local = start.astimezone(zone)
        asked = local.replace(hour=int(hour) % 24, minute=int(minute), second=0, microsecond=0, tzinfo=None)
        gap = instant_of(asked.date(), asked.time(), zone)
        # Only the occurrence that this very line gives: it begins where the gap ends, later than the wall clock asked.
        if gap == start and local.replace(tzinfo=None) > asked:
            message = (
                f"{wall} does not exist on {asked.day} {asked:%B %Y} in {zone.key}, when the clocks go forward;"
                f" {spec.id} starts {local:%H:%M} on that day"
            )
            yield context.problem(at, message, level="warning")
            return


def _inhibitions(context: Context) -> Iterator[Problem]:
    for index, spec in context.entries("inhibit"):
        at: _Path = ("inhibit", index)
        yield from _named(context, (*at, "source"), spec.source)
        yield from _named(context, (*at, "target"), spec.target)
        if may_come_of(spec.source, spec.target):
            message = (
                f'"{spec.id}" mutes its own source: an incident like that may be opened by an alert it mutes;'
                " name a function, category or class in source and target that keeps them apart"
            )
            yield context.problem((*at, "target"), message)
    yield from in_circles(context, context.whole.inhibit)


def _zones(sites: Collection[SiteSpec]) -> dict[str, str]:
    return {site.id: site.zone for site in sites if site.zone}


def _zone(context: Context) -> str:
    document = context.whole if isinstance(context.whole, TenantDocument) else None
    if document is not None:
        return document.tenant.zone
    own = context.own.document
    return "UTC" if isinstance(own, TenantDocument) else own.provider.zone
