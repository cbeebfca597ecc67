"""The example agreement of Northwind with windows, silences, inhibitions and dependencies of a test."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from tandem.agreement.compile import compile_agreement
from tandem.agreement.compiled import Agreement
from tandem.agreement.schema.documents import TenantDocument
from tests.support.system import Agreements, documents, examples

OWNED = {"reason": "Monthly patches", "owner": "ben-carter"}


def weekly(days: str, start: str, end: str, **scope: Any) -> dict[str, Any]:
    """A maintenance window ``patching``; everything unless a scope is named."""
    hours = [{"days": days, "from": start, "to": end}]
    what = scope or {"everything": True}
    return {"id": "patching", "name": "Patching", "weekly": hours, **OWNED, **what}


def silence(start: str, end: str, **scope: Any) -> dict[str, Any]:
    """A silence ``quiet`` of the agreement."""
    return {"id": "quiet", "from": start, "to": end, **OWNED, **(scope or {"everything": True})}


def northwind(
    *,
    depends_on: Mapping[str, Sequence[str]] | None = None,
    version: int = 1,
    tenant: Mapping[str, Any] | None = None,
    **sections: Any,
) -> Agreement:
    """Northwind's agreement with these sections, compiled by the production compiler."""
    source = documents().tenants["northwind"]
    provider = documents().provider_of(source.document)
    body = source.document.model_dump(mode="json", by_alias=True, exclude_unset=True)
    body["tenant"] |= tenant or {}
    for asset in body["assets"]:
        if asset["id"] in (depends_on or {}):
            asset["depends_on"] = list((depends_on or {})[asset["id"]])
    document = TenantDocument.model_validate({**body, **sections})
    return compile_agreement(document, provider.document if provider else None, version=version)


def agreements(**sections: Any) -> Agreements:
    """All examples, Northwind's with these sections."""
    made = examples()
    made.replace(northwind(**sections))
    return made
