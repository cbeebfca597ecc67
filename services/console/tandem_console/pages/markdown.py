"""A vendor's page (docs/integrations) as HTML: raw HTML stays text, links that lead nowhere are words."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import lru_cache

from markdown_it import MarkdownIt
from markdown_it.token import Token
from markupsafe import Markup

_MARKDOWN = MarkdownIt("commonmark", {"html": False}).enable("table")
_DOWN = {"h1": "h3", "h2": "h4", "h3": "h5"}
"""The page has headings of its own above these."""


@lru_cache(maxsize=128)
def rendered(text: str) -> Markup:
    """Safe HTML; the first heading is left out, the page says the name."""
    tokens = _MARKDOWN.parse(text)
    if tokens and tokens[0].type == "heading_open":
        tokens = tokens[3:]
    for token in tokens:
        token.tag = _DOWN.get(token.tag, token.tag)
        if token.type in {"fence", "code_block"}:
            token.info = ""
            token.attrSet("tabindex", "0")  # it scrolls: the keyboard must reach it
        if token.children:
            token.children = list(_without_dead_links(token.children))
    return Markup(_MARKDOWN.renderer.render(tokens, _MARKDOWN.options, {}))  # noqa: S704 - html is off, see above


def _without_dead_links(children: Sequence[Token]) -> Iterator[Token]:
    """Pages link to each other by file name, which the console does not serve."""
    dropped = False
    for child in children:
        if child.type == "link_open":
            dropped = not str(child.attrs.get("href", "")).startswith("https://")
            child.attrSet("rel", "noreferrer noopener")
        if child.type == "image" or (dropped and child.type in {"link_open", "link_close"}):
            continue
        yield child
