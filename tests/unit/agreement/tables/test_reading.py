"""Tables as people and spreadsheets hand them over: what is understood, and what is said where it is not."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tandem.agreement.tables.csv_table import guarded, unguarded
from tandem.agreement.tables.rows import brief, csv_of, markdown_of, matrix_grid, matrix_of, read_table
from tandem.errors import AgreementError, Problem


def rows(text: str, file: str = "matrix.csv") -> list[dict[str, object]]:
    return [brief(row) for row in matrix_of(read_table(text, file))]


def faults(text: str, file: str = "matrix.csv") -> list[str]:
    with pytest.raises(AgreementError) as caught:
        matrix_of(read_table(text, file))
    return [str(problem) for problem in caught.value.problems]


BACKUP = [{"id": "backup", "function": "backup", "site": ["hq", "trenton"], "owner": "shared", "lead": "msp"}]


@pytest.mark.parametrize(
    "text",
    [
        'id,function,site,owner,lead\nbackup,backup,"hq, trenton",shared,msp\n',
        "id;function;site;owner;lead\r\nbackup;backup;hq, trenton;shared;msp\r\n",
        "id\tfunction\tsite\towner\tlead\nbackup\tbackup\thq, trenton\tshared\tmsp",
        '\ufeff"id";"function";"site";"owner";"lead"\r\n"backup";"backup";"hq\r\ntrenton";"shared";"msp"\r\n',
        "sep=;\r\nID;Function;Site;Owner;Lead\r\n backup ; backup ; hq; shared; msp\r\n".replace(
            "hq;", '"hq; trenton";'
        ),
        'Row, FUNCTIONS , Site,Owner,LEAD,,\n,,,,,,\nbackup,backup,"hq,trenton",shared,msp,,\n',
        "id,function,site,owner,lead\rbackup,backup,hq; trenton,shared,msp\r",
        "| id | function | site | owner | lead |\n|---|:--:|---|---|--:|\n| backup | backup | hq, trenton | shared | msp |\n",
        "# Ours\n\nText.\n\n|Id|Function|Site|Owner|Lead|\n|-|-|-|-|-|\n|backup|backup|hq<br>trenton|shared|msp|\n\nMore | text.\n",
    ],
    ids=["commas", "semicolons", "tabs", "bom and breaks", "sep line", "names", "old mac", "markdown", "page"],
)
def test_every_way_to_save_a_table_is_understood(text: str):
    file = "matrix.md" if "|-" in text else "matrix.csv"

    assert rows(text, file) == BACKUP


def test_our_own_words_are_read_in_any_case_and_names_as_they_are_written():
    table = "id,function,vendor,severity,owner,lead,both told,mode,note\nx,f,Veeam,Critical; HIGH,Shared,MSP,Yes,Live,MSP only\n"

    assert rows(table) == [
        {
            "id": "x",
            "function": "f",
            "vendor": "Veeam",
            "severity": ["critical", "high"],
            "owner": "shared",
            "lead": "msp",
            "both_told": True,
            "mode": "live",
            "note": "MSP only",
        }
    ]


def test_names_of_columns_are_read_whatever_their_case_and_blanks():
    text = "ID,Asset Tag,AFTER-HOURS,Both told,Responsible,raci A,Path MSP,sla profile,Owner\na,gold,none,x,ann,bob,p,fast,internal\n"

    assert rows(text) == [
        {
            "id": "a",
            "asset_tag": "gold",
            "owner": "internal",
            "after_hours": "none",
            "raci": {"R": ["ann"], "A": ["bob"]},
            "sla": "fast",
            "paths": {"msp": "p"},
            "both_told": True,
        }
    ]


def test_conditions_and_tags_are_written_as_people_write_them():
    text = 'id,owner,site,severity,tags\na,msp,"not: hq, trenton",NOT: low,+gold -silver "+two words" bare\n'

    (row,) = rows(text)

    assert row["site"] == {"not": ["hq", "trenton"]}
    assert row["severity"] == {"not": ["low"]}
    assert row["tags"] == {"has": ["gold", "two words", "bare"], "lacks": ["silver"]}


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("", ["matrix.csv:1:1: this table is empty; its first line names the columns"]),
        ("id,funktion,owner\na,b,msp\n", ['matrix.csv:1:4: there is no column "funktion"; did you mean "function"?']),
        ("id,owner,Owner\na,msp,msp\n", ['matrix.csv:1:10: the column "owner" stands here for the second time; keep one']),
        ("id,owner\na,us\n", ["matrix.csv:2:3: matrix[1].owner: \"us\" is not one of 'internal', 'msp' or 'shared'"]),
        ("id,owner\na\n", ["matrix.csv:2:1: matrix[1].owner: this is missing"]),
        ("id,owner\na,msp\nb,msp\na,internal\n", ['matrix.csv:4:1: the row "a" is already in line 2; give one of them another id']),
        ("id,owner,both_told\na,msp,perhaps\n", ['matrix.csv:2:7: both_told: "perhaps" is neither yes nor no']),
        ("id,owner,site\na,msp,not:\n", ["matrix.csv:2:7: site: no value stands here"]),
        ("id,owner,tags\na,msp,gold -\n", ["matrix.csv:2:7: tags: a - stands here without a tag; write +gold -silver"]),
        ("id,owner\na,msp,more\n", ["matrix.csv:2:7: this row has more cells than the header; a text that holds the delimiter needs quotes"]),
        ("id,,owner\na,b,msp\n", ["matrix.csv:2:3: this column has no name in the first line"]),
        ('id,owner,note\na,msp,"open\n', ["matrix.csv:2:7: a quote is opened here and never closed"]),
        ('id,owner,note\na,msp,"one" two\n', ['matrix.csv:2:13: text follows a closed quote: two; a quote inside a cell is written ""']),
        ('id,note,owner\na,"one\ntwo",us\n', ["matrix.csv:3:6: matrix[1].owner: \"us\" is not one of 'internal', 'msp' or 'shared'"]),
        ("id,owner,priority\na,msp,high\n", ['matrix.csv:2:7: matrix[1].priority: "high" is not a whole number']),
        ("id,severity,owner\na,criticl,msp\n", ["matrix.csv:2:3: matrix[1].severity: 'criticl' is no severity; did you mean \"critical\"?; one of critical, high, medium, low, info, unknown"]),
        ("," * 300, ["matrix.csv:1:201: more than 200 columns; this is not a table of ours"]),
    ],
)  # fmt: skip
def test_what_is_wrong_is_said_at_its_cell(text: str, expected: list[str]):
    assert faults(text) == expected


def test_all_that_is_wrong_is_said_at_once():
    text = "id,owner,both_told\na,us,maybe\nB,msp,\nc,,maybe\n"

    assert [fault.split(": ")[0] for fault in faults(text)] == [
        "matrix.csv:2:3",
        "matrix.csv:2:6",
        "matrix.csv:3:1",
        "matrix.csv:4:4",
    ]


def test_a_page_without_a_table_says_what_one_looks_like():
    assert faults("# Ours\n", "m.md") == [
        "m.md:1:1: there is no table here; it is made of a line | id | function | ... and below it a line |---|---|"
    ]


def test_a_fault_in_markdown_has_its_line_and_column():
    text = "Ours\n\n| id | owner |\n|---|---|\n| a | msp |\n| b | us |\n"

    assert faults(text, "m.md")[0].startswith("m.md:6:7: matrix[2].owner:")


@pytest.mark.parametrize("text", ["=1+1", "+gold", "-gold", "@sum", "'=x", "''", "\t=1", "＝1"])
def test_no_cell_begins_so_that_a_spreadsheet_would_calculate(text: str):
    written = guarded(text)

    assert written[0] == "'"
    assert unguarded(written) == text


@pytest.mark.parametrize("text", ["-5", "it's", "'a", "a=b", ""])
def test_harmless_texts_are_left_as_they_are(text: str):
    assert guarded(text) == text == unguarded(text)


def test_a_long_row_of_quotes_is_read_in_linear_time():
    text = "id,owner,note\n" + 'x"\n' * 200_000

    with pytest.raises(AgreementError):
        matrix_of(read_table(text, "matrix.csv"))


def test_the_table_that_is_written_is_the_one_people_expect():
    grid = matrix_grid(matrix_of(read_table('id,function,site,owner,tags\na,"x, y",not: hq,msp,+gold\n', "m.csv")))

    assert csv_of(grid) == 'id,function,site,tags,owner,lead\r\na,"x, y",not: hq,\'+gold,msp,\r\n'
    assert markdown_of(grid) == (
        "| id  | function | site    | tags  | owner | lead |\n"
        "| --- | -------- | ------- | ----- | ----- | ---- |\n"
        "| a   | x, y     | not: hq | +gold | msp   |      |\n"
    )


MESS = st.text(st.sampled_from("a,;|\t\"'\n\r=+-@:\\<br>&#13; idowner\ufeff\x00\u2028é"), max_size=60)


@given(MESS, st.sampled_from(["m.csv", "m.md", "m"]))
@settings(max_examples=300, deadline=None)
def test_any_text_is_a_table_or_a_clear_error(text: str, file: str):
    for header in ("", "id,owner,note,tags,site\n", "|id|owner|note|tags|site|\n|-|-|-|-|-|\n"):
        problems = problems_in(header + text, file)
        assert all(problem.line >= 1 and problem.column >= 1 for problem in problems)
        assert all(str(problem).isprintable() for problem in problems)


def problems_in(text: str, file: str) -> list[Problem]:
    try:
        matrix_of(read_table(text, file))
    except AgreementError as error:
        return error.problems
    return []
