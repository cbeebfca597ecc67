"""How a tool is set up, with a word where its secret goes: address, header lines, a line for a shell. Pure."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Protocol

from tandem.model.integration import AuthKind, Integration
from tandem.policy import ways_in

PLACEHOLDER = "YOUR-SECRET"


@dataclass(frozen=True, slots=True)
class Shown:
    """What a person copies into the tool."""

    address: str
    headers: tuple[str, ...]
    curl: str
    """Empty where a shell cannot prove the post."""


def shown(way: Integration, address: str, secret: str = PLACEHOLDER) -> Shown:
    """With ``secret`` where it belongs; by default a word in its place."""
    lines = ways_in.header_lines(way, secret)
    curl = ways_in.curl(way, address, secret)
    basic = next((line for line in lines if line.startswith("Authorization: Basic ")), None)
    if basic is not None:
        # Encoded, nobody would see that it is a word to replace.
        user = f"{way.user or 'tandem'}:{secret}"
        curl = curl.replace(f"-H '{basic}'", f"-u '{user}'")
        if secret == PLACEHOLDER:
            lines = [f"Authorization: Basic (base64 of {user})" if line == basic else line for line in lines]
    return Shown(ways_in.address(way, address, secret), tuple(lines), curl)


class Place(Protocol):
    """An address with places in it, as ingest tells it (``api.connecting.Doorway``)."""

    @property
    def title(self) -> str:
        """Which API."""
        ...

    @property
    def address(self) -> str:
        """Where."""
        ...

    @property
    def lines(self) -> tuple[str, ...]:
        """What to enter beside it."""
        ...

    @property
    def curl(self) -> str:
        """For a shell."""
        ...

    @property
    def note(self) -> str:
        """What else to know."""
        ...


@dataclass(frozen=True, slots=True)
class Filled:
    """A further address of a way in, ready to be copied."""

    title: str
    address: str
    headers: tuple[str, ...]
    curl: str
    note: str


def filled(way: Integration, places: Iterable[Place], base: str, secret: str = PLACEHOLDER) -> list[Filled]:
    """``places`` for this way in; none where nothing shows the secret: those APIs cannot sign."""

    def put(text: str) -> str:
        return text.replace("{base}", base.rstrip("/")).replace("{name}", way.name).replace("{secret}", secret)

    if not way.shows:
        return []
    return [
        Filled(each.title, put(each.address), tuple(map(put, each.lines)), put(each.curl), put(each.note))
        for each in places
    ]


def how(way: Integration) -> str:
    """How posts prove themselves, in words."""
    return " or ".join(WAYS[kind] for kind in way.kinds)


WAYS = {
    AuthKind.HMAC: "a signature of the body",
    AuthKind.BEARER: "Authorization: Bearer",
    AuthKind.HEADER: "a header of its own",
    AuthKind.BASIC: "user name and password",
    AuthKind.PATH: "the secret in the address",
    AuthKind.QUERY: "the secret as a parameter of the address",
    AuthKind.SNS: "Amazon's signature",
}
"""How a post proves who sent it, in words."""
