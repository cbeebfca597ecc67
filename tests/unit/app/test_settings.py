"""Settings as containers give them: files for secrets, and empty for what is not wanted."""

from __future__ import annotations

from pathlib import Path

import pytest

from tandem.app.settings import Settings


def test_an_empty_variable_is_as_one_that_is_not_set(monkeypatch: pytest.MonkeyPatch):
    for name in ("KAFKA_BOOTSTRAP", "SMTP_URL", "WELCOME_FILE", "AGREEMENTS", "PUBLIC_URL", "DATA_DIR"):
        monkeypatch.setenv(f"TANDEM_{name}", "")

    settings = Settings()

    assert (settings.kafka_bootstrap, settings.smtp_url, settings.public_url) == (None, None, None)
    assert (settings.welcome_file, settings.agreements, settings.data_dir) == (None, None, Path(".tandem"))


def test_a_secret_comes_from_the_file_that_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    (tmp_path / "database.url").write_text("postgresql://tandem:x@postgres/tandem\n")
    monkeypatch.setenv("TANDEM_DATABASE_URL_FILE", str(tmp_path / "database.url"))

    assert Settings().database_url == "postgresql://tandem:x@postgres/tandem"


def test_a_secret_whose_file_is_missing_is_said_in_one_line(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("TANDEM_SECRET_KEY_FILE", "/nowhere/secret.key")

    with pytest.raises(ValueError, match=r"TANDEM_SECRET_KEY_FILE: cannot read /nowhere/secret\.key"):
        Settings()
