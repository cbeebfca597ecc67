"""Every id that is referred to exists, and no id is given twice."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator

from tandem.agreement.business_hours import AROUND_THE_CLOCK, public_holidays
from tandem.agreement.checks.context import BY_ID, Context
from tandem.agreement.defaults import STANDARD
from tandem.agreement.load import parse_use
from tandem.agreement.schema.fields import suggest
from tandem.agreement.schema.matrix import UNKNOWN, Raci, ScopeRow
from tandem.agreement.schema.people import Step
from tandem.errors import Problem

_Path = tuple[int | str, ...]


def check_references(context: Context) -> Iterator[Problem]:
    """All of them, in the order of the sections."""
    yield from _twice(context)
    yield from _provider_version(context)
    yield from _calendars(context)
    yield from _parties(context)
    yield from _schedules(context)
    yield from _paths(context)
    yield from _classification(context)
    yield from _matrix(context)
    yield from _assets(context)


def _twice(context: Context) -> Iterator[Problem]:
    for section in (*BY_ID, "integrations"):
        seen: dict[str, int] = {}
        for index, entry in context.entries(section):
            field = "name" if section == "integrations" else "id"
            name = getattr(entry, field)
            if name in seen:
                line = context.problem((section, seen[name]), "").line
                message = f'{section}: the {field} "{name}" is already in line {line}; give one of them another'
                yield context.problem((section, index, field), message)
            seen.setdefault(name, index)


def _provider_version(context: Context) -> Iterator[Problem]:
    """``use: brightwater@3`` is checked over version 3, where the provider's document says which one it is."""
    use = getattr(context.own.document, "use", None)
    name, wanted = parse_use(use) if use else ("", None)
    if context.other is None or wanted is None:
        return
    there = context.other.document.provider.version
    if there is None:
        message = (
            f"{context.other.file} does not say which version it is, so this is checked over whatever stands there; "
            f"add provider.version: {wanted} to it"
        )
        yield context.problem(("use",), message, level="warning")
    elif there != wanted:
        message = (
            f'this uses version {wanted} of "{name}", and {context.other.file} is version {there}; '
            f"write use: {name}@{there} to follow, or put version {wanted} beside this file"
        )
        yield context.problem(("use",), message)


def _calendars(context: Context) -> Iterator[Problem]:
    for name, calendar in context.own.document.calendars.items():
        if calendar.holidays_of:
            try:
                public_holidays(calendar.holidays_of)
            except ValueError as error:
                yield context.problem(("calendars", name, "holidays_of"), f"calendars.{name}: {error}")


def _parties(context: Context) -> Iterator[Problem]:
    people, calendars = context.whole.people, {AROUND_THE_CLOCK, *context.whole.calendars}
    for party, spec in context.own.document.parties.items():
        at: _Path = ("parties", party)
        if spec.calendar not in calendars:
            yield _missing(context, (*at, "calendar"), "calendar", spec.calendar, calendars)
        for role in ("accountable", "senior_ops", "senior_soc", "security_contact"):
            name = getattr(spec, role)
            if name is None:
                continue
            if name not in people:
                yield _missing(context, (*at, role), "person", name, people)
            elif people[name].party is not party:
                message = f'"{name}" belongs to the party {people[name].party}, and is named here for {party}'
                yield context.problem((*at, role), message)


def _schedules(context: Context) -> Iterator[Problem]:
    people = context.whole.people
    if not people:  # a document of schedules only: names are all there is
        return
    for index, schedule in context.entries("schedules"):
        at: _Path = ("schedules", index)
        for number, layer in enumerate(schedule.layers):
            yield from _people(context, (*at, "layers", number, "people"), layer.people)
        for number, override in enumerate(schedule.overrides):
            for role in ("person", "by"):
                yield from _people(context, (*at, "overrides", number, role), getattr(override, role))


def _paths(context: Context) -> Iterator[Problem]:
    for index, path in context.entries("paths"):
        for number, step in enumerate(path.steps):
            yield from _targets(context, ("paths", index, "steps", number, "page"), step)
        yield from _people(context, ("paths", index, "fallback"), path.fallback)


def _targets(context: Context, at: _Path, step: Step) -> Iterator[Problem]:
    known = {
        "schedule": {schedule.id for schedule in context.whole.schedules},
        "person": set(context.whole.people),
        "path": {path.id for path in context.whole.paths},
    }
    for position, target in enumerate(step.page):
        kind, _, name = target.partition(":")
        if kind in known and name not in known[kind]:
            yield _missing(context, (*at, position), kind, name, known[kind])


def _classification(context: Context) -> Iterator[Problem]:
    functions = {function.id for function in context.whole.functions}
    for index, rule in context.entries("classification"):
        if rule.function not in functions:
            yield _missing(context, ("classification", index, "function"), "function", rule.function, functions)


