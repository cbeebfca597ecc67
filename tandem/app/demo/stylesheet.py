"""The pager inbox's own style; everything else of the demo looks as the console does."""

from __future__ import annotations

from pathlib import Path

from fastapi import APIRouter
from fastapi.responses import Response

_CSS = (Path(__file__).with_name("inbox.css")).read_text(encoding="utf-8")


def style_router() -> APIRouter:
    """Serves /demo/inbox.css."""
    router = APIRouter(include_in_schema=False)

    @router.get("/demo/inbox.css")
    async def style() -> Response:
        return Response(_CSS, media_type="text/css", headers={"Cache-Control": "max-age=300"})

    return router
