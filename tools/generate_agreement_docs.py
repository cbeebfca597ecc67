"""Writes the reference part of docs/agreement.md and the JSON Schemas for editors from the agreement's schema.

What a key means is the string below its field in tandem/agreement/schema. With --check says whether they are current.
"""

from __future__ import annotations

import argparse
import ast
import json
import re
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from pydantic import BaseModel

from tandem.agreement.schema.documents import ProviderDocument, TenantDocument
from tandem.agreement.schema.fields import format_duration, parse_duration

ROOT = Path(__file__).resolve().parent.parent
PAGE = ROOT / "docs" / "agreement.md"
SCHEMAS = ROOT / "deploy" / "agreement" / "schema"
SOURCES = ROOT / "tandem" / "agreement" / "schema"
MARK = "<!-- What follows is made by tools/generate_agreement_docs.py; do not edit. -->\n"
DURATION = "^([0-9]+(\\\\.[0-9]+)?[smhd])+$".replace("\\\\", "\\")
TARGET = "^([0-9]+(\\.[0-9]+)?(bh|[smhd]))+$"
SHORT_FORMS = {"Values", "Matcher"}
"""Objects for which a document may write one text or a list of texts."""

HEADINGS = {"Party": "PartyName"}
"""Names that two parts would share."""

Schema = dict[str, Any]


def field_docs() -> dict[str, dict[str, str]]:
    """Class -> field -> the string below it, for every model of the schema."""
    found: dict[str, dict[str, str]] = {}
    for path in sorted(SOURCES.glob("*.py")):
        for node in ast.parse(path.read_text("utf-8")).body:
            if isinstance(node, ast.ClassDef):
                found[node.name] = dict(_docs_of(node))
    return found


def _docs_of(node: ast.ClassDef) -> Iterator[tuple[str, str]]:
    for before, after in zip(node.body, node.body[1:], strict=False):
        if (
            isinstance(before, ast.AnnAssign)
            and isinstance(before.target, ast.Name)
            and isinstance(after, ast.Expr)
            and isinstance(after.value, ast.Constant)
            and isinstance(after.value.value, str)
        ):
            yield before.target.id, plain(after.value.value)


def plain(text: str) -> str:
    """A docstring as prose: on one line, without references to the design, code in single backquotes."""
    text = re.sub(r"\s*\((?:[^()]*\b(?:domain\.md|section [0-9]|[RD]-?[A-Z]*[0-9]+)[^()]*)\)", "", text)
    return " ".join(text.replace("``", "`").split())


def bases(name: str, models: dict[str, type[BaseModel]]) -> list[str]:
    """The class and what it inherits its fields from."""
    return [base.__name__ for base in models[name].__mro__ if issubclass(base, BaseModel) and base is not BaseModel]


def models_of(*roots: type[BaseModel]) -> dict[str, type[BaseModel]]:
    """Every model that a document is made of."""
    found: dict[str, type[BaseModel]] = {}
    waiting: list[Any] = list(roots)
    while waiting:
        kind = waiting.pop()
        if isinstance(kind, type) and issubclass(kind, BaseModel):
            if kind.__name__ not in found:
                found[kind.__name__] = kind
                waiting += [field.annotation for field in kind.model_fields.values()]
        else:
            waiting += getattr(kind, "__args__", ())
    return found


def json_schema(document: type[BaseModel]) -> Schema:
    """The JSON Schema of a document, with what each key means, as lenient as the loader where it takes short forms."""
    schema = document.model_json_schema(by_alias=True, mode="validation")
    models, docs = models_of(document), field_docs()
    for name, part in [(document.__name__, schema), *schema["$defs"].items()]:
        if name in models:
            _describe(name, part, models, docs)
    words_of = frozenset(f"#/$defs/{name}" for name, part in schema["$defs"].items() if "enum" in part)
    definitions = {name: _loosened(name, part, words_of) for name, part in schema.pop("$defs").items()}
    loose = _loosened(document.__name__, schema, words_of)
    return {"$schema": "http://json-schema.org/draft-07/schema#", **loose, "$defs": definitions}


