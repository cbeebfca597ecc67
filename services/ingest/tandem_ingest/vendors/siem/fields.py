"""Finds fields in the documents of search engines, where ``a.b.c`` is a path, a key, or some of both."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from tandem_ingest.vendors import shape

_LEVELS = 8
_IDENTITIES = ("account", "accesskey", "user", "role", "policy")
_PATH = 200


def at(value: object, path: str) -> object:
    """What stands at the dotted ``path``, however the document spells it; of a list its first element; else None."""
    found = whole(value, path)
    return (found[0] if found else None) if isinstance(found, list) else found


def whole(value: object, path: str) -> object:
    """Like ``at``, but a list at the end stays one; on the way its first element is taken."""
    if isinstance(value, list):
        value = value[0] if value else None
    if not isinstance(value, dict):
        return None
    found: object = value.get(path)
    if found is not None:
        return found
    end = path.rfind(".")
    while end > 0:  # a.b.c -> a.b and c, then a and b.c: the longest key is the one meant
        inner = value.get(path[:end])
        if inner is not None and (found := whole(inner, path[end + 1 :])) is not None:
            return found
        end = path.rfind(".", 0, end)
    return None


def first(value: object, *paths: str) -> str | None:
    """The first of ``paths`` that says something, as text."""
    for path in paths:
        found = shape.text(at(value, path))
        if found is not None:
            return found
    return None


def elements(value: object) -> list[object]:
    """A list as itself, an object as a list of one, anything else as none."""
    if isinstance(value, list):
        return value
    return [value] if isinstance(value, dict) else []


def objects(value: object) -> Iterator[Mapping[str, object]]:
    """The objects among ``elements``, at most 64: a finding names a handful of devices, a hostile one thousands."""
    return (each for each in elements(value)[:64] if isinstance(each, dict))


def is_identity(kind: object) -> bool:
    """Whether a cloud resource of this type is an account, a user or a right: nothing that has a name as a host."""
    return shape.word(kind).replace(" ", "").endswith(_IDENTITIES)


def of_arn(resource: object) -> str | None:
    """``arn:aws:ec2:us-west-2:1:volume/vol-1`` -> ``vol-1``; what is no ARN is a name."""
    path = shape.text(resource) or ""
    return (path.rsplit("/", 1)[-1].rsplit(":", 1)[-1] if path.startswith("arn:") else path) or None


def flat(value: object) -> dict[str, object]:
    """Every field of a document by its dotted path, for those who ask for many: one walk instead of one per question.

    Of a list of objects the first element is taken, a list of scalars stays one. Paths past 200 characters or
    8 levels name no field of anybody.
    """
    found: dict[str, object] = {}
    _flatten(value, "", found, _LEVELS)
    return found


def _flatten(value: object, path: str, found: dict[str, object], levels: int) -> None:
    if isinstance(value, list) and value and isinstance(value[0], dict):
        value = value[0]
    if not isinstance(value, dict):
        if path and value is not None:
            found.setdefault(path, value)
        return
    for name, inner in value.items() if levels else ():
        longer = f"{path}.{name}" if path else name
        if len(longer) <= _PATH:
            _flatten(inner, longer, found, levels - 1)
