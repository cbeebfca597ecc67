"""What the documents promise exists: links, make targets, generated code."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path

import pytest

from tests.support.tree import ROOT, files, name_of
from tools.proto import sources as proto_sources
from tools.proto import stale

MARKDOWN = [path for path in files() if path.suffix == ".md" and not name_of(path).startswith("tests/")]
LINK = re.compile(r"\[[^\]]*\]\(([^)\s]+)(?:\s+\"[^\"]*\")?\)")
FENCE = re.compile(r"^(```|~~~).*?^\1\s*$", re.MULTILINE | re.DOTALL)
PROMISED = {"help", "setup", "demo", "test", "check", "fast", "chaos", "soak", "bench", "screenshots", "proto"}


def anchors(text: str) -> set[str]:
    """Heading anchors as a forge makes them: lower case, punctuation gone, spaces to hyphens."""
    headings = re.findall(r"^#{1,6}\s+(.+?)\s*$", FENCE.sub("", text), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}


def broken_links(document: Path) -> list[str]:
    broken = []
    for link in LINK.findall(FENCE.sub("", document.read_text("utf-8"))):
        target, _, anchor = link.partition("#")
        if re.match(r"[a-z]+:", link):
            continue
        path = (document.parent / target).resolve() if target else document
        if not path.exists() or (anchor and path.suffix == ".md" and anchor not in anchors(path.read_text("utf-8"))):
            broken.append(f"{document.name}: {link}")
    return broken


def make(*arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(["make", "-C", str(ROOT), *arguments], capture_output=True, text=True, check=False)


def makefile_targets() -> set[str]:
    return set(re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text("utf-8"), re.MULTILINE))


def test_every_relative_link_of_a_document_leads_somewhere():
    assert [link for document in MARKDOWN for link in broken_links(document)] == []


def test_a_dead_link_is_found(tmp_path: Path):
    document = tmp_path / "x.md"
    document.write_text("# A b\n[here](#a-b) [gone](gone.md) [no heading](#c) [out](https://example.org)\n", "utf-8")

    assert broken_links(document) == ["x.md: gone.md", "x.md: #c"]


def test_help_is_the_default_and_lists_every_target():
    shown = make()

    assert shown.returncode == 0, shown.stderr
    assert set(re.findall(r"^  make ([a-z-]+)", shown.stdout, re.MULTILINE)) == makefile_targets()


def test_the_promised_targets_exist():
    assert makefile_targets() >= PROMISED


def test_every_script_a_target_calls_is_there():
    called = set(re.findall(r"\btools/[a-z_]+\.(?:sh|py)\b", (ROOT / "Makefile").read_text("utf-8")))

    assert called
    assert sorted(script for script in called if not (ROOT / script).is_file()) == []


def test_the_documents_name_only_targets_that_exist():
    named = {target for path in MARKDOWN for target in re.findall(r"`make ([a-z-]+)", path.read_text("utf-8"))}

    assert named - makefile_targets() == set()


@pytest.mark.skipif(not proto_sources(), reason="proto/ is empty")
def test_the_generated_wire_code_is_what_proto_says():
    assert stale() == []
