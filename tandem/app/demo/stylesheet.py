"""The pager inbox's own style; everything else of the demo looks as the console does."""

from __future__ import annotations

from fastapi import APIRouter
from fastapi.responses import Response

_CSS = """
:root { color-scheme: light dark; --ink: light-dark(#1b2430, #e6ebf2); --soft: light-dark(#56616f, #9aa7b8);
  --paper: light-dark(#f4f6f9, #10151c); --card: light-dark(#fff, #1a212b); --line: light-dark(#d9dfe7, #2d3743); }
* { box-sizing: border-box } body { margin: 0 auto; max-width: 44rem; padding: 1.5rem 1rem 4rem; background: var(--paper);
  color: var(--ink); font: 15px/1.5 system-ui, sans-serif }
h1 { font-size: 1.4rem; margin: 0 } header p, .empty { color: var(--soft) } a { color: inherit }
article { background: var(--card); border: 1px solid var(--line); border-left: .4rem solid var(--soft); border-radius: .5rem;
  padding: .8rem 1rem; margin: .7rem 0 } article.p1 { border-left-color: #c4242f } article.p2 { border-left-color: #c2610c }
article.p3 { border-left-color: #2468c4 } .who { display: flex; gap: .8rem; align-items: baseline } .who span, .who time,
.told { color: var(--soft); font-size: .85rem } .who time { margin-left: auto } article p { margin: .4rem 0 }
.prio { font-weight: 700 } button { font: inherit; min-height: 2.75rem; padding: .3rem 1rem; border-radius: .4rem;
  border: 1px solid var(--line); background: light-dark(#1d4f91, #8ab4f0); color: light-dark(#fff, #0d1724); cursor: pointer }
button:focus-visible, a:focus-visible { outline: 3px solid #e0a000; outline-offset: 2px }
"""


def style_router() -> APIRouter:
    """Serves /demo/inbox.css."""
    router = APIRouter(include_in_schema=False)

    @router.get("/demo/inbox.css")
    async def style() -> Response:
        return Response(_CSS, media_type="text/css", headers={"Cache-Control": "max-age=300"})

    return router
