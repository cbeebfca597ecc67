"""What is stored is canonical JSON: read back without the YAML loader it is the same document."""

from __future__ import annotations

from pathlib import Path

import pytest

from tandem.agreement.load import canonical_hash, canonical_text, load_directory, load_tenant
from tandem.agreement.schema.documents import ProviderDocument, TenantDocument

DOCUMENTS = load_directory(Path(__file__).parents[3] / "deploy" / "agreement")


@pytest.mark.parametrize("name", sorted(DOCUMENTS.tenants))
def test_a_tenants_document_survives_storage(name: str):
    document = DOCUMENTS.tenants[name].document

    again = TenantDocument.model_validate_json(canonical_text(document))

    assert again == document
    assert canonical_hash(again) == canonical_hash(document)


@pytest.mark.parametrize("name", sorted(DOCUMENTS.providers))
def test_a_providers_document_survives_storage(name: str):
    document = DOCUMENTS.providers[name].document

    again = ProviderDocument.model_validate_json(canonical_text(document))

    assert again == document
    assert canonical_hash(again) == canonical_hash(document)


def test_the_order_in_which_host_classes_are_tried_survives_storage():
    text = "tenant: {id: acme, name: Acme}\nvocabulary: {host_classes: {servers: srv-*, anything: '*'}}\n"
    document = load_tenant(text)
    other = load_tenant(text.replace("servers: srv-*, anything: '*'", "anything: '*', servers: srv-*"))

    again = TenantDocument.model_validate_json(canonical_text(document))

    assert list(again.vocabulary.host_classes) == ["servers", "anything"]
    assert canonical_hash(document) != canonical_hash(other)
