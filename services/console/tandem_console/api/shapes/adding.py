"""A new way in: what a person asks for, and what is made. Its secret is in this one answer only."""

from __future__ import annotations

from typing import Annotated

from pydantic import BaseModel, Field

from tandem.model.integration import AuthKind
from tandem.web.text import STRICT, Line, Text
from tandem_console.api.shapes.integrations import OtherDoor

ONE_LINE = r"^[^\r\n]*$"


class NewWay(BaseModel):
    """A way in to be made."""

    model_config = STRICT

    name: Annotated[Line, Field(min_length=1, max_length=64)]
    tenant: Annotated[Text, Field(min_length=1, max_length=64)]
    vendor: Annotated[Text, Field(min_length=1, max_length=64)]
    auth: AuthKind | None = None
    """How its posts prove who they are; null: its tool's usual way."""
    header: Annotated[Text, Field(max_length=100, pattern=ONE_LINE)] = ""
    """For auth header; empty: X-Tandem-Key."""
    prefix: Annotated[Text, Field(max_length=40, pattern=ONE_LINE)] = ""
    """Before the secret in that header."""
    parameter: Annotated[Text, Field(max_length=40, pattern=ONE_LINE)] = ""
    """For auth query; empty: key."""
    user: Annotated[Text, Field(max_length=100, pattern=ONE_LINE)] = ""
    """For auth basic; empty: any."""
    topics: Annotated[list[Annotated[Line, Field(max_length=400)]], Field(max_length=20)] = []
    """For auth sns: ARNs of the topics that may post."""
    provider: Annotated[Text, Field(max_length=64, pattern=ONE_LINE)] = ""
    """Whose customers it posts for; then ``tenant`` is told of those that nobody maps."""
    tenant_from: Annotated[Text, Field(max_length=110, pattern=ONE_LINE)] = ""
    """The field that names the customer, ``customer`` or ``labels.NAME``; the provider's document maps it."""
    secret: Annotated[str, Field(min_length=16, max_length=512)] | None = None
    """The vendor's own; by default Tandem makes one."""


class Connected(BaseModel):
    """A new way in with its secret, this once."""

    name: str
    tenant: str
    vendor: str
    auth: AuthKind
    secret_id: str
    secret: str
    """Empty where Amazon signs."""
    address: str
    headers: list[str]
    curl: str
    doors: list[OtherDoor]
    steps: str
    """How to set up the tool, Markdown."""
