"""The table of dialects: what we call them, what they are, how they prove themselves, what they do on overload."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import MappingProxyType

from tandem.model.alert import Kind, VendorAlert
from tandem.model.integration import AuthKind
from tandem_ingest.vendors import alertmanager, generic, healthchecks, ninjaone, veeam, wazuh

Adapter = Callable[[object, Mapping[str, str]], list[VendorAlert]]
"""``(decoded body, headers with lower-case names) -> alerts``; pure, raises Unreadable and nothing else."""
Identify = Callable[[object, Mapping[str, str]], str | None]


def _no_id(body: object, headers: Mapping[str, str]) -> None:
    """The dialect names no delivery: identical bytes stand for one."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Vendor:
    """One dialect."""

    slug: str
    name: str
    kind: Kind
    read: Adapter
    auth: AuthKind
    """What ``tandem integrations add`` proposes."""
    clears: str
    """What says that a condition is over; empty when the tool never says so."""
    delivery: str = "identical bytes"
    """What names a delivery, in words."""
    delivery_id: Identify = _no_id
    overload: int = 503
    """What it is answered when we must refuse: 429 only for dialects that retry on it."""


_ALL = (
    Vendor(
        slug="ninjaone", name="NinjaOne", kind=Kind.RMM, read=ninjaone.read, auth=AuthKind.HEADER,
        clears="statusCode RESET of the same seriesUid", delivery="activity id", delivery_id=ninjaone.delivery_id,
    ),
    Vendor(
        slug="wazuh", name="Wazuh 4.x", kind=Kind.SIEM, read=wazuh.read, auth=AuthKind.HEADER,
        clears="", delivery="manager and alert id", delivery_id=wazuh.delivery_id,
    ),
    Vendor(
        slug="healthchecks", name="healthchecks.io", kind=Kind.BACKUP, read=healthchecks.read, auth=AuthKind.BEARER,
        clears="status up of the same check",
    ),
    Vendor(
        slug="veeam", name="Veeam (our scripts)", kind=Kind.BACKUP, read=veeam.read, auth=AuthKind.BEARER,
        clears="status Resolved or result Success of the same alarm or job and object",
    ),
    Vendor(
        slug="alertmanager", name="Prometheus Alertmanager", kind=Kind.MONITORING, read=alertmanager.read,
        auth=AuthKind.BEARER, clears="each alert's own status resolved",
    ),
    Vendor(
        slug="generic", name="Generic JSON", kind=Kind.MONITORING, read=generic.read, auth=AuthKind.BEARER,
        clears="status resolved of the same dedup_key", delivery="webhook-id or Idempotency-Key, else identical bytes",
        delivery_id=generic.delivery_id,
    ),
)  # fmt: skip
CATALOGUE: Mapping[str, Vendor] = MappingProxyType({vendor.slug: vendor for vendor in _ALL})
GENERIC = CATALOGUE["generic"]


def vendor_of(slug: str) -> Vendor:
    """The dialect of ``slug``; one we do not know is read as the generic body, so that nothing is lost."""
    return CATALOGUE.get(slug, GENERIC)
