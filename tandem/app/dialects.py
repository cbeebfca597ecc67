"""What ingest knows of tools, for the console: how to connect one, and what a body would become. No I/O but files."""

from __future__ import annotations

from functools import cache
from pathlib import Path

from tandem.errors import AgreementError, Refused
from tandem_console.api.connecting import Doorway, Guide, Previewed, Tool
from tandem_ingest import normalise
from tandem_ingest.doors.told import FIRST, TOLD
from tandem_ingest.shown import shown
from tandem_ingest.vendors.catalogue import CATALOGUE, vendor_of
from tandem_ingest.vendors.mapped import mapped
from tandem_ingest.vendors.mapping.load import load
from tandem_ingest.vendors.shipped import shipped_text
from tandem_ingest.vendors.vendor import Vendor

_MORE = {"alertmanager": ("alertmanager-api",)}
"""Further pages of docs/integrations on a vendor's tools."""
FILE = "mapping"
"""What problems call the document."""


class Dialects:
    """``tandem_console.api.connecting.Dialects`` by the adapters themselves."""

    def guide(self, vendor: str) -> Guide:
        """What is known of a vendor; a slug nobody reads has no guide."""
        known = CATALOGUE.get(vendor)
        if known is None:
            return Guide()
        told = TOLD.get(vendor, ())
        return Guide(
            name=known.name,
            steps="\n\n".join(filter(None, map(page_of, (vendor, *_MORE.get(vendor, ()))))),
            mapping=shipped_text(vendor),
            doors=tuple(Doorway(*each) for each in told),
            doors_first=vendor in FIRST,
        )

    def tools(self) -> tuple[Tool, ...]:
        """Every tool we read."""
        return tuple(
            Tool(slug=each.slug, name=each.name, kind=each.kind.value, auth=each.auth) for each in CATALOGUE.values()
        )

    def read(self, vendor: str, mapping: str | None, body: bytes, content_type: str | None) -> Previewed:
        """What a body, decompressed as it was kept, becomes; headers but its type are not kept."""
        try:
            dialect = _dialect(vendor, mapping)
            reading = normalise.read(dialect, body, {"content-type": content_type or ""})
        except AgreementError as fault:
            return Previewed(problems=tuple(map(str, fault.problems)))
        except Refused as refusal:
            return Previewed(quarantined=f"refused: {refusal.detail}")
        return Previewed(alerts=tuple(map(shown, reading.alerts)), quarantined=reading.quarantined)


def _dialect(vendor: str, mapping: str | None) -> Vendor:
    own = vendor_of(vendor)
    return own if mapping is None else mapped(own, load(mapping, FILE))


@cache
def page_of(vendor: str) -> str:
    """docs/integrations/<vendor>.md, in the checkout or beside the installed package; empty when there is none."""
    packaged = Path(__file__).with_name("integrations")
    folder = packaged if packaged.is_dir() else Path(__file__).parents[2] / "docs" / "integrations"
    place = folder / f"{vendor}.md"
    return place.read_text("utf-8") if place.is_file() else ""
