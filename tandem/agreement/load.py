"""Documents from text or files: read, checked for shape, kept together with their positions.

The one file of this package that reads files. What documents mean together is ``lint``; what they answer, ``compile``.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from importlib.resources.abc import Traversable
from itertools import islice
from typing import Any, Generic, TypeVar

from pydantic import ValidationError

from tandem.agreement.document import LARGEST_BYTES, Node, locate, parse, plain, substitute, values_of
from tandem.agreement.inventory import LARGEST_INVENTORY, Inventory, read_inventory
from tandem.agreement.inventory import SCHEMA as INVENTORY_SCHEMA
from tandem.agreement.patterns import program_size
from tandem.agreement.schema.documents import ProviderDocument, SharedParts, TenantDocument
from tandem.agreement.schema.fields import clean, suggest
from tandem.agreement.wording import problems_of
from tandem.errors import AgreementError, Problem

DEFAULT_VARIABLES: Mapping[str, str] = {"PAGER_INBOX": "https://pager.example"}
"""What ``${NAME}`` in a contact's ``to`` stands for when the caller gives nothing else."""
TENANT_SCHEMA = "tandem/agreement/v1"
PROVIDER_SCHEMA = "tandem/provider/v1"
MOST_FILES = 2000
LARGEST_PROGRAMS = 1_000_000
"""Instructions of all regexes of a document: about 16 MiB once compiled, or 5,000 regexes of 200 each."""
_FEW_REGEXES = 200
"""So few cannot be too large: each is bounded on its own."""
_SUFFIXES = (".yaml", ".yml")
_ORDERED = {"host_classes"}
"""Mappings whose order says something: the first that fits."""

Doc_co = TypeVar("Doc_co", bound=SharedParts, covariant=True)


@dataclass(frozen=True, slots=True)
class Source(Generic[Doc_co]):
    """A document of the right shape, with the tree it came from."""

    file: str
    root: Node
    document: Doc_co
    inventory: Inventory | None = None
    """The file that ``inventory:`` names; its assets are the last of the document's."""

    def problem(self, path: tuple[int | str, ...], message: str, *, level: str = "error", key: bool = False) -> Problem:
        """``message`` at the position of ``path`` (keys and 0-based indexes), also where that is in the inventory."""
        if self.inventory is not None and path[:1] == ("assets",) and len(path) > 1 and isinstance(path[1], int):
            own = len(self.root.entries["assets"][1].parts) if "assets" in self.root.entries else 0
            if path[1] >= own:
                return self.inventory.problem(path[1] - own, path[2:], message, level=level)
        line, column = locate(self.root, path, key=key)
        return Problem(self.file, line, column, message, level)


@dataclass(frozen=True, slots=True)
class Documents:
    """All documents of a directory, by id."""

    tenants: Mapping[str, Source[TenantDocument]] = field(default_factory=dict)
    providers: Mapping[str, Source[ProviderDocument]] = field(default_factory=dict)

    def provider_of(self, document: TenantDocument) -> Source[ProviderDocument] | None:
        """The provider that ``use:`` names, when its document is here."""
        return self.providers.get(parse_use(document.use)[0]) if document.use else None


def parse_use(use: str) -> tuple[str, int | None]:
    """``brightwater@3`` -> ("brightwater", 3); without a version None, meaning the active one."""
    name, at, version = use.partition("@")
    return name, int(version) if at else None


def load_tenant(
    text: str | Traversable, *, file: str | None = None, variables: Mapping[str, str] | None = None
) -> TenantDocument:
    """A tenant's agreement from YAML (or JSON) text or a path. AgreementError holds every problem of shape at once."""
    return tenant_source(text, file=file, variables=variables).document


def load_provider(
    text: str | Traversable, *, file: str | None = None, variables: Mapping[str, str] | None = None
) -> ProviderDocument:
    """A provider's document from YAML (or JSON) text or a path; errors as ``load_tenant``."""
    return provider_source(text, file=file, variables=variables).document


