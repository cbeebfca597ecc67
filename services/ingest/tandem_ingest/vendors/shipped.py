"""The mapping documents that come with Tandem, one per tool whose bodies no document of its vendor fixes."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from importlib.resources import files
from typing import TypedDict

from tandem.model.alert import VendorAlert
from tandem_ingest.decode import or_text
from tandem_ingest.vendors.mapping.load import load
from tandem_ingest.vendors.mapping.reader import Reader
from tandem_ingest.vendors.vendor import Adapter, Decode, Identify

_FOLDERS = ("rmm", "siem", "backup", "monitoring")


def shipped_text(slug: str) -> str | None:
    """The document of ``slug``, to be shown and edited; None when it is read by code."""
    for folder in _FOLDERS:
        place = files("tandem_ingest.vendors").joinpath(folder, f"{slug}.yaml")
        if place.is_file():
            return place.read_text("utf-8")
    return None


@cache
def shipped(slug: str) -> Reader:
    """The reading of ``slug``, compiled once a process.

    Raises:
        LookupError: there is no such document.
    """
    text = shipped_text(slug)
    if text is None:
        raise LookupError(f"no mapping of {slug} is shipped")
    return load(text, f"{slug}.yaml")


class ByMapping(TypedDict):
    """The fields of a ``Vendor`` that its mapping gives."""

    read: Adapter
    decode: Decode
    delivery_id: Identify


def by_mapping(slug: str) -> ByMapping:
    """How a row of the catalogue says that ``slug`` is read by its shipped document, compiled at its first post."""

    def read(body: object, headers: Mapping[str, str]) -> list[VendorAlert]:
        return shipped(slug).read(body, headers)

    def delivery_id(body: object, headers: Mapping[str, str]) -> str | None:
        return shipped(slug).delivery_id(body, headers)

    return {"read": read, "decode": or_text, "delivery_id": delivery_id}
