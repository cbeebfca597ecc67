"""A machine without Java has no rows on Kafka, and is told why."""

from __future__ import annotations

import shutil

import pytest

from bench.kafka.missing import missing


def test_without_java_the_rows_are_left_out_and_it_says_what_to_install(monkeypatch: pytest.MonkeyPatch):
    missing.cache_clear()
    monkeypatch.setattr(shutil, "which", lambda _program: None)

    said = missing()

    missing.cache_clear()
    assert "no java" in said
    assert "apt install default-jre-headless maven" in said
