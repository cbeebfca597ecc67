"""All dialects by their slug. Each family has its folder, its table and one small pure file per dialect."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from tandem_ingest.vendors.backup.table import VENDORS as BACKUP
from tandem_ingest.vendors.monitoring.table import VENDORS as MONITORING
from tandem_ingest.vendors.rmm.table import VENDORS as RMM
from tandem_ingest.vendors.siem.table import VENDORS as SIEM
from tandem_ingest.vendors.vendor import Vendor

CATALOGUE: Mapping[str, Vendor] = MappingProxyType(
    {vendor.slug: vendor for vendor in (*RMM, *SIEM, *BACKUP, *MONITORING)}
)
GENERIC = CATALOGUE["generic"]


def vendor_of(slug: str) -> Vendor:
    """The dialect of ``slug``; one we do not know is read as the generic body, so that nothing is lost."""
    return CATALOGUE.get(slug, GENERIC)
