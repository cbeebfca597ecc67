"""The dialects of this family: what we call them, how they prove themselves, what they do on overload."""

from __future__ import annotations

from tandem.model.alert import Kind
from tandem.model.integration import AuthKind
from tandem_ingest.vendors.rmm import (
    auvik,
    datto,
    ninjaone,
    tactical,
)
from tandem_ingest.vendors.shipped import by_mapping
from tandem_ingest.vendors.template import decode_template
from tandem_ingest.vendors.vendor import Vendor

VENDORS = (
    Vendor(
        slug="ninjaone", name="NinjaOne", kind=Kind.RMM, read=ninjaone.read, auth=AuthKind.HEADER,
        clears="statusCode RESET of the same seriesUid", delivery="activity id", delivery_id=ninjaone.delivery_id,
    ),
    Vendor(
        slug="datto-rmm", name="Datto RMM", kind=Kind.RMM, read=datto.read, decode=decode_template,
        auth=AuthKind.BEARER, clears="the resolve template with the same alert uid",
    ),
    Vendor(
        slug="tactical", name="Tactical RMM", kind=Kind.RMM, read=tactical.read, decode=decode_template,
        auth=AuthKind.HEADER, clears="the resolved action of the same alert id",
    ),
    Vendor(
        slug="auvik", name="Auvik", kind=Kind.RMM, read=auvik.read, auth=AuthKind.PATH,
        clears="alertStatus 1 (Cleared) of the same correlationId",
    ),
    Vendor(
        slug="ncentral", name="N-able N-central", kind=Kind.RMM, auth=AuthKind.PATH,
        clears="QualitativeNewState Normal, or action RESOLVE or CLOSE", **by_mapping("ncentral"),
    ),
    Vendor(
        slug="connectwise", name="ConnectWise PSA and Automate", kind=Kind.RMM, auth=AuthKind.PATH,
        clears="the ticket is closed", delivery="MessageId", **by_mapping("connectwise"),
    ),
    Vendor(
        slug="atera", name="Atera", kind=Kind.RMM, auth=AuthKind.BEARER,
        clears="Archived", **by_mapping("atera"),
    ),
    Vendor(
        slug="syncro", name="Syncro", kind=Kind.RMM, auth=AuthKind.PATH,
        clears="attributes.resolved", **by_mapping("syncro"),
    ),
    Vendor(
        slug="kaseya", name="Kaseya VSA X", kind=Kind.RMM, auth=AuthKind.PATH,
        clears="status resolved of the same id", **by_mapping("kaseya"),
    ),
)  # fmt: skip
