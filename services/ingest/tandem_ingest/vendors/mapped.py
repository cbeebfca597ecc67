"""A dialect that is read by a mapping document instead of by code of its own."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from tandem.model.alert import VendorAlert
from tandem_ingest.decode import or_text
from tandem_ingest.unreadable import Unreadable
from tandem_ingest.vendors.mapping.reader import Reader
from tandem_ingest.vendors.vendor import Vendor


def mapped(vendor: Vendor, reader: Reader) -> Vendor:
    """``vendor``, read by ``reader``: slug and how it proves itself stay; text is read too."""
    kind = reader.document.kind or vendor.kind
    return replace(vendor, read=reader.read, decode=or_text, delivery_id=reader.delivery_id, kind=kind)


def unmapped(body: object, headers: Mapping[str, str]) -> list[VendorAlert]:  # noqa: ARG001 - the adapters' one signature
    """The reading of a tool whose mapping nobody has written yet."""
    raise Unreadable("this way in has no mapping yet; `tandem integrations mapping NAME --set FILE` gives it one")
