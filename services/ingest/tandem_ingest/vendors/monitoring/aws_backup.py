"""AWS Backup's own notifications by SNS: a sentence of English with the resource in it.

Subject and sentence are the same for every resource, so its ARN is the condition: a failed backup is over with the next
one that is "completed successfully". Source: terraform-aws-modules/terraform-aws-notify-slack, messages/backup.json.
"""

from __future__ import annotations

from datetime import datetime

from tandem.model.alert import AlertStatus, Severity, VendorAlert
from tandem_ingest.vendors.draft import draft
from tandem_ingest.vendors.siem import fields

OPENING = "An AWS Backup "
RESOURCE = "Resource ARN :"
_OVER, _FAILED = "completed successfully", "failed"
_SCANNED = 4000


def read(said: str, *, occurred_at: datetime | None, topic: object) -> VendorAlert | None:
    """The alert of a notification; None when ``said`` is none, or tells of no outcome of a resource."""
    sentence, path = said[:_SCANNED].partition(". ")[0], _resource(said[:_SCANNED])
    if not said.startswith(OPENING) or path is None or "started" in sentence:
        return None
    failed = _FAILED in sentence
    return draft(
        title=f"{sentence}: {fields.of_arn(path)}",
        status=AlertStatus.RESOLVED if _OVER in sentence else AlertStatus.FIRING,
        severity=Severity.HIGH if failed else Severity.UNKNOWN,
        severity_word=_FAILED if failed else None,
        host=fields.of_arn(path),
        occurred_at=occurred_at,
        dedup_key=f"backup/{path}",
        customer=":".join(path.split(":")[4:5]) or None,
        description=said,
        labels={"topic": topic, "resource": path},
    )


def _resource(said: str) -> str | None:
    """The ARN, which a full stop follows."""
    words = said.partition(RESOURCE)[2].split(maxsplit=1)
    path = words[0].rstrip(".,") if words else ""
    return path if path.startswith("arn:") else None
