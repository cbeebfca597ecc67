"""A vendor's alert as `tandem ingest normalize` prints it and the console previews it. Pure."""

from __future__ import annotations

from datetime import UTC
from typing import Any

from tandem.model.alert import VendorAlert


def shown(alert: VendorAlert) -> dict[str, Any]:
    """An alert as the contract names its parts; what the body did not say is null."""
    at = alert.occurred_at
    return {
        "title": alert.title,
        "status": alert.status.value,
        "severity": alert.severity.value,
        "severity_word": alert.severity_word,
        "host": alert.host,
        "occurred_at": at.astimezone(UTC).isoformat().replace("+00:00", "Z") if at is not None else None,
        "dedup_key": alert.dedup_key,
        "customer": alert.customer,
        "url": alert.url,
        "labels": dict(alert.labels),
    }
