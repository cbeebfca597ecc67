"""A mapping document from its text: YAML or JSON, bounded, every fault at its line and column and in plain words."""

from __future__ import annotations

from pydantic import ValidationError

from tandem.agreement.document import Node, parse, plain
from tandem.agreement.wording import problems_of
from tandem.errors import AgreementError, Problem
from tandem_ingest.vendors.mapping.document import MappingDocument
from tandem_ingest.vendors.mapping.reader import Reader

LARGEST = 64 * 1024
"""Characters: two thousand lines."""
MOST_VALUES = 5_000


def load(text: str, file: str = "mapping.yaml") -> Reader:
    """The mapping that ``text`` is.

    Raises:
        AgreementError: every problem at once, as ``file:line:column: message``.
    """
    if len(text) > LARGEST:
        raise AgreementError([Problem(file, 1, 1, f"this is larger than {LARGEST // 1024} KiB; a mapping never is")])
    root = parse(text, file)
    _check_root(root, file)
    try:
        return Reader(MappingDocument.model_validate(plain(root)))
    except ValidationError as error:
        raise AgreementError(problems_of(error, root, file=file, model=MappingDocument)) from None


def _check_root(root: Node, file: str) -> None:
    if root.kind != "map":
        message = 'a mapping is made of "key: value" lines, at least alert: with a title:'
        raise AgreementError([Problem(file, root.line, root.column, message)])
    if root.size > MOST_VALUES:
        message = f"more than {MOST_VALUES:,} values, aliases expanded; a mapping never has that many"
        raise AgreementError([Problem(file, root.line, root.column, message)])
