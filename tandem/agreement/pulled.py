"""A stored version as files again: the document as its owner wrote it, and the inventory that belonged to it."""

from __future__ import annotations

from dataclasses import dataclass

from pydantic import ValidationError

from tandem.agreement.document import LARGEST_OF_ANY_YAML, parse, plain
from tandem.agreement.inventory import SCHEMA, write_inventory
from tandem.agreement.schema.documents import TenantDocument
from tandem.agreement.schema.scope import AssetSpec
from tandem.agreement.tables.rows import said
from tandem.agreement.tables.section import Entry, replace_section, section_of, without_key
from tandem.errors import AgreementError

FILE = "agreement.yaml"


@dataclass(frozen=True, slots=True)
class Pulled:
    """One version of a client's agreement."""

    text: str
    """As its owner wrote it."""
    inventory: str | None = None
    """The name of the file that it names."""
    assets: str = ""
    """What that file said, in its form."""
    whole: str | None = None
    """One document that says everything and needs no file; None when it would be too large to be loaded."""


def pulled(source: str, document: TenantDocument) -> Pulled:
    """A version's ``source`` (as it was written) and what was stored of it (``document``, its assets included)."""
    root = parse(source, FILE)
    named = root.entries.get("inventory")
    name = named[1].text if named else None
    if name is None:
        return Pulled(source, whole=source)
    written = plain(root).get("assets") or ()
    own = {entry.get("id") for entry in written if isinstance(entry, dict)}
    others = [asset for asset in document.assets if asset.id not in own]
    if name.lower().endswith(".csv"):
        assets = write_inventory(others)
    else:
        assets = f"schema: {SCHEMA}\n" + section_of("assets", [said(asset) for asset in others])
    return Pulled(source, name, assets, _whole(source, document))


def _whole(source: str, document: TenantDocument) -> str | None:
    entries = [said(asset) for asset in document.assets]
    bare = without_key(source, "inventory", file=FILE)
    whole = replace_section(bare, "assets", entries, file=FILE, read=_asset)
    return whole if _can_be_loaded(whole) else None


def _can_be_loaded(text: str) -> bool:
    """What is larger than a mebibyte must be plain YAML, and its owner's part may not be (ADR 19)."""
    if len(text) <= LARGEST_OF_ANY_YAML:
        return True
    try:
        parse(text, FILE)
    except AgreementError:
        return False
    return True


def _asset(entry: object) -> Entry | None:
    try:
        return said(AssetSpec.model_validate(entry))
    except ValidationError:
        return None
