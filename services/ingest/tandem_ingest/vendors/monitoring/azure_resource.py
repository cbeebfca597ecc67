"""The path of an Azure resource (ARM id), taken apart: ``/subscriptions/S/resourceGroups/G/providers/P/T/NAME``."""

from __future__ import annotations

from typing import NamedTuple

from tandem_ingest.vendors import shape


class Resource(NamedTuple):
    """The parts; None for each that the path does not have."""

    path: str | None = None
    subscription: str | None = None
    group: str | None = None
    kind: str | None = None
    name: str | None = None


def resource_of(value: object) -> Resource:
    """``value`` taken apart; without any part when it is no such path."""
    path = shape.text(value)
    if path is None or not path.startswith("/"):
        return Resource()
    parts = path.strip("/").split("/")
    named = {name.casefold(): value for name, value in zip(parts[::2], parts[1::2], strict=False)}
    provider = named.get("providers")
    kind = "/".join([provider, *parts[6:-1:2]]) if provider and len(parts) > 7 else None
    name = parts[-1] if kind is not None else None
    return Resource(path.casefold(), named.get("subscriptions"), named.get("resourcegroups"), kind, name)


def labels_of(resource: Resource) -> dict[str, object]:
    """The parts as labels."""
    return {
        "resource_id": resource.path,
        "resource_group": resource.group,
        "resource_type": resource.kind,
        "subscription": resource.subscription,
    }
