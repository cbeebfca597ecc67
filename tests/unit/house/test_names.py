"""Names are the field's words, and a package's door stays a door."""

from __future__ import annotations

from tests.support.tree import files, name_of, sources

SAY_NOTHING = {"utils", "util", "helpers", "helper", "common", "base", "manager", "managers", "core", "misc", "shared"}
SAY_NOTHING |= {"service_layer", "services_layer", "bl", "lib", "tools_common"}
LONGEST_INIT = 60


def test_no_module_or_package_has_a_name_that_says_nothing():
    named = {
        name_of(path): {part.removesuffix(".py") for part in path.parts[-4:]}
        for path in sources("tandem", "services", "tests/support", "bench", "tools")
    }

    assert {name: sorted(parts & SAY_NOTHING) for name, parts in named.items() if parts & SAY_NOTHING} == {}


def test_no_package_does_its_work_in_its_init_file():
    inits = [path for path in sources() if path.name == "__init__.py"]

    lengths = {name_of(path): len(path.read_text("utf-8").splitlines()) for path in inits}

    assert {name: length for name, length in lengths.items() if length > LONGEST_INIT} == {}


def test_every_committed_file_is_text_that_can_be_read_in_a_review():
    binary = [name_of(path) for path in files() if b"\0" in path.read_bytes()]

    assert binary == []
