"""A matrix that goes through a spreadsheet or a page and back says the same."""

from __future__ import annotations

import csv
import io

from hypothesis import given, settings
from hypothesis import strategies as st

from tandem.agreement.load import load_tenant
from tandem.agreement.schema.matrix import DataClass, Scenario, ScopeRow
from tandem.agreement.schema.scope import AssetSpec
from tandem.agreement.tables.columns import ASSETS, MATRIX
from tandem.agreement.tables.rows import (
    brief,
    brief_entry,
    csv_of,
    markdown_of,
    matrix_grid,
    matrix_of,
    read_table,
    said,
)
from tandem.agreement.tables.section import replace_section
from tandem.model.alert import Kind, Severity
from tandem.model.ownership import Mode, Owner, Party, Track

ODD = ["=1+1", "+gold", "-3", "@sum", "not: a", 'say "hi"', "a|b", "a, b; c", "<br>", "\\|", "'=x", "''", "&#13;", " ", "x y", "null", "no", "~", "#c", "a: b", "*", "é", "`x`", "[a]", "{a}"]  # fmt: skip
WORDS = st.one_of(
    st.sampled_from(ODD),
    st.text(st.characters(codec="utf-8", exclude_categories=("C", "Z")) | st.sampled_from(" ,;|\"'=-+"), max_size=12),
).filter(str.isprintable)
TAGS = WORDS.filter(bool)
IDS = st.from_regex(r"[a-z0-9][a-z0-9_.-]{0,9}", fullmatch=True)
TEXTS = st.one_of(
    WORDS,
    st.text(st.characters(codec="utf-8", exclude_characters="\x00"), max_size=20).filter(lambda t: "\x7f" not in t),
)


def many(words, least=1):
    return st.lists(words, min_size=least, max_size=3)


def condition(words):
    return st.one_of(words, many(words), st.fixed_dictionaries({"not": many(words)}))


def closed(words):
    return condition(st.sampled_from([str(word) for word in words]))


ROWS = st.fixed_dictionaries(
    {"id": IDS, "owner": st.sampled_from([str(owner) for owner in Owner])},
    optional={
        "function": many(WORDS),
        "scenario": closed(Scenario),
        "category": condition(WORDS),
        "site": condition(WORDS),
        "asset_tag": IDS,
        "tags": st.fixed_dictionaries({}, optional={"has": many(TAGS), "lacks": many(TAGS)}).filter(bool),
        "severity": closed(Severity),
        "kind": closed(Kind),
        "vendor": condition(WORDS),
        "data_class": closed(DataClass),
        "host_class": condition(WORDS),
        "priority": st.integers(-1000, 1000),
        "lead": st.sampled_from([str(party) for party in Party]),
        "after_hours": st.sampled_from(["msp", "internal", "none"]),
        "overflow": st.just("msp"),
        "monitoring_owner": st.sampled_from([str(party) for party in Party]),
        "track": st.sampled_from([str(track) for track in Track]),
        "raci": st.fixed_dictionaries({}, optional={letter: many(WORDS) for letter in "RACI"}),
        "sla": IDS,
        "paths": st.dictionaries(st.sampled_from([str(party) for party in Party]), IDS),
        "both_told": st.booleans(),
        "mode": st.sampled_from([str(mode) for mode in Mode]),
        "runbook": TEXTS,
        "public_communications": IDS,
        "night": st.just("page"),
        "note": TEXTS,
    },
)
MATRICES = st.lists(ROWS, min_size=1, max_size=4, unique_by=lambda row: row["id"]).map(
    lambda rows: tuple(ScopeRow.model_validate(row) for row in rows)
)


@given(MATRICES)
@settings(max_examples=100, deadline=None)
def test_rows_through_csv_are_the_same_rows(rows: tuple[ScopeRow, ...]):
    text = csv_of(matrix_grid(rows))

    assert matrix_of(read_table(text, "matrix.csv")) == rows


@given(MATRICES)
@settings(max_examples=100, deadline=None)
def test_rows_through_markdown_are_the_same_rows(rows: tuple[ScopeRow, ...]):
    text = markdown_of(matrix_grid(rows))

    assert matrix_of(read_table(text, "matrix.md")) == rows


@given(MATRICES, MATRICES)
@settings(max_examples=50, deadline=None)
def test_rows_written_into_a_document_are_the_same_rows_and_the_rest_stays(old, rows):
    head, tail = "# ours\ntenant: {id: a, name: A}   # the client\n\n", "\n# below\nrunbooks: {x: y}\n"
    first = replace_section(head + tail, "matrix", [brief(row) for row in old], file="a.yaml", read=brief_entry)

    text = replace_section(first, "matrix", [brief(row) for row in rows], file="a.yaml", read=brief_entry)

    assert load_tenant(text).matrix == rows
    assert text.startswith(head + tail)


@given(MATRICES)
@settings(max_examples=50, deadline=None)
def test_a_spreadsheet_reads_the_same_cells_and_runs_none(rows: tuple[ScopeRow, ...]):
    grid = matrix_grid(rows)

    cells = list(csv.reader(io.StringIO(csv_of(grid), newline=""), strict=True))

    assert tuple(cells[0]) == grid.header
    assert [len(row) for row in cells] == [len(grid.header)] * (len(rows) + 1)
    for written in (cell for row in cells for cell in row):
        assert not written.startswith(("=", "+", "-", "@", "\t", "\r")) or written.removeprefix("-").isdigit()


def test_every_field_of_a_row_and_of_an_asset_has_a_column():
    assert {column.path[0] for column in MATRIX} == set(ScopeRow.model_fields)
    assert {column.path[0] for column in ASSETS} == set(AssetSpec.model_fields)


def test_what_a_row_does_not_say_stays_unsaid():
    row = ScopeRow.model_validate({"id": "a", "owner": "msp", "both_told": False})

    (back,) = matrix_of(read_table(csv_of(matrix_grid([row])), "matrix.csv"))

    assert said(back) == {"id": "a", "owner": "msp", "both_told": False}
