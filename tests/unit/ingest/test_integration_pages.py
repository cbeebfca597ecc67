"""Each page under docs/integrations that shows a post shows one its dialect reads."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

from tandem_ingest.vendors.catalogue import CATALOGUE

PAGES = Path(__file__).parents[3] / "docs" / "integrations"
SHOWN = [
    "huntress", "defender", "sentinel", "splunk", "elastic", "ocsf", "wazuh", "wazuh5",
    "healthchecks", "veeam", "proxmox", "rubrik", "duplicati", "script",
]  # fmt: skip


@pytest.mark.parametrize("slug", SHOWN)
def test_the_curl_line_of_a_page_makes_an_alert_with_a_key(slug: str) -> None:
    page = (PAGES / f"{slug}.md").read_text(encoding="utf-8")
    bodies = re.findall(r"-d '(\{.*?\})'", page, re.DOTALL)

    assert bodies
    for body in bodies:
        (alert,) = CATALOGUE[slug].read(json.loads(body), {})
        assert alert.dedup_key
        assert not alert.test


@pytest.mark.parametrize("slug", SHOWN)
def test_a_page_names_the_dialect_it_is_about(slug: str) -> None:
    page = (PAGES / f"{slug}.md").read_text(encoding="utf-8")

    assert f"| vendor | `{slug}`" in page
    assert f"--vendor {slug}" in page
