"""Jinja templates of the pages: autoescaped, strict about missing names, with the few filters they need."""

from __future__ import annotations

from datetime import UTC, datetime

from fastapi.responses import HTMLResponse
from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup

from tandem_console import clocks, words
from tandem_console.access import Principal
from tandem_console.pages.assets import Assets

_MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")


class Templates:
    """The console's templates."""

    def __init__(self, assets: Assets) -> None:
        """Templates are compiled at first use and kept."""
        self._environment = Environment(
            loader=PackageLoader("tandem_console", "templates"),
            autoescape=True,
            undefined=StrictUndefined,
            trim_blocks=True,
            lstrip_blocks=True,
        )
        self._environment.globals.update(asset=assets.url, words=words, clocks=clocks)
        self._environment.filters.update(absolute=absolute, epoch=epoch, instant=instant, ago=words.ago, moment=moment)

    def text(self, name: str, **values: object) -> str:
        """A rendered template."""
        return self._environment.get_template(name).render(**values)

    def page(
        self, name: str, principal: Principal | None, *, status: int = 200, now: datetime, **values: object
    ) -> HTMLResponse:
        """A whole page; never kept by a browser or proxy, since it is one person's."""
        body = self.text(name, principal=principal, now=now, **values)
        return HTMLResponse(body, status, {"cache-control": "no-store"})


def absolute(at: datetime) -> str:
    """``20 Nov 16:46 UTC``; a script turns it into the reader's own zone."""
    utc = at.astimezone(UTC)
    return f"{utc.day} {_MONTHS[utc.month - 1]} {utc:%H:%M} UTC"


def epoch(at: datetime) -> int:
    """Milliseconds since 1970, for the ticker."""
    return int(at.timestamp() * 1000)


def instant(at: datetime) -> str:
    """RFC 3339."""
    return at.astimezone(UTC).isoformat().replace("+00:00", "Z")


def moment(value: object) -> datetime:
    """An instant that jsonb keeps as text."""
    return value if isinstance(value, datetime) else datetime.fromisoformat(str(value))


def notice(text: str, *, good: bool) -> Markup:
    """A line for the notice area; ``text`` is escaped."""
    return Markup('<p class="{}">{}</p>').format("good" if good else "bad", text)
