"""``/welcome``: the first steps, written by whoever started the console."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Annotated

from fastapi import APIRouter, Depends, Response

from tandem.clock import Clock
from tandem_console.access import Principal, Scope
from tandem_console.api.allowed import Gate
from tandem_console.pages.render import Templates
from tandem_console.welcome import WelcomeStep


@dataclass(frozen=True, slots=True)
class Welcoming:
    """What the route needs."""

    gate: Gate
    templates: Templates
    clock: Clock
    steps: Callable[[], tuple[WelcomeStep, ...]]


def router(parts: Welcoming) -> APIRouter:
    """The welcome page; an empty list still says where things are."""
    pages = APIRouter(include_in_schema=False)

    @pages.get("/welcome")
    async def welcome(principal: Annotated[Principal, Depends(parts.gate.allowed(Scope.READ))]) -> Response:
        """The steps in order."""
        return parts.templates.page("welcome.html", principal, now=parts.clock.now(), steps=parts.steps())

    return pages
