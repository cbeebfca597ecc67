"""The dialects of this family: what we call them, how they prove themselves, what they do on overload."""

from __future__ import annotations

from tandem.model.alert import Kind
from tandem.model.integration import AuthKind
from tandem_ingest.decode import or_text
from tandem_ingest.vendors.shipped import by_mapping
from tandem_ingest.vendors.siem import (
    defender,
    elastic,
    huntress,
    ocsf,
    splunk,
    wazuh,
)
from tandem_ingest.vendors.vendor import Vendor

VENDORS = (
    Vendor(
        slug="wazuh", name="Wazuh 4.x", kind=Kind.SIEM, read=wazuh.read, decode=or_text, auth=AuthKind.HEADER,
        clears="status Solved of the same vulnerability", delivery="manager and alert id",
        delivery_id=wazuh.delivery_id,
    ),
    Vendor(
        slug="wazuh5", name="Wazuh 5.x", kind=Kind.SIEM, read=wazuh.read, decode=or_text, auth=AuthKind.HEADER,
        clears="", delivery="id of the indexed document", delivery_id=wazuh.delivery_id,
    ),
    Vendor(
        slug="huntress", name="Huntress", kind=Kind.SIEM, read=huntress.read, auth=AuthKind.HMAC,
        clears="status closed or dismissed of the same report", delivery="svix-id", delivery_id=huntress.delivery_id,
        retries=True,  # eight attempts in 28 hours for whatever is no 2xx: docs.svix.com/retries
    ),
    Vendor(
        slug="defender", name="Microsoft Defender XDR", kind=Kind.SIEM, read=defender.read, auth=AuthKind.BEARER,
        clears="status resolved of the same alert or incident",
    ),
    Vendor(
        slug="sentinel", name="Microsoft Sentinel", kind=Kind.SIEM, read=defender.read, auth=AuthKind.BEARER,
        clears="status Closed of the same incident",
    ),
    Vendor(
        slug="splunk", name="Splunk", kind=Kind.SIEM, read=splunk.read, auth=AuthKind.PATH,
        clears="status Resolved or Closed of the same notable event (Enterprise Security)",
    ),
    Vendor(
        slug="elastic", name="Elastic Security, Kibana", kind=Kind.SIEM, read=elastic.read, decode=or_text,
        auth=AuthKind.HEADER, clears="state recovered of the same alert",
    ),
    Vendor(
        slug="ocsf", name="OCSF findings", kind=Kind.SIEM, read=ocsf.read, auth=AuthKind.BEARER,
        clears="activity Close, or status suppressed, resolved or archived, of the same finding",
    ),
    Vendor(
        slug="sentinelone", name="SentinelOne", kind=Kind.SIEM, auth=AuthKind.HEADER,
        clears="incidentStatus resolved", **by_mapping("sentinelone"),
    ),
    Vendor(
        slug="crowdstrike", name="CrowdStrike Falcon", kind=Kind.SIEM, auth=AuthKind.HMAC,
        clears="status closed", **by_mapping("crowdstrike"),
    ),
    Vendor(
        slug="sumologic", name="Sumo Logic", kind=Kind.SIEM, auth=AuthKind.HEADER,
        clears="TriggerType Resolved...", **by_mapping("sumologic"),
    ),
)  # fmt: skip