def _describe(name: str, part: Schema, models: dict[str, type[BaseModel]], docs: dict[str, dict[str, str]]) -> None:
    part["description"] = plain(part.get("description", ""))
    aliases = {field.alias or key: key for key, field in models[name].model_fields.items()}
    for key, value in part.get("properties", {}).items():
        value.pop("title", None)
        for base in bases(name, models):
            if said := docs.get(base, {}).get(aliases.get(key, key)):
                value["description"] = said
                break


def _loosened(name: str, part: Any, words_of: frozenset[str]) -> Any:  # noqa: ANN401 - any part of a JSON document
    if name in SHORT_FORMS:
        words = {"type": "array", "items": {"type": "string"}}
        return {"anyOf": [{"type": "string"}, words, _loose(part, words_of)], "description": part["description"]}
    if name == "Target":
        return {"type": "string", "pattern": TARGET, "description": part["description"]}
    return _loose(part, words_of)


def _loose(part: Any, words_of: frozenset[str]) -> Any:  # noqa: ANN401
    if isinstance(part, list):
        return [_loose(entry, words_of) for entry in part]
    if not isinstance(part, dict):
        return part
    made = {key: _loose(value, words_of) for key, value in part.items()}
    if made.get("format") == "duration":
        made = {**{key: value for key, value in made.items() if key != "format"}, "pattern": DURATION}
    elif made.get("format") in {"date", "date-time"}:
        made.pop("format")  # wall time without an offset is no date-time of RFC 3339
    if made.get("type") == "array" and _is_text(made.get("items", {}), words_of):
        about = {key: made.pop(key) for key in ("description", "default") if key in made}
        return {**about, "anyOf": [made, made["items"]]}
    if "default" in made and made["default"] in ({}, [], None):
        made.pop("default")
    return made


def _is_text(items: Schema, words_of: frozenset[str]) -> bool:
    return items.get("type") == "string" or items.get("$ref") in words_of


def words(part: Schema) -> str:
    """A type in words, with links to the tables of parts."""
    if "$ref" in part:
        return _linked(part["$ref"].rpartition("/")[2])
    if "anyOf" in part or "oneOf" in part:
        options = [option for option in part.get("anyOf") or part["oneOf"] if option.get("type") != "null"]
        return " or ".join(dict.fromkeys(words(option) for option in options))
    if "enum" in part or "const" in part:
        return ", ".join(f"`{value}`" for value in part.get("enum", [part.get("const")]))
    kind = part.get("type")
    if kind == "array":
        items = part.get("items") or {}
        return "list of " + words(items) if items else "list"
    if kind == "object":
        values = part.get("additionalProperties") or next(iter(part.get("patternProperties", {}).values()), None)
        return f"map to {words(values)}" if isinstance(values, dict) else "map"
    return {"string": _text(part), "integer": _number(part), "number": _number(part), "boolean": "true or false"}.get(
        str(kind), "text"
    )


def _text(part: Schema) -> str:
    known = {"duration": "duration, `15m`", "date": "date", "date-time": "wall time, `2026-01-05T09:00`"}
    if part.get("format") in known:
        return known[part["format"]]
    return "id" if str(part.get("pattern", "")).startswith("^[a-z0-9]") else "text"


def _number(part: Schema) -> str:
    name = "whole number" if part["type"] == "integer" else "number"
    low, high = part.get("minimum", part.get("exclusiveMinimum")), part.get("maximum")
    if low is not None and high is not None:
        return f"{name}, {low} to {high}"
    return f"{name}, at least {low}" if low is not None else name


def _linked(name: str) -> str:
    if name == "Target":
        return "target, `30m` or `4bh`"
    if name == "Values":
        return "value, list, or `{not: [...]}`"
    return f"[{title(name).lower()}](#{title(name).lower().replace(' ', '-')})"


