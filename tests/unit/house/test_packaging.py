"""Every list that names the packages is complete, and the locks are hash-locked and in step."""

from __future__ import annotations

import re

import pytest

from tests.support.tree import ROOT, project, service_packages

FOLDERS = list(service_packages())
PACKAGES = ["tandem", *service_packages().values()]
TOOL = project()["tool"]
LOCKS = ["base", "dev", "installer"]


def pins(lock: str) -> dict[str, str]:
    text = (ROOT / "requirements" / f"{lock}.txt").read_text("utf-8")
    return dict(re.findall(r"^([a-z0-9-]+)==([^ ;]+)", text, re.MULTILINE))


def name_of_requirement(line: str) -> str:
    return re.split(r"[^A-Za-z0-9._-]", line)[0].lower().replace(".", "-").replace("_", "-")


def test_every_service_folder_holds_the_package_it_is_named_for():
    missing = [f for f, package in service_packages().items() if not (ROOT / f / package / "__init__.py").is_file()]

    assert missing == []


def test_the_wheel_and_the_editable_install_name_every_package():
    hatch = TOOL["hatch"]["build"]

    assert hatch["dev-mode-dirs"] == [".", *sorted(FOLDERS, key=hatch["dev-mode-dirs"].index)]
    assert sorted(hatch["targets"]["wheel"]["packages"]) == sorted(
        ["tandem", *(f"{folder}/{package}" for folder, package in service_packages().items())]
    )


def test_mypy_finds_every_service():
    assert {f"$MYPY_CONFIG_FILE_DIR/{folder}" for folder in FOLDERS} <= set(TOOL["mypy"]["mypy_path"])


@pytest.mark.parametrize(
    "listed",
    [
        TOOL["importlinter"]["root_packages"],
        TOOL["coverage"]["run"]["source_pkgs"],
        [p for p in TOOL["ruff"]["lint"]["isort"]["known-first-party"] if p != "tests"],
    ],
    ids=["import-linter", "coverage", "isort"],
)
def test_the_tools_name_every_package(listed: list[str]):
    assert sorted(listed) == sorted(PACKAGES)


def test_the_layers_name_every_service_as_siblings_that_may_not_meet():
    layers = TOOL["importlinter"]["contracts"][0]["layers"]
    services = next(layer for layer in layers if "tandem_" in layer)

    assert sorted(services.split(" | ")) == sorted(PACKAGES[1:])


@pytest.mark.parametrize("lock", LOCKS)
def test_every_line_of_a_lock_is_pinned_with_hashes(lock: str):
    text = (ROOT / "requirements" / f"{lock}.txt").read_text("utf-8")

    entries = [entry for entry in re.split(r"\n(?=[a-z])", text) if entry.strip()]

    assert entries
    assert [entry.splitlines()[0] for entry in entries if "==" not in entry or "--hash=sha256:" not in entry] == []


def test_the_runtime_lock_covers_every_dependency():
    wanted = {name_of_requirement(line) for line in project()["project"]["dependencies"]} | {"hatchling"}

    assert wanted - pins("base").keys() == set()


def test_the_development_lock_is_the_runtime_lock_and_more():
    base, dev = pins("base"), pins("dev")
    group = [line for line in project()["dependency-groups"]["dev"] if isinstance(line, str)]

    assert {name: version for name, version in base.items() if dev.get(name) != version} == {}
    assert {name_of_requirement(line) for line in group} - dev.keys() == set()
