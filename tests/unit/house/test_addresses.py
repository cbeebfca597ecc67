"""No committed file names a package registry's host or a path of the machine it was written on."""

from __future__ import annotations

import re

import pytest

from tests.support.tree import files, name_of

# One letter of each stands in a class, so that this file does not match itself.
FORBIDDEN = re.compile(
    r"/w[o]rk/(main|steering|shared|\.)|/f[a]rm/|/r[o]ot/\.pyenv|/t[m]p/(brief|house)|/h[o]me/[a-z]+/"
    r"|p[y]pi\.org|p[y]thonhosted\.org|registry\.n[p]mjs|deb\.d[e]bian\.org|m[a]ven\.org|c[r]ates\.io",
    re.IGNORECASE,
)
LARGEST_BYTES = 2_000_000
SKIPPED_SUFFIXES = {".svg", ".png", ".woff2", ".ico", ".pdf"}


def findings(text: str) -> list[str]:
    return [line[:160] for line in text.splitlines() if FORBIDDEN.search(line)]


def test_no_file_names_a_registry_host_or_a_path_of_this_machine():
    readable = [p for p in files() if p.suffix not in SKIPPED_SUFFIXES and p.stat().st_size < LARGEST_BYTES]

    found = {name_of(path): lines for path in readable if (lines := findings(path.read_text("utf-8", "replace")))}

    assert found == {}


@pytest.mark.parametrize("host", ["files.p{}thonhosted.org", "https://p{}pi.org/simple"])
def test_a_registry_host_is_found(host: str):
    assert findings(host.format("y"))
