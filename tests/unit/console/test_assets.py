"""What browsers load: the vendored file is the published one, ours are small, and nothing comes from elsewhere."""

from __future__ import annotations

from hashlib import sha256

import pytest

from tests.support.tree import ROOT

PACKAGE = ROOT / "services" / "console" / "tandem_console"
STATIC = PACKAGE / "static"
HTMX = "a0abb04f2f45a1f89d1d4844023245537e5e6014c87b144553e0607b4cc32130"
"""SHA-256 of dist/htmx.min.js in htmx.org 4.0.1."""


def test_htmx_is_the_published_file():
    assert sha256((STATIC / "htmx.min.js").read_bytes()).hexdigest() == HTMX


@pytest.mark.parametrize(("name", "most"), [("console.css", 22_000), ("console.js", 11_500)])
def test_our_own_files_stay_small(name, most):
    assert (STATIC / name).stat().st_size < most


def test_templates_hold_no_inline_script_style_or_address_of_elsewhere():
    found = {
        path.name: [
            word
            for word in ("<script>", "style=", "<style", " onclick", "javascript:", "http://", "https://")
            if word in path.read_text("utf-8")
        ]
        for path in (PACKAGE / "templates").glob("*.html")
    }

    assert found
    assert {name: words for name, words in found.items() if words} == {}


def test_only_html_that_we_rendered_is_marked_safe():
    marked = {
        path.name: path.read_text("utf-8").count("| safe")
        for path in (PACKAGE / "templates").glob("*.html")
        if "safe" in path.read_text("utf-8")
    }

    assert marked == {
        "queue.html": 1, "incident.html": 1, "integrations.html": 1, "integration.html": 2, "checks.html": 1,
    }  # fmt: skip
