"""The words that rows of the matrix may use: what can be asked is finite, so that it can be proven."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field, StringConstraints

from tandem.agreement.schema.fields import Id, Many, Part
from tandem.model.alert import Kind

Word = Annotated[str, StringConstraints(to_lower=True, min_length=1, max_length=64)]
"""Written in any case, compared in lower case."""


class Vocabulary(Part):
    """Declared words beside those that follow from the document: sites, tags of assets, categories of rules."""

    categories: tuple[Id, ...] = ()
    """Further categories; those of the classification rules are known."""
    tags: tuple[Id, ...] = ()
    """Further tags; those of the assets are known."""
    exclusive: tuple[Annotated[tuple[Id, ...], Field(min_length=2)], ...] = ()
    """Sets of tags of which an asset carries at most one: ``[[gold, silver]]``."""
    vendors: dict[Word, Kind | None] = Field(default_factory=dict)
    """Vendor -> the only kind of tool it is, or nothing; those of the integrations are known."""
    host_classes: dict[Id, Many] = Field(default_factory=dict)
    """Class -> globs of host names (``*`` and ``?``); the first that fits, in the order written, is the host's."""
