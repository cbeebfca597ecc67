"""What each integration is read by: its own mapping, compiled once, else its vendor's reading. Memory only."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from tandem.errors import AgreementError
from tandem.model.integration import Integration
from tandem_ingest.vendors.catalogue import vendor_of
from tandem_ingest.vendors.mapped import mapped
from tandem_ingest.vendors.mapping.load import load
from tandem_ingest.vendors.vendor import Vendor

_Key = tuple[str, str]
"""Vendor and document."""


class Dialects:
    """Compiled mappings by what they are; one that stays the same is not compiled again."""

    def __init__(self) -> None:
        self._compiled: dict[_Key, Vendor] = {}

    def replace(self, integrations: Iterable[Integration]) -> Mapping[str, str]:
        """Know the mappings of these and no others; a faulty one is left out.

        Returns:
            The first problem of each mapping that was not known before, by integration.
        """
        known, compiled = self._compiled, dict[_Key, Vendor]()
        faults: dict[str, str] = {}
        for one in integrations:
            if one.mapping is None:
                continue
            key = (one.vendor, one.mapping)
            if key in known:
                compiled[key] = known[key]
                continue
            compiled[key] = vendor_of(one.vendor)
            try:
                compiled[key] = mapped(vendor_of(one.vendor), load(one.mapping, one.name))
            except AgreementError as error:  # checked before it was stored: by another release, or by hand
                faults[one.name] = str(error.problems[0])
        self._compiled = compiled
        return faults

    def of(self, integration: Integration) -> Vendor:
        """What the bodies of ``integration`` are read by."""
        if integration.mapping is None:
            return vendor_of(integration.vendor)
        return self._compiled.get((integration.vendor, integration.mapping)) or vendor_of(integration.vendor)