def title(name: str) -> str:
    """``ScopeRow`` -> ``Scope row``."""
    bare = HEADINGS.get(name) or name.removesuffix("Spec")
    return re.sub(r"(?<=[a-z])(?=[A-Z])", " ", bare).capitalize()


def reference() -> str:
    """The reference part of the page."""
    tenant = TenantDocument.model_json_schema(by_alias=True, mode="validation")
    provider = ProviderDocument.model_json_schema(by_alias=True, mode="validation")
    definitions = {**tenant["$defs"], **provider["$defs"]}
    models, docs = models_of(TenantDocument, ProviderDocument), field_docs()
    for name, part in [("TenantDocument", tenant), ("ProviderDocument", provider), *definitions.items()]:
        if name in models:
            _describe(name, part, models, docs)
    for part in (tenant, provider, *definitions.values()):
        _borrow(part, definitions)
    parts = [_section("The client's document", tenant), _section("The provider's document", provider)]
    parts += [
        _section(title(name), definitions[name])
        for name in sorted(definitions, key=title)
        if name not in {"Target", "Values"}
    ]
    return "## Reference\n\n" + "\n".join(parts)


def _borrow(part: Schema, definitions: Schema) -> None:
    """A key that says nothing of itself means what the part below it says first."""
    for value in part.get("properties", {}).values():
        inner = value.get("items") or value.get("additionalProperties") or value
        inner = next(iter(inner.get("patternProperties", {}).values()), inner) if isinstance(inner, dict) else value
        options = [inner, *inner.get("anyOf", ())]
        name = next((option["$ref"].rpartition("/")[2] for option in options if "$ref" in option), None)
        if not value.get("description") and name and "enum" not in definitions[name]:
            value["description"] = plain(definitions[name].get("description", "")).partition(". ")[0].rstrip(".") + "."


def _section(heading: str, part: Schema) -> str:
    about = plain(part.get("description", ""))
    if "enum" in part:
        return f"### {heading}\n\n{about}\n\nOne of {', '.join(f'`{value}`' for value in part['enum'])}.\n"
    required = set(part.get("required", ()))
    rows = "".join(
        f"| `{key}` | {words(value)} | {'**required**' if key in required else _default(value)} | "
        f"{_cell(value.get('description', ''))} |\n"
        for key, value in part.get("properties", {}).items()
    )
    return f"### {heading}\n\n{about}\n\n| key | type | default | meaning |\n|---|---|---|---|\n{rows}"


def _default(part: Schema) -> str:
    value = part.get("default")
    if value in (None, [], {}, "") or isinstance(value, dict):
        return ""
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, list):
        return ", ".join(f"`{entry}`" for entry in value)
    if part.get("format") == "duration":
        return f"`{format_duration(parse_duration(value))}`" if value[:1] != "P" else ""
    return f"`{value}`"


def _cell(text: str) -> str:
    return text.replace("|", "\\|").replace("\n", " ")


def page() -> str:
    """The whole page: what is written by hand, then the reference."""
    return PAGE.read_text("utf-8").partition(MARK)[0] + MARK + "\n" + reference()


def files() -> dict[Path, str]:
    """Every generated file and what it should hold."""
    schemas: dict[str, type[BaseModel]] = {"agreement": TenantDocument, "provider": ProviderDocument}
    made = {
        SCHEMAS / f"{name}.json": json.dumps(json_schema(model), indent=1, ensure_ascii=False) + "\n"
        for name, model in schemas.items()
    }
    return {PAGE: page(), **made}


def main() -> int:
    """Entry point; 1 when --check found a file stale."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--check", action="store_true", help="change nothing, answer 1 when a file is stale")
    if parser.parse_args().check:
        stale = [path for path, text in files().items() if not path.exists() or path.read_text("utf-8") != text]
        for path in stale:
            print(f"{path.relative_to(ROOT)} is stale: run python tools/generate_agreement_docs.py", file=sys.stderr)
        return int(bool(stale))
    SCHEMAS.mkdir(parents=True, exist_ok=True)
    for path, text in files().items():
        path.write_text(text, "utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
