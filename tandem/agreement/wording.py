"""What pydantic found wrong with a document, at its line and column and in words an IT lead understands."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, get_args

from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails

from tandem.agreement.document import Node, locate
from tandem.agreement.schema.fields import clean, suggest
from tandem.errors import Problem

_EXPECTED = {
    "string_type": "write one text here",
    "tuple_type": "write a list here, each entry on a line that begins with -",
    "list_type": "write a list here, each entry on a line that begins with -",
    "dict_type": 'write "key: value" lines here',
    "model_type": 'write "key: value" lines here',
    "model_attributes_type": 'write "key: value" lines here',
    "int_type": "write a whole number here",
    "float_type": "write a number here",
    "int_parsing": "{input} is not a whole number",
    "int_from_float": "{input} is not a whole number",
    "float_parsing": "{input} is not a number",
    "bool_parsing": "{input} is neither true nor false",
    "bool_type": "write true or false here",
    "greater_than_equal": "{input} is too small; it must be at least {ge}",
    "less_than_equal": "{input} is too large; it must be at most {le}",
    "string_too_long": "this text is too long; at most {max_length} characters",
    "string_too_short": "this text is empty",
    "too_short": "this list is empty",
    "too_long": "this list is too long",
    "string_unicode": "this text holds half a character; write the whole one",
    "int_parsing_size": "this number is far too large",
    "finite_number": "{input} is not a number",
}
MOST_PROBLEMS = 100
"""So many are put into words; a document with more is another kind of document, or made to keep us busy."""
_DATES = ("date", "datetime", "time_delta")
_ID = "{input} is not an id; use lower-case letters, digits, - _ and . (at most 64, beginning with a letter or digit)"


def problems_of(error: ValidationError, root: Node, *, file: str, model: type[BaseModel]) -> list[Problem]:
    """Every fault at once, in file order; of very many the first ones, and how many more there are."""
    located = [(_place(detail, root), detail) for detail in error.errors(include_url=False)]
    located.sort(key=lambda entry: entry[0])
    found = {_problem(detail, place, root, file, model) for place, detail in located[:MOST_PROBLEMS]}
    if len(located) > MOST_PROBLEMS:
        (line, column), _ = located[MOST_PROBLEMS]
        found.add(Problem(file, line, column, f"from here on {len(located) - MOST_PROBLEMS:,} more problems"))
    return sorted(found)


def _place(detail: ErrorDetails, root: Node) -> tuple[int, int]:
    path = tuple(detail["loc"])
    about_key = detail["type"] == "extra_forbidden" or path[-1:] == ("[key]",)
    return locate(root, tuple(part for part in path if part != "[key]"), key=about_key)


def _problem(detail: ErrorDetails, place: tuple[int, int], root: Node, file: str, model: type[BaseModel]) -> Problem:
    path = tuple(detail["loc"])
    unknown = detail["type"] == "extra_forbidden"
    about_key = unknown or path[-1:] == ("[key]",)
    line, column = place
    known = _keys(model, path[:-1]) if unknown else frozenset[str]()
    where = dotted(path[:-1] if unknown or about_key else path, root)
    words = f"{where}: {_words(detail, known)}" if where else _words(detail, known)
    return Problem(file, line, column, clean(words))


def dotted(path: tuple[int | str, ...], root: Node) -> str:
    """``schedules[1].layers[0].anchor``; leaves out what stands in no document (names of validators)."""
    text, node = "", root
    for position, part in enumerate(path):
        last = position == len(path) - 1
        if node.kind == "map" and (str(part) in node.entries or last):
            text += f".{part}" if text else str(part)
            node = node.entries[str(part)][1] if str(part) in node.entries else node
        elif node.kind == "list" and isinstance(part, int) and part < len(node.parts):
            text += f"[{part + 1}]"
            node = node.parts[part]
    return text


def _words(detail: ErrorDetails, known: frozenset[str]) -> str:
    kind, context = detail["type"], detail.get("ctx", {})
    given = _shown(detail["input"])
    if kind == "extra_forbidden":
        name = str(detail["loc"][-1])
        close = suggest(name, known)
        return f'unknown key "{name[:60]}"{close or "; known here: " + ", ".join(sorted(known))}'
    if kind == "missing":
        return "this is missing"
    if kind in {"enum", "literal_error"}:
        return (
            f"{given} is not one of {context.get('expected', '')}{suggest(given, _quoted(context.get('expected', '')))}"
        )
    if kind == "value_error":
        return str(context.get("error", detail["msg"]))
    if kind == "string_pattern_mismatch":
        return _ID.format(input=given)
    if kind.startswith(_DATES):
        return f"{given} is not a date or time; write it like 2026-11-26 or 2026-11-26T09:00"
    if detail["input"] is None and kind in _EXPECTED:
        return "nothing is written here; " + _EXPECTED[kind].format(input="nothing", **context)
    return _EXPECTED.get(kind, detail["msg"]).format(input=given, **context)


def _shown(value: object) -> str:
    if isinstance(value, str):
        return f'"{value[:60]}"'
    return "nothing" if value is None else "this"


def _quoted(expected: object) -> list[str]:
    return str(expected).split("'")[1::2]


def _keys(model: type[BaseModel], path: tuple[int | str, ...]) -> frozenset[str]:
    """The keys that may stand where ``path`` leads in a document of ``model``."""
    models = [model]
    for part in path:
        fields = [f for m in models for name, f in m.model_fields.items() if part in {name, f.alias}]
        models = [found for f in fields for found in _models(f.annotation)] or models
    return frozenset(f.alias or name for m in models for name, f in m.model_fields.items())


def _models(annotation: Any) -> Iterator[type[BaseModel]]:  # noqa: ANN401
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        yield annotation
    for part in get_args(annotation):
        yield from _models(part)
