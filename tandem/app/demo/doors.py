"""Where the parts of a demo answer: one address for one process, several beside split services. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Self

from tandem.errors import StartFailed


@dataclass(frozen=True, slots=True)
class Door:
    """One part's address, as URL without a slash at its end."""

    outside: str
    """As the visitor's browser and shell reach it."""
    inside: str
    """As the demo's own processes reach it."""

    @classmethod
    def parse(cls, text: str) -> Self:
        """``OUTSIDE`` or ``OUTSIDE,INSIDE``.

        Raises:
            StartFailed: not one or two http addresses, with exit code 2.
        """
        urls = [url.strip().rstrip("/") for url in text.split(",")]
        if len(urls) > 2 or not all(url.startswith(("http://", "https://")) for url in urls):
            message = f"{text!r}: write OUTSIDE or OUTSIDE,INSIDE, e.g. http://127.0.0.1:8080,http://console:8080"
            raise StartFailed(message, exit_code=2)
        return cls(urls[0], urls[-1])

    def from_inside(self, url: str) -> str:
        """An address below ``outside``, as the demo's own processes reach it."""
        return self.inside + url.removeprefix(self.outside)


@dataclass(frozen=True, slots=True, kw_only=True)
class Doors:
    """The three doors a visitor and the feed go through; acknowledge links are the notifier's own matter."""

    console: Door
    ingest: Door
    inbox: Door

    @classmethod
    def one(cls, address: str) -> Self:
        """Everything behind one address."""
        door = Door(address, address)
        return cls(console=door, ingest=door, inbox=door)