def load_directory(directory: Traversable, *, variables: Mapping[str, str] | None = None) -> Documents:
    """Every ``*.yaml`` of a directory, by its ``schema:`` key. AgreementError holds the problems of all files."""
    files = sorted((entry for entry in _entries(directory) if entry.name.endswith(_SUFFIXES)), key=lambda e: e.name)
    return load_files(files, variables=variables)


def load_files(files: Iterable[Traversable], *, variables: Mapping[str, str] | None = None) -> Documents:
    """The given files as ``load_directory`` reads them."""
    documents, problems = read_files(files, variables=variables)
    if problems:
        raise AgreementError(problems)
    return documents


def read_files(
    files: Iterable[Traversable], *, variables: Mapping[str, str] | None = None
) -> tuple[Documents, list[Problem]]:
    """What of ``files`` has the right shape, and the problems of the rest. Raises nothing."""
    tenants: dict[str, Source[TenantDocument]] = {}
    providers: dict[str, Source[ProviderDocument]] = {}
    problems: list[Problem] = []
    for entry in islice(files, MOST_FILES):
        try:
            name, root = read_tree(entry, variables=variables)
            schema = schema_of(root, name)
            if schema == PROVIDER_SCHEMA:
                provider = _shaped(root, name, ProviderDocument)
                problems += _add(providers, provider, provider.document.provider.id, ("provider", "id"))
            elif schema != INVENTORY_SCHEMA:  # an inventory is read with the agreement that names it
                tenant = _with_inventory(_shaped(root, name, TenantDocument), entry)
                problems += _add(tenants, tenant, tenant.document.tenant.id, ("tenant", "id"))
        except AgreementError as error:
            problems += error.problems
    return Documents(tenants, providers), sorted(problems)


def tenant_source(
    text: str | Traversable, *, file: str | None = None, variables: Mapping[str, str] | None = None
) -> Source[TenantDocument]:
    """As ``load_tenant``, with positions."""
    name, root = read_tree(text, file=file, variables=variables)
    return _with_inventory(_shaped(root, name, TenantDocument), text)


def provider_source(
    text: str | Traversable, *, file: str | None = None, variables: Mapping[str, str] | None = None
) -> Source[ProviderDocument]:
    """As ``load_provider``, with positions."""
    name, root = read_tree(text, file=file, variables=variables)
    return _shaped(root, name, ProviderDocument)


def read_tree(
    text: str | Traversable, *, file: str | None = None, variables: Mapping[str, str] | None = None
) -> tuple[str, Node]:
    """File name and tree of a document of any schema, variables put in."""
    name = file or ("agreement.yaml" if isinstance(text, str) else str(text))
    root = parse(text if isinstance(text, str) else _text_of(text, name), name)
    problems = substitute(root, DEFAULT_VARIABLES if variables is None else {**DEFAULT_VARIABLES, **variables}, name)
    if problems:
        raise AgreementError(problems)
    return name, root


def canonical_text(document: SharedParts) -> str:
    """The document as JSON with sorted keys: what was written, without comments and order of keys. Loads back equal."""
    written = document.model_dump(mode="json", by_alias=True, exclude_unset=True)
    schema = PROVIDER_SCHEMA if isinstance(document, ProviderDocument) else TENANT_SCHEMA
    return json.dumps(_sorted({**written, "schema": schema}), ensure_ascii=False, separators=(",", ":"))


def _sorted(value: Any, *, kept: bool = False) -> Any:  # noqa: ANN401 - a dumped part
    """Keys in order, but for those that are tried in the order in which they were written."""
    if isinstance(value, dict):
        names = list(value) if kept else sorted(value)
        return {name: _sorted(value[name], kept=name in _ORDERED) for name in names}
    return [_sorted(part) for part in value] if isinstance(value, list) else value


def canonical_hash(*documents: SharedParts) -> str:
    """SHA-256 (hex) over ``canonical_text``. A tenant's version is the hash of its document and its provider's."""
    digest = hashlib.sha256()
    for document in documents:
        raw = canonical_text(document).encode()
        digest.update(len(raw).to_bytes(8))
        digest.update(raw)
    return digest.hexdigest()


