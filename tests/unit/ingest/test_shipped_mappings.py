"""The mappings that come with Tandem: each is a document a person can print, edit and set for one integration."""

from __future__ import annotations

from pathlib import Path

import pytest
from typer.testing import CliRunner

import tandem_ingest.vendors
from tandem.cli.ingest import app
from tandem_ingest.vendors.catalogue import CATALOGUE
from tandem_ingest.vendors.mapping.load import load
from tandem_ingest.vendors.shipped import shipped_text

DOCS = Path(__file__).parents[3] / "docs"
SHIPPED = sorted(Path(tandem_ingest.vendors.__path__[0]).glob("*/*.yaml"))


@pytest.mark.parametrize("path", SHIPPED, ids=lambda path: path.stem)
def test_each_is_a_document_without_problems_named_like_its_vendor(path: Path) -> None:
    document = load(path.read_text("utf-8"), path.name).document

    assert document.name
    assert CATALOGUE[path.stem].kind.value == path.parent.name
    assert path.read_text("utf-8").startswith("# "), "a person who edits it must know where its names come from"


def test_a_shipped_mapping_is_printed_to_be_edited_and_an_adapter_is_not() -> None:
    shown = CliRunner().invoke(app, ["mapping", "show", "ncentral"])

    assert shown.stdout == shipped_text("ncentral")
    assert CliRunner().invoke(app, ["mapping", "show", "ninjaone"]).exit_code == 1
    assert CliRunner().invoke(app, ["mapping", "show", "../../secrets"]).exit_code == 1


@pytest.mark.parametrize("path", SHIPPED, ids=lambda path: path.stem)
def test_each_has_a_page_that_says_how_to_connect_the_tool(path: Path) -> None:
    page = (DOCS / "integrations" / f"{path.stem}.md").read_text("utf-8")

    assert f"`{path.stem}`" in page
    assert f"tandem ingest mapping show {path.stem}" in page


@pytest.mark.parametrize("page", ["mappings.md", "integrations/custom.md"])
def test_the_mappings_in_the_documentation_are_mappings(page: str) -> None:
    written = (DOCS / page).read_text("utf-8").split("```yaml\n")[1:]

    for each in written:
        document = each.split("```", 1)[0]
        load(
            document
            if "alert:" in document.split("\n  ", 1)[0] or "\nalert:" in document
            else f"alert: {{title: $.a}}\n{document}"
        )
