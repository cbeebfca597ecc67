"""The example agreements with one client's document altered by a test, compiled by the production compiler."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from tandem.agreement.compile import compile_agreement
from tandem.agreement.schema.documents import TenantDocument
from tests.support.system import Agreements, documents, examples


def altered(
    client: str,
    *,
    tenant: Mapping[str, Any] | None = None,
    rows: Mapping[str, Mapping[str, Any]] | None = None,
    people: Mapping[str, Mapping[str, Any]] | None = None,
    internal: Mapping[str, Any] | None = None,
    assets: Mapping[str, Mapping[str, Any]] | None = None,
    **sections: Any,
) -> Agreements:
    """All examples, ``client``'s with these fields; ``sections`` replace whole sections of the document.

    Args:
        tenant: fields of the section ``tenant``.
        rows: row id -> fields; an id that the client's own matrix does not have is a new row.
        people: person -> fields.
        internal: fields of the internal party.
        assets: asset id -> fields.
    """
    source = documents().tenants[client]
    provider = documents().provider_of(source.document)
    body = source.document.model_dump(mode="json", by_alias=True, exclude_unset=True)
    body["tenant"] |= tenant or {}
    if internal:
        body["parties"]["internal"] |= internal
    for name, fields in (people or {}).items():
        body["people"][name] |= fields
    for part, wanted in (("matrix", rows or {}), ("assets", assets or {})):
        known = {entry["id"]: entry for entry in body.get(part, [])}
        for name, fields in wanted.items():
            known.setdefault(name, {"id": name}).update(fields)
        body[part] = list(known.values())
    document = TenantDocument.model_validate({**body, **sections})
    made = examples()
    made.replace(compile_agreement(document, provider.document if provider else None, version=1))
    return made
