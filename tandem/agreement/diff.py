"""Two agreements -> what changed between them, in words and by section. Pure.

Every field of the document is looked at, those that a later release adds too: nothing changes silently. Compared is
what holds: the provider's parts merged in, defaults filled in. What a change *does* to alerts is ``backtest``'s.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import Any

from pydantic import BaseModel

from tandem.agreement.defaults import defaults, filled_impact, filled_profiles
from tandem.agreement.escalation_paths import all_paths
from tandem.agreement.merge import merge, merge_priorities
from tandem.agreement.schema.documents import ProviderDocument, TenantDocument

NEW, GONE, CHANGED, MOVED = "new", "gone", "changed", "moved"
FIRST = ("tenant", "use", "modes", "matrix", "classification", "people", "schedules", "paths", "parties", "sla")
"""Sections in the order in which a reader wants them; the others follow as the schema has them."""
BY_POSITION = {"classification": "the first rule that matches decides"}
"""Sections in which the order of entries says something, and what."""
LONGEST = 160
"""Characters of a value that are shown."""
MOST_CLAUSES = 12
"""Clauses that one entry's change is told in; the rest is counted."""
_IDS = ("id", "name")


@dataclass(frozen=True, slots=True)
class Difference:
    """One entry of one section that is not what it was."""

    section: str
    name: str
    """Id of the entry; empty when the section is one entry."""
    change: str
    """new, gone, changed or moved."""
    words: str
    """``owner internal -> msp; sla standard -> gold``; for what is new or gone, what it says."""

    def __str__(self) -> str:
        """One line."""
        head = f"{self.name}: " if self.name else ""
        return f"{head}{self.words}" if self.change in {CHANGED, MOVED} else f"{head}{self.change}: {self.words}"


def differences(
    old: tuple[TenantDocument, ProviderDocument | None], new: tuple[TenantDocument, ProviderDocument | None]
) -> tuple[Difference, ...]:
    """What is not the same in ``new``, by section in reading order, in each the entries in document order.

    Args:
        old: the tenant's document and its provider's.
        new: the same, later.
    """
    before, after = _holds(merge(*old)), _holds(merge(*new))
    found: list[Difference] = []
    for section in dict.fromkeys((*FIRST, *before, *after)):
        found += _section(section, before[section], after[section])
    return tuple(found)


@dataclass(frozen=True, slots=True)
class _Section:
    """A section as plain data: ``whole`` for comparing, ``said`` (without defaults) for describing."""

    whole: dict[str, Any]
    said: dict[str, Any]


def _holds(document: TenantDocument) -> dict[str, _Section]:
    filled = document.model_copy(
        update={
            "sla": filled_profiles(document.sla),
            "priorities": merge_priorities(document.priorities, defaults().priorities),
            "impact": filled_impact(document.impact),
            "paths": tuple(all_paths(document).values()),
        }
    )
    whole = filled.model_dump(mode="json", by_alias=True)
    said = filled.model_dump(mode="json", by_alias=True, exclude_defaults=True)
    sections = {}
    for name, field in type(filled).model_fields.items():
        key = field.alias or name
        single = isinstance(getattr(filled, name), BaseModel)
        entries, words = (_entries(part.get(key), single=single) for part in (whole, said))
        sections[name.rstrip("_")] = _Section(entries, words)
    return sections


def _entries(value: Any, *, single: bool) -> dict[str, Any]:  # noqa: ANN401 - a dumped part
    """Entries by id; what has none is one entry without a name."""
    plain = _simple(value)
    if isinstance(plain, dict) and not single:
        return plain
    if isinstance(plain, list) and plain and all(isinstance(entry, dict) and _id_of(entry) for entry in plain):
        return {_id_of(entry): entry for entry in plain}
    return {} if plain is None or (plain == [] and not single) else {"": plain}


def _id_of(entry: Mapping[str, Any]) -> str:
    return next((str(entry[name]) for name in _IDS if entry.get(name)), "")


