"""Texts to paste into an agreement: what they say, that the agreement's own parser takes them, that quotes hold."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tandem.agreement.document import parse, plain
from tandem.agreement.schema.documents import ProviderSpec, SharedParts
from tandem_console.rows_to_add import customer, proposal, slug, telling

HOSTILE = 'disk"}]\nmatrix:\n  - {id: x, owner: internal}\t#: & * ! | > %'


def gap(**changes: Any) -> dict[str, Any]:
    """A governance item with its latest alert."""
    values: dict[str, Any] = {
        "kind": "unmapped",
        "key": "ninjaone/acme-ninja: toner low on HOST",
        "vendor": "ninjaone",
        "alert_title": "Toner low on prn-2-04",
        "host": "prn-2-04",
        "severity_word": "MAJOR",
        "quarantined": None,
        "classification": {"function": "unmapped", "site": None, "category": None},
    }
    return {**values, **changes}


def pasted(text: str, **words: str) -> SharedParts:
    """``text`` as the agreement reads it, its words in capitals replaced."""
    for word, value in words.items():
        text = text.replace(f": {word}", f": {value}")
    return SharedParts.model_validate(plain(parse(text, "pasted.yaml")))


def test_an_alert_that_no_rule_knows_gets_a_classification_rule_for_its_words_without_its_host():
    found = proposal(gap(), ["servers", "printing"])

    [rule] = pasted(found.text, FUNCTION="printing").classification
    assert (found.section, rule.id, rule.function) == ("classification", "ninjaone-toner-low-on", "printing")
    assert rule.when["title"].contains == ("Toner low on",)
    assert rule.when["vendor"].is_ == ("ninjaone",)
    assert found.why == "FUNCTION is the kind of work this is: printing, servers"


def test_a_known_function_without_a_row_gets_a_row_of_the_matrix():
    classification = {"function": "printing", "site": "berlin", "category": "toner"}
    found = proposal(gap(key="function printing at berlin, category toner", classification=classification))

    [row] = pasted(found.text, OWNER="msp").matrix
    assert (found.section, row.id, row.function) == ("matrix", "printing-berlin-toner", ("printing",))
    assert row.site is not None
    assert row.site.named == ("berlin",)


def test_a_word_that_no_table_knows_gets_a_priority():
    found = proposal(gap(kind="unknown_word", severity_word="Übel: 7"))

    assert pasted(found.text).priorities.vendors == {"ninjaone": {"übel: 7": "P3"}}


def test_for_an_unreadable_body_no_row_is_proposed():
    found = proposal(gap(quarantined="not JSON"))

    assert (found.section, found.text) == ("", "")
    assert "mapping" in found.why


def test_an_unfinished_proposal_is_not_taken_for_a_finished_one():
    row = proposal(gap(key="function printing", classification={"function": "printing"}))

    with pytest.raises(ValueError, match=r"owner"):
        pasted(row.text)


def test_a_customer_nobody_knows_gets_a_line_of_the_providers_document():
    text = customer('Initech "EU": #1').replace("TENANT", "initech")

    said = plain(parse(text, "pasted.yaml"))
    assert isinstance(said, dict)
    spec = ProviderSpec.model_validate({"id": "p", "name": "P", **said["provider"]})
    assert spec.customers == {'Initech "EU": #1': "initech"}


@given(st.text(max_size=80) | st.just(HOSTILE), st.text(max_size=20) | st.none())
def test_whatever_a_tool_writes_stays_one_quoted_text(title, host):
    found = proposal(gap(alert_title=title or "x", host=host, vendor="ninjaone"))

    said = plain(parse(found.text, "pasted.yaml"))
    assert isinstance(said, dict)
    assert list(said) == ["classification"]
    [rule] = said["classification"]
    assert list(rule) == ["id", "when", "function"]
    assert len(rule["when"]["title"]["contains"]) == 1


@given(st.text(min_size=1, max_size=60), st.text(max_size=20) | st.none())
def test_the_words_it_looks_for_stand_in_the_title_they_come_from(title, host):
    assert telling(title, host).split() == [] or " ".join(telling(title, host).split()) in " ".join(title.split())


@given(st.text(max_size=200))
def test_an_id_is_always_one(text):
    made = slug(text)

    assert made.isascii()
    assert made[0].isalnum()
    assert len(made) <= 40
