"""Static files of the pages, read once and served from memory under a name that changes with their content."""

from dataclasses import dataclass
from hashlib import sha256
from importlib.resources import files
from typing import Annotated

from fastapi import APIRouter, Depends, Path, Response

from tandem.errors import Reason, Refused
from tandem_console.access import Scope
from tandem_console.api.allowed import Gate

_TYPES = {
    "css": "text/css; charset=utf-8",
    "js": "text/javascript; charset=utf-8",
    "svg": "image/svg+xml",
}
NAMES = ("console.css", "console.js", "htmx.min.js", "favicon.svg")
_FOR_GOOD = "public, max-age=31536000, immutable"


@dataclass(frozen=True, slots=True)
class Asset:
    """One file."""

    body: bytes
    media_type: str
    version: str
    """The first of its hash."""


class Assets:
    """All static files."""

    def __init__(self) -> None:
        """Reads the package's folder ``static``."""
        folder = files("tandem_console") / "static"
        self._assets = {name: _asset(name, (folder / name).read_bytes()) for name in NAMES}

    def url(self, name: str) -> str:
        """Where a page finds ``name``, as it is now."""
        return f"/static/{name}?v={self._assets[name].version}"

    def get(self, name: str) -> Asset | None:
        """A file by name."""
        return self._assets.get(name)


def _asset(name: str, body: bytes) -> Asset:
    return Asset(body, _TYPES[name.rpartition(".")[2]], sha256(body).hexdigest()[:12])


def router(gate: Gate, assets: Assets) -> APIRouter:
    """Routes of static files; anybody may read them."""
    pages = APIRouter(include_in_schema=False, dependencies=[Depends(gate.allowed(Scope.PUBLIC))])

    def answer(name: str) -> Response:
        asset = assets.get(name)
        if asset is None:
            raise Refused(Reason.NOT_FOUND, "there is no such file")
        return Response(asset.body, headers={"cache-control": _FOR_GOOD}, media_type=asset.media_type)

    @pages.get("/static/{name}")
    async def static(name: Annotated[str, Path(max_length=100)]) -> Response:
        """One file."""
        return answer(name)

    @pages.get("/favicon.ico")
    async def favicon() -> Response:
        """Browsers ask for it unasked."""
        return answer("favicon.svg")

    return pages