def _simple(value: Any) -> Any:  # noqa: ANN401
    """Without nulls, and ``{is: [...]}`` as the list that is short for it."""
    if isinstance(value, dict):
        kept = {str(key): _simple(part) for key, part in value.items() if part is not None}
        return kept["is"] if set(kept) == {"is"} else kept
    return [_simple(part) for part in value] if isinstance(value, list) else value


def _section(name: str, old: _Section, new: _Section) -> Iterator[Difference]:
    for key in dict.fromkeys((*new.whole, *old.whole)):
        if key not in old.whole:
            yield Difference(name, key, NEW, _described(new.said.get(key)))
        elif key not in new.whole:
            yield Difference(name, key, GONE, _described(old.said.get(key)))
        elif clauses := list(islice(_changes(old.whole[key], new.whole[key]), MOST_CLAUSES * 10)):
            yield Difference(name, key, CHANGED, _bounded(clauses))
    yield from _moved(name, list(old.whole), list(new.whole))


def _moved(name: str, old: list[str], new: list[str]) -> Iterator[Difference]:
    """An entry that stays but stands elsewhere, where position decides."""
    if name not in BY_POSITION:
        return
    before = [key for key in old if key in set(new)]
    after = [key for key in new if key in set(old)]
    for was, key in zip(before, after, strict=True):
        if was != key:  # the first that differs tells the whole move
            yield Difference(name, key, MOVED, f'now comes before "{was}"; {BY_POSITION[name]}')
            return


def _bounded(clauses: Sequence[str]) -> str:
    shown = "; ".join(clauses[:MOST_CLAUSES])
    left = len(clauses) - MOST_CLAUSES
    return f"{shown}; and {left} more" if left > 0 else shown


def _changes(old: Any, new: Any, at: str = "") -> Iterator[str]:  # noqa: ANN401
    """Clauses that lead from ``old`` to ``new``."""
    if isinstance(old, dict) and isinstance(new, dict):
        for key in dict.fromkeys((*old, *new)):
            yield from _changes(old.get(key), new.get(key), f"{at}.{key}" if at else key)
        if at.endswith("host_classes") and old == new and list(old) != list(new):
            yield f"{at}: tried in another order, {_shown(list(old))} -> {_shown(list(new))}"
    elif isinstance(old, list) and isinstance(new, list) and any(isinstance(part, dict) for part in (*old, *new)):
        yield from _listed(old, new, at)
    elif old != new:
        yield f"{at} {_shown(old)} -> {_shown(new)}".strip()


def _listed(old: list[Any], new: list[Any], at: str) -> Iterator[str]:
    """Parts of a list that have no id: equal ones are the same, as many others are the same one changed."""
    gone = [(index, part) for index, part in enumerate(old) if part not in new]
    come = [(index, part) for index, part in enumerate(new) if part not in old]
    if len(gone) == len(come):
        for (_, was), (index, part) in zip(gone, come, strict=True):
            yield from _changes(was, part, f"{at}[{index + 1}]")
    else:
        yield from (f"{at} without {_shown(part)}" for _, part in gone)
        yield from (f"{at} with {_shown(part)}" for _, part in come)
    if not gone and not come and old != new:
        yield f"{at}: {len(old)} -> {len(new)} entries" if len(old) != len(new) else f"{at}: in another order"


def _described(value: Any) -> str:  # noqa: ANN401
    """What an entry says, its id left out: that stands before it."""
    if isinstance(value, dict):
        value = {key: part for key, part in value.items() if key != "id"}
    return _shown(value, brackets=False)


def _shown(value: Any, *, brackets: bool = True) -> str:  # noqa: ANN401
    text = _text(value, brackets=brackets)
    return text if len(text) <= LONGEST else f"{text[: LONGEST - 3]}..."


def _text(value: Any, *, brackets: bool) -> str:  # noqa: ANN401
    if value is None or value in ("", [], {}):
        return "nothing"
    match value:
        case bool():
            return "yes" if value else "no"
        case dict():
            inner = ", ".join(f"{key} {_text(part, brackets=True)}" for key, part in value.items())
            return f"({inner})" if brackets else inner
        case list():
            return ", ".join(_text(part, brackets=True) for part in value)
        case _:
            return str(value)