def _matrix(context: Context) -> Iterator[Problem]:
    whole = context.whole
    functions = {function.id for function in whole.functions}
    paths = {path.id: path for path in whole.paths}
    for index, row in context.entries("matrix"):
        at: _Path = ("matrix", index)
        for position, name in enumerate(row.function or ()):
            if name not in functions:
                yield _missing(context, (*at, "function", position), "function", name, functions)
        if row.sla not in {STANDARD, *whole.sla}:
            yield _missing(context, (*at, "sla"), "SLA profile", row.sla, {STANDARD, *whole.sla})
        for party, name in row.paths.items():
            if name not in paths:
                yield _missing(context, (*at, "paths", party), "path", name, paths)
            elif paths[name].party is not party:
                message = f'the path "{name}" belongs to {paths[name].party}, and is named here for {party}'
                yield context.problem((*at, "paths", party), message)
        yield from _people(context, (*at, "public_communications"), row.public_communications)
        for role, field in Raci.model_fields.items():
            yield from _people(context, (*at, "raci", field.alias or role), getattr(row.raci, role))
    yield from _vocabulary(context)


def _vocabulary(context: Context) -> Iterator[Problem]:
    """Sites, categories and tags of rows: one that nothing has makes the row dead."""
    tenant = context.tenant
    if tenant is None:
        return
    sites = {site.id for site in tenant.sites} | {UNKNOWN}
    known = {
        "category": {rule.category for rule in tenant.classification if rule.category}
        | {*tenant.vocabulary.categories, UNKNOWN},
        "asset_tag": {tag for asset in tenant.assets for tag in asset.tags} | set(tenant.vocabulary.tags),
    }
    for index, row in context.entries("matrix"):
        for name in row.site.named if row.site else ():
            if name not in sites:
                yield _missing(context, ("matrix", index, "site"), "site", name, sites)
        named = {"category": row.category.named if row.category else (), "asset_tag": tags_of(row)}
        for field, values in known.items():
            for name in named[field]:
                if name not in values:
                    close = suggest(name, values)
                    if field == "category":
                        at: _Path = (field,)
                        message = f'no classification rule gives the category "{name}"{close}'
                    else:
                        at = _tag_place(row, name)
                        message = (
                            f'no asset has the tag "{name}"{close}; if one will carry it, list it under vocabulary.tags'
                        )
                    yield context.problem(("matrix", index, *at), message, level="warning")


def _tag_place(row: ScopeRow, name: str) -> _Path:
    """Where a row names a tag."""
    if row.asset_tag == name or row.tags is None:
        return ("asset_tag",)
    side = "has" if name in row.tags.has else "lacks"
    return ("tags", side, getattr(row.tags, side).index(name))


def tags_of(row: ScopeRow) -> tuple[str, ...]:
    """Every tag that a row names."""
    named = (*row.tags.has, *row.tags.lacks) if row.tags else ()
    return (row.asset_tag, *named) if row.asset_tag else named


def _assets(context: Context) -> Iterator[Problem]:
    tenant = context.tenant
    if tenant is None:
        return
    sites, functions = {site.id for site in tenant.sites}, {function.id for function in tenant.functions}
    owners: dict[str, int] = {}
    ids = {asset.id for asset in tenant.assets}
    for index, asset in context.entries("assets"):
        if asset.site is not None and asset.site not in sites:
            yield _missing(context, ("assets", index, "site"), "site", asset.site, sites)
        for name in asset.depends_on:
            if name not in ids:
                yield _missing(context, ("assets", index, "depends_on"), "asset", name, ids)
        if asset.function is not None and asset.function not in functions:
            yield _missing(context, ("assets", index, "function"), "function", asset.function, functions)
        for host in {host.casefold() for host in asset.hosts}:
            if owners.setdefault(host, index) != index:
                line = context.problem(("assets", owners[host]), "").line
                message = f'the host "{host}" already belongs to the asset in line {line}; an alert has one asset'
                yield context.problem(("assets", index, "hosts"), message)
    if tenant.safety.sla not in {STANDARD, *tenant.sla}:
        yield _missing(context, ("safety", "sla"), "SLA profile", tenant.safety.sla, {STANDARD, *tenant.sla})


def _people(context: Context, at: _Path, names: Iterable[str] | str | None) -> Iterator[Problem]:
    known = context.whole.people
    listed = [names] if isinstance(names, str) else list(names or ())
    for position, name in enumerate(listed):
        if name not in known:
            yield _missing(context, (*at, position), "person", name, known)


def _missing(context: Context, at: _Path, what: str, name: str, known: Collection[str]) -> Problem:
    return context.problem(at, f'there is no {what} "{name}"{suggest(name, known)}')
