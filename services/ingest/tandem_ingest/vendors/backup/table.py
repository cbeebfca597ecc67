"""The dialects of this family: what we call them, how they prove themselves, what they do on overload."""

from __future__ import annotations

from tandem.model.alert import Kind
from tandem.model.integration import AuthKind
from tandem_ingest.decode import or_text
from tandem_ingest.vendors.backup import (
    duplicati,
    healthchecks,
    proxmox,
    rubrik,
    script,
    veeam,
)
from tandem_ingest.vendors.shipped import by_mapping
from tandem_ingest.vendors.vendor import Vendor

VENDORS = (
    Vendor(
        slug="healthchecks", name="healthchecks.io", kind=Kind.BACKUP, read=healthchecks.read, decode=or_text,
        auth=AuthKind.BEARER,
        clears="status up of the same check",
    ),
    Vendor(
        slug="veeam", name="Veeam (our scripts)", kind=Kind.BACKUP, read=veeam.read, auth=AuthKind.BEARER,
        clears="status Resolved or result Success of the same alarm or job and object",
    ),
    Vendor(
        slug="proxmox", name="Proxmox Backup Server, Proxmox VE", kind=Kind.BACKUP, read=proxmox.read, decode=or_text,
        auth=AuthKind.BEARER, clears="severity info of the same type, host, datastore and job",
    ),
    Vendor(
        slug="rubrik", name="Rubrik Security Cloud", kind=Kind.BACKUP, read=rubrik.read, auth=AuthKind.BEARER,
        clears="status Success for the same object and class",
    ),
    Vendor(
        slug="duplicati", name="Duplicati", kind=Kind.BACKUP, read=duplicati.read, decode=or_text, auth=AuthKind.PATH,
        clears="ParsedResult Success of the same backup and operation",
    ),
    Vendor(
        slug="script", name="Backup script (restic, borg, rsync)", kind=Kind.BACKUP, read=script.read,
        auth=AuthKind.BEARER, clears="exit code 0 of the same job on the same host",
    ),
    Vendor(
        slug="acronis", name="Acronis Cyber Protect", kind=Kind.BACKUP, auth=AuthKind.BEARER,
        clears="severity ok, or dismissed", **by_mapping("acronis"),
    ),
    Vendor(
        slug="cove", name="Cove Data Protection", kind=Kind.BACKUP, auth=AuthKind.BEARER,
        clears="the next completed session", **by_mapping("cove"),
    ),
    Vendor(
        slug="datto-bcdr", name="Datto BCDR", kind=Kind.BACKUP, auth=AuthKind.BEARER,
        clears="the next success of the same agent and check", **by_mapping("datto-bcdr"),
    ),
    Vendor(
        slug="commvault", name="Commvault", kind=Kind.BACKUP, auth=AuthKind.HEADER,
        clears="the next completed job", **by_mapping("commvault"),
    ),
)  # fmt: skip
