"""What gateways, workflow tools and functions put around a body: ``{"body": "<JSON>"}``, ``[{"body": ..}]``.

Pure, knows no vendor, and is asked only when the adapter found nothing in the body as it came.
"""

from __future__ import annotations

from tandem_ingest.vendors.tags import opened

_NAMES = (
    "body", "payload", "data", "event", "alert", "detail", "events", "alerts", "records", "items", "json", "ndjson",
    "message",
)  # fmt: skip
_ELEMENTS = 1_000


def inner(value: object) -> object | None:
    """``value`` without its outermost wrapper, or None when it has none; JSON in a text is opened."""
    if isinstance(value, list):
        return _inner_of_list(value[:_ELEMENTS])
    if isinstance(value, str):
        return _container(value)
    if isinstance(value, dict):
        by_name = {name.casefold(): each for name, each in value.items()}
        return next((found for name in _NAMES if (found := _container(by_name.get(name))) is not None), None)
    return None


def _inner_of_list(elements: list[object]) -> list[object] | None:
    if not any(isinstance(each, list) for each in elements):
        found = [inner(each) for each in elements]
        if all(each is None for each in found):
            return None
        elements = [old if new is None else new for old, new in zip(elements, found, strict=True)]
    return [item for each in elements for item in (each if isinstance(each, list) else [each])]


def _container(value: object) -> object | None:
    found = opened(value)
    return found if isinstance(found, dict | list) and found else None
