"""Imports flow one way, and some libraries have one door."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from tests.support.tree import ROOT, imports_of, name_of, sources, tree_of

DOORS = {
    "httpx": ("tandem/http/httpx_client.py", "its upstream is stalled: changing to the kept fork must be one line"),
    "tandem.wire.v1": ("tandem/wire/codec.py", "everything else speaks in our own dataclasses"),
}


def test_the_import_contracts_hold():
    lint_imports = Path(sys.executable).with_name("lint-imports")

    outcome = subprocess.run([lint_imports, "--no-logo"], cwd=ROOT, capture_output=True, text=True, check=False)

    assert outcome.returncode == 0, outcome.stdout + outcome.stderr


@pytest.mark.parametrize("library", DOORS)
def test_a_library_with_one_door_is_imported_there_only(library: str):
    door, reason = DOORS[library]

    importers = {
        name_of(path)
        for path in sources()
        if any(name == library or name.startswith(f"{library}.") for name in imports_of(tree_of(path)))
    }

    assert importers <= {door}, reason