def schema_of(root: Node, file: str) -> str:
    """Which of our documents this is; AgreementError when it says another schema."""
    schema = str(plain(root).get("schema", TENANT_SCHEMA)) if root.kind == "map" else TENANT_SCHEMA
    if schema not in {TENANT_SCHEMA, PROVIDER_SCHEMA, INVENTORY_SCHEMA}:
        close = suggest(schema, (TENANT_SCHEMA, PROVIDER_SCHEMA))
        message = (
            f'schema: there is none called "{clean(schema[:60])}"{close}; write {TENANT_SCHEMA} or {PROVIDER_SCHEMA}'
        )
        raise AgreementError([Problem(file, *locate(root, ("schema",)), message)])
    return schema


def _shaped(root: Node, file: str, model: type[Doc_co]) -> Source[Doc_co]:
    if root.kind != "map":
        raise AgreementError([Problem(file, root.line, root.column, 'an agreement is made of "key: value" lines')])
    check_regexes(root, file)
    try:
        return Source(file, root, model.model_validate(plain(root)))
    except ValidationError as error:
        raise AgreementError(problems_of(error, root, file=file, model=model)) from None


def check_regexes(root: Node, file: str) -> None:
    """AgreementError when the regexes under ``root`` together take more memory than an agreement may."""
    values = {value.text: value for value in values_of(root, "regex") if value.text}
    if len(values) <= _FEW_REGEXES:
        return
    size = 0
    for text, value in values.items():
        try:
            size += program_size(text)
        except ValueError:
            continue  # said with its own words and place when the field is read
        if size > LARGEST_PROGRAMS:
            message = "the regexes of this document together are too large; say them with fewer or smaller repetitions"
            raise AgreementError([Problem(file, value.line, value.column, message)])


def _with_inventory(source: Source[TenantDocument], text: str | Traversable) -> Source[TenantDocument]:
    """``source`` with the assets of the file that it names; an asset of the document itself replaces the file's."""
    name = source.document.inventory
    if name is None:
        return source
    # Only what stands beside the document: the field takes no slashes. A text from elsewhere has nothing beside it.
    directory = None if isinstance(text, str) else getattr(text, "parent", None)
    file = directory.joinpath(name) if directory is not None else None
    if file is None or not file.is_file():
        raise AgreementError([source.problem(("inventory",), f'there is no file "{name}" beside this document')])
    content = _text_of(file, str(file), largest=LARGEST_INVENTORY)
    own = source.document.assets
    inventory = read_inventory(content, str(file)).without(asset.id for asset in own)
    # What is hashed and stored names no file: it holds what the file said.
    document = source.document.model_copy(update={"assets": (*own, *inventory.assets), "inventory": None})
    document.model_fields_set.discard("inventory")
    return Source(source.file, source.root, document, inventory)


def _add(known: dict[str, Source[Doc_co]], source: Source[Doc_co], name: str, path: tuple[str, ...]) -> list[Problem]:
    if name in known:
        return [source.problem(path, f'"{name}" is already in {known[name].file}; one document per id')]
    known[name] = source
    return []


def _entries(directory: Traversable) -> list[Traversable]:
    try:
        return list(directory.iterdir())
    except OSError as error:
        raise AgreementError([Problem(str(directory), 1, 1, f"cannot be read: {error.strerror}")]) from None


def _text_of(path: Traversable, file: str, *, largest: int = LARGEST_BYTES) -> str:
    try:
        with path.open("rb") as stream:
            raw = stream.read(largest + 1)
    except OSError as error:
        raise AgreementError([Problem(file, 1, 1, f"cannot be read: {error.strerror}")]) from None
    if len(raw) > largest:
        what = "an agreement" if largest == LARGEST_BYTES else "an inventory"
        message = f"this file is larger than {largest // 2**20} MiB; {what} never is"
        raise AgreementError([Problem(file, 1, 1, message)])
    try:
        return raw.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = raw[: error.start].count(b"\n") + 1
        raise AgreementError([Problem(file, line, 1, "this is not UTF-8 text; save the file as UTF-8")]) from None
