"""Every rule of priority and of the two tracks is a test: its number stands in the tests that show it."""

from __future__ import annotations

import pytest

from tests.support.tree import ROOT

RULES = [*(f"R-P{number}" for number in range(1, 14)), *(f"R-A{number}" for number in range(1, 7))]


@pytest.fixture(scope="module")
def words() -> set[str]:
    texts = [path.read_text("utf-8") for path in (ROOT / "tests").rglob("*.py") if "house" not in path.parts]
    return {word.strip("(),.:;\"'") for text in texts for word in text.split()}


@pytest.mark.parametrize("rule", RULES)
def test_the_rule_is_named_by_a_test(rule: str, words: set[str]):
    assert rule in words
