"""Veeam (backup): the ``veeam/1`` body of the scripts we ship in deploy/integrations/veeam.

Veeam ONE runs them as an alarm action (status Error, Warning, Information, Resolved), Backup & Replication after
a job (result Failed, Warning, Success). Success and Resolved clear what failed before.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from tandem.model.alert import AlertStatus, Severity, VendorAlert
from tandem_ingest import times
from tandem_ingest.unreadable import Unreadable
from tandem_ingest.vendors import batch, severity, shape
from tandem_ingest.vendors.draft import draft

SEVERITY: Mapping[str, Severity] = MappingProxyType(
    {
        "error": Severity.HIGH,
        "failed": Severity.HIGH,
        "warning": Severity.MEDIUM,
        "information": Severity.INFO,
        "info": Severity.INFO,
        "resolved": Severity.INFO,
        "success": Severity.INFO,
    }
)
CLEAR = frozenset({"resolved", "success"})


def read(body: object, headers: Mapping[str, str]) -> list[VendorAlert]:  # noqa: ARG001 - the adapters' one signature
    """The one alarm or job result of a post."""
    return batch.one_or_many(body, _result)


def _result(body: object) -> VendorAlert:
    says = shape.mapping(body)
    what, where = shape.first(says.get("alarm"), says.get("job")), shape.text(says.get("object"))
    status = shape.first(says.get("status"), says.get("result"))
    if status is None or (what is None and where is None):
        raise Unreadable("no status with an alarm, job or object: not the veeam/1 body")
    return draft(
        title=f"{': '.join(each for each in (what, where) if each)} ({status})",
        status=AlertStatus.RESOLVED if status.casefold() in CLEAR else AlertStatus.FIRING,
        severity=severity.of_word(status, SEVERITY),
        severity_word=status,
        host=shape.first(says.get("host"), says.get("server")),
        occurred_at=times.parse(says.get("time")),
        dedup_key="/".join((shape.text(says.get("product")) or "veeam", what or "", where or "")),
        customer=says.get("customer"),
        url=says.get("url"),
        description=says.get("information"),
        labels={
            "product": says.get("product"),
            "alarm": says.get("alarm"),
            "alarm_id": says.get("alarm_id"),
            "job": says.get("job"),
            "object": where,
            "server": says.get("server"),
            "previous_status": says.get("previous_status"),
        },
    )
