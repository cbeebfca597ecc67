"""The page and the editors' schemas say what the schema says, and take every document that the loader takes."""

from __future__ import annotations

import json
from collections import Counter
from typing import Any

import jsonschema_rs
import pytest
from ruamel.yaml import YAML

from tandem.agreement.load import load_tenant
from tandem.agreement.starter.answers import Answers
from tandem.agreement.starter.document import starter
from tests.support.tree import ROOT
from tools.generate_agreement_docs import PAGE, SCHEMAS, files, plain, reference, title

EXAMPLES = sorted((ROOT / "deploy" / "agreement").glob("*.yaml"))


def as_an_editor_reads(text: str) -> Any:
    def conv(value: Any) -> Any:
        match value:
            case dict():
                return {str(key): conv(entry) for key, entry in value.items()}
            case list():
                return [conv(entry) for entry in value]
            case str() | int() | float() | None:
                return value
            case _:
                return value.isoformat()

    return conv(YAML(typ="safe", pure=True).load(text))


def faults(text: str, schema: str = "agreement") -> list[str]:
    validator = jsonschema_rs.validator_for(json.loads((SCHEMAS / f"{schema}.json").read_text("utf-8")))
    return [f"{'.'.join(map(str, error.instance_path))}: {error.message}" for error in validator.iter_errors(as_an_editor_reads(text))]  # fmt: skip


def test_the_committed_files_are_current():
    stale = [path.name for path, text in files().items() if path.read_text("utf-8") != text]

    assert stale == [], "run python tools/generate_agreement_docs.py"


def test_every_key_has_a_meaning_in_the_reference():
    silent = [line for line in reference().splitlines() if line.startswith("| `") and line.endswith("|  |")]

    assert silent == []


def test_every_part_has_one_heading():
    counted = Counter(line for line in reference().splitlines() if line.startswith("### "))

    assert [heading for heading, times in counted.items() if times > 1] == []


@pytest.mark.parametrize("path", EXAMPLES, ids=lambda path: path.stem)
def test_an_editor_accepts_the_examples(path):
    text = path.read_text("utf-8")

    assert faults(text, "provider" if "schema: tandem/provider" in text else "agreement") == []


def test_an_editor_accepts_the_starter_and_the_short_forms():
    assert faults(starter(Answers())) == []
    text = "tenant: {id: a, name: A}\nmatrix: [{id: r, function: f, owner: msp, site: hq, tags: {has: gold}, raci: {R: ann}}]\n"
    load_tenant(text)
    assert faults(text) == []


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("tenant: {id: a, name: A}\nmatrx: []\n", "matrx"),
        ("tenant: {id: a, name: A}\nmatrix: [{id: r, owner: us}]\n", "matrix.0.owner"),
        ("tenant: {id: a, name: A}\nmatrix: [{id: r}]\n", "owner"),
        ("tenant: {id: A A, name: A}\n", "tenant.id"),
        ("tenant: {id: a, name: A}\ntiming: {hold_down: fast}\n", "timing.hold_down"),
        ("tenant: {id: a, name: A}\nsla: {gold: {priorities: {P1: {response: 4x}}}}\n", "sla.gold"),
    ],
)
def test_an_editor_shows_what_the_loader_would_refuse(text: str, expected: str):
    assert any(expected in fault for fault in faults(text))


def test_references_to_the_design_stay_out_of_the_page():
    assert plain("Told (R-P5) of ``x``\n  (domain.md 3.4), see (a).") == "Told of `x`, see (a)."
    assert "domain.md" not in PAGE.read_text("utf-8")
    assert title("ScopeRow") == "Scope row"
