"""YAML that is hostile or only mistyped becomes a clear message at a line and column, quickly and in little memory."""

from __future__ import annotations

import time
from pathlib import Path

import pytest

from tandem.agreement.document import locate, parse, plain
from tandem.agreement.load import load_tenant
from tandem.errors import AgreementError, Problem


def problems(text: str | bytes, tmp_path: Path | None = None) -> list[Problem]:
    source: str | Path = str(text)
    if tmp_path:
        source = tmp_path / "a.yaml"
        source.write_bytes(text if isinstance(text, bytes) else text.encode())
    started = time.process_time()
    with pytest.raises(AgreementError) as caught:
        load_tenant(source, file="a.yaml")
    assert time.process_time() - started < 10
    return caught.value.problems


def test_every_key_and_value_knows_its_place():
    root = parse("a:\n  - b: 1\n    c: [x, y]\n", "a.yaml")

    assert plain(root) == {"a": [{"b": "1", "c": ["x", "y"]}]}
    assert locate(root, ("a", 0, "b")) == (2, 8)
    assert locate(root, ("a", 0, "b"), key=True) == (2, 5)
    assert locate(root, ("a", 0, "c", 1)) == (3, 12)


def test_what_is_not_there_is_located_at_what_should_hold_it():
    root = parse("a:\n  b: {c: 1}\n", "a.yaml")

    assert locate(root, ("a", "b", "gone")) == (2, 3)


def test_words_and_numbers_stay_text_and_nothing_is_null():
    assert plain(parse("a: no\nb: 09:00\nc: 007\nd:\ne: ~\nf: ''\n", "x")) == {
        "a": "no",
        "b": "09:00",
        "c": "007",
        "d": None,
        "e": None,
        "f": "",
    }


def test_a_tab_is_called_a_tab():
    assert [str(p) for p in problems("tenant:\n\tid: x")] == ["a.yaml:2:1: a tab stands here; indent with spaces"]


def test_a_duplicate_key_names_the_first_one_and_all_are_reported():
    found = problems("tenant: {id: x, id: y}\npeople: {}\npeople: {}\n")

    assert [(p.line, p.column) for p in found] == [(1, 17), (3, 1)]
    assert found[1].message == 'the key "people" stands here for the second time (first in line 2); keep one'


def test_an_open_quote_is_found():
    assert "never closed" in problems("tenant: {id: 'x}")[0].message


def test_a_quote_that_is_closed_by_the_next_one_is_found_where_it_was_opened():
    text = 'tenant:\n  id: acme\n  name: "Acme\nsites:\n  - {id: hq, name: "HQ"}\n'

    (problem,) = problems(text)

    assert (problem.line, problem.column) == (3, 9)
    assert problem.message == (
        'the text that begins with " here goes on to line 5, and what follows there cannot be read; '
        'close it with " on its own line'
    )


def test_a_text_over_several_lines_is_not_blamed_for_what_is_wrong_elsewhere():
    (problem,) = problems('tenant: {id: a, name: "A\n  B"}\nsites: x: y\n')

    assert problem.line == 3


def test_a_second_document_is_refused():
    assert problems("tenant: {id: x}\n---\ntenant: {id: y}\n")[0].message.startswith("a second document begins here")


def test_aliases_that_multiply_are_counted_before_they_are_expanded():
    bomb = "a0: &a0 [x, x, x, x, x, x, x, x, x]\n" + "".join(
        f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 9)}]\n" for n in range(1, 30)
    )

    assert "values, aliases expanded" in problems(bomb)[0].message


def test_an_alias_inside_itself_is_refused():
    assert problems("a: &a [*a]")[0].message == "*a refers to the value it stands in"


def test_an_alias_of_nothing_is_refused():
    assert problems("a: *b")[0].message == "*b refers to nothing above"


def test_an_alias_may_be_used():
    assert plain(parse("a: &x [1]\nb: *x\n", "x")) == {"a": ["1"], "b": ["1"]}


@pytest.mark.parametrize("opening", ["[", "{a: ", "- "])
def test_nesting_without_end_is_refused(opening: str):
    assert "nested more than 32 deep" in problems(opening * 100_000)[0].message


def test_a_tag_is_refused():
    assert "tags such as" in problems("a: !!python/object/apply:os.system [ls]")[0].message


def test_a_merge_key_is_refused():
    assert "merge keys" in problems("a: &a {x: 1}\nb:\n  <<: *a\n")[0].message


def test_a_list_as_a_key_is_refused():
    assert problems("? [a, b]\n: c\n")[0].message == "a key must be a plain text"


def test_a_file_of_fifty_megabytes_is_not_read(tmp_path: Path):
    path = tmp_path / "a.yaml"
    with path.open("wb") as stream:
        stream.truncate(50 * 1024 * 1024)
    started = time.process_time()

    with pytest.raises(AgreementError, match="larger than 4 MiB"):
        load_tenant(path)

    assert time.process_time() - started < 10


def test_a_large_text_is_not_parsed():
    assert "larger than 4 MiB" in problems("#" * (4 * 1024 * 1024 + 1))[0].message


def test_bytes_that_are_no_text_are_named_with_their_line(tmp_path: Path):
    found = problems(b"a: 1\nb: \xff\xfe\n", tmp_path)

    assert found[0].line == 2
    assert "UTF-8" in found[0].message


def test_a_control_character_is_found():
    assert problems("a: 1\nb: \x00\n")[0].line == 2


def test_a_file_that_is_not_there_is_a_problem_and_no_crash(tmp_path: Path):
    with pytest.raises(AgreementError, match="cannot be read"):
        load_tenant(tmp_path / "gone.yaml")


@pytest.mark.parametrize("text", ["", "just words", "- a\n- b", "42"])
def test_what_is_no_agreement_at_all_says_so(text: str):
    assert problems(text)
