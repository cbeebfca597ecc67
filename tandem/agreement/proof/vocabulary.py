"""A document's vocabulary as a space, and its rows as boxes in it.

Values beside the declared ones: what a row names exists (``references`` says when nothing else does), every open field
has ``unknown``, and a tag is a field of its own with no and yes. A value that an alert brings and the agreement does
not know is ``unknown`` to the matrix; a function that it does not know has no row at all.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import combinations

from tandem.agreement.proof.space import Box, Space
from tandem.agreement.schema.documents import SharedParts, TenantDocument
from tandem.agreement.schema.matrix import UNKNOWN, DataClass, Scenario, ScopeRow
from tandem.model.alert import Kind, Severity

FUNCTION = "function"
FIELDS = ("scenario", "category", "site", "severity", "kind", "vendor", "data_class", "host_class")
"""What a row may name beside its function and tags, in the order in which an explanation looks at them."""
TAG = "tag:"
"""Before the tag's name in the name of its field."""
NO, YES = "no", "yes"
ANOTHER = "another"
"""In a provider's document, which does not know its clients' sites, categories, vendors and host classes."""
_CLIENTS = ("category", "site", "vendor", "host_class")


def space_of(document: SharedParts) -> Space:
    """Every alert that the merged ``document`` can be asked about, less what it says cannot occur."""
    space = Space(_fields(document))
    return Space(space.fields, tuple(_forbidden(document, space)))


def box_of(row: ScopeRow, space: Space) -> dict[str, int]:
    """What ``row`` asks for, as it is written; a condition that accepts everything is still there."""
    box = {} if row.function is None else {FUNCTION: space.mask(FUNCTION, row.function)}
    for name in FIELDS:
        condition = getattr(row, name)
        if condition is not None:
            named = space.mask(name, (spelled(name, value) for value in condition.named))
            box[name] = named if condition.not_ is None else space.full[name] & ~named
    for name, value in _tags(row):
        bit = space.mask(TAG + name, (value,))
        box[TAG + name] = box.get(TAG + name, bit) & bit
    return box


def spelled(name: str, value: str) -> str:
    """A value as the vocabulary has it: vendors are compared without case."""
    return value.casefold() if name == "vendor" else value


def _tags(row: ScopeRow) -> Iterator[tuple[str, str]]:
    """(tag, yes or no) of every tag condition of a row."""
    if row.asset_tag is not None:
        yield row.asset_tag, YES
    if row.tags is not None:
        yield from ((name, YES) for name in row.tags.has)
        yield from ((name, NO) for name in row.tags.lacks)


def _fields(document: SharedParts) -> dict[str, tuple[str, ...]]:
    words = document.vocabulary
    sites = document.sites if isinstance(document, TenantDocument) else ()
    integrations = document.integrations if isinstance(document, TenantDocument) else ()
    known: dict[str, Iterable[str]] = {
        "category": (*words.categories, *(rule.category for rule in document.classification if rule.category)),
        "site": (site.id for site in sites),
        "kind": Kind,
        "vendor": (*words.vendors, *(integration.vendor for integration in integrations)),
        "data_class": DataClass,
        "host_class": words.host_classes,
    }
    functions = [*(function.id for function in document.functions), *_functions_named(document.matrix)]
    fields: dict[str, tuple[str, ...]] = {
        FUNCTION: tuple(dict.fromkeys(functions)) or (UNKNOWN,),
        "scenario": tuple(sorted(map(str, Scenario), key=lambda word: word != Scenario.INCIDENT)),
        "severity": tuple(map(str, Severity)),
    }
    for name, values in known.items():
        spelt = dict.fromkeys(spelled(name, str(value)) for value in (*values, *_named(document.matrix, name)))
        spelt.pop(UNKNOWN, None)
        if name in _CLIENTS and not isinstance(document, TenantDocument):
            spelt[ANOTHER] = None
        fields[name] = (*spelt, UNKNOWN)
    tags = dict.fromkeys(tag for row in document.matrix for tag, _ in _tags(row))
    return {name: fields[name] for name in (FUNCTION, *FIELDS)} | {TAG + tag: (NO, YES) for tag in tags}


def _functions_named(rows: Iterable[ScopeRow]) -> Iterator[str]:
    for row in rows:
        yield from row.function or ()


def _named(rows: Iterable[ScopeRow], name: str) -> Iterator[str]:
    for row in rows:
        condition = getattr(row, name)
        if condition is not None:
            yield from condition.named


def _forbidden(document: SharedParts, space: Space) -> Iterator[Box]:
    """A function comes only from its kinds of tool, a vendor is one kind, and exclusive tags never meet."""
    for function in document.functions:
        if function.kinds:
            yield _only(space, FUNCTION, function.id, function.kinds)
    for vendor, kind in document.vocabulary.vendors.items():
        if kind is not None:
            yield _only(space, "vendor", spelled("vendor", vendor), (kind,))
    for tags in document.vocabulary.exclusive:
        for one, other in combinations(dict.fromkeys(tags), 2):
            if TAG + one in space.fields and TAG + other in space.fields:
                yield {TAG + one: space.mask(TAG + one, (YES,)), TAG + other: space.mask(TAG + other, (YES,))}


def _only(space: Space, name: str, value: str, kinds: Iterable[str]) -> Box:
    return {name: space.mask(name, (value,)), "kind": space.full["kind"] & ~space.mask("kind", map(str, kinds))}
