"""A mapping document is checked when it is loaded: every problem at its place, with what to do, and nothing unbounded."""

from __future__ import annotations

import pytest

from tandem.errors import AgreementError
from tandem_ingest.vendors.mapping.load import LARGEST, load

DEEP = "all: [" * 40 + "{path: $.a, exists: true}" + "]" * 40


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "1:1: alert: this is missing"),
        ("- a", "1:1: a mapping is made of"),
        ("alert: {}", "alert.title is missing"),
        ("name: x", "1:1: alert: this is missing"),
        ("alert: {title: message}", "1:16: alert.title: write $.message for a path"),
        ("alert: {title: '{$.a'}", '1:16: alert.title: a "{" is not closed'),
        ("alert: {title: '{$.a} }'}", 'a "}" closes nothing'),
        ("alert: {title: [$.a, 'b c']}", "alert.title: write $.b c for a path"),
        ("alert: {title: []}", "write one path here, or a list of at most 16"),
        ("alert: {title: $.a, titel: $.b}", '1:21: alert: unknown key "titel"; did you mean "title"?'),
        ("alert: {title: $.a, severity: {words: {hgih: x}}}", 'did you mean "high"?'),
        ("alert: {title: $.a, severity: {at_least: {high: many}}}", '"many" is not a number'),
        ("alert: {title: $.a, status: {default: gone}}", "is not one of 'firing' or 'resolved'"),
        ("alert: {title: $.a, time: {from: $.t, zone: Paris}}", 'there is no time zone "Paris"'),
        ("alert: {title: $.a, time: {from: $.t, zone: ../../etc/passwd}}", "there is no time zone"),
        ("alert: {title: $.a, time: {from: $.t, formats: [dd/mm]}}", "write a format like"),
        ("alert: {title: $.a, time: {from: $.t, formats: ['%d %d']}}", "write a format like"),
        ("alert: {title: $.a, time: {from: $.t, formats: ['%d %Q']}}", "a format is made of %A, %B"),
        ("alert: {title: $.a, labels: ['{$.a}']}", "only a path that ends in a name can stand without one"),
        ("alert: {title: $.a, test: {path: $.a}}", "a path needs one of is, contains"),
        ("alert: {title: $.a, test: {is: a}}", "a path needs one of is, contains"),
        ("alert: {title: $.a, test: {}}", "a condition is a path and what it says"),
        ("alert: {title: $.a}\nvariants: [{alert: {host: $.h}}]", "2:12: variants[1]: a variant needs when or unless"),
        ("alert: {title: $header.authorization}", "may hold a secret"),
        ("schema: tandem/mapping/v2\nalert: {title: $.a}", "1:9: schema: "),
        ("alert: {title: $.a, title: $.b}", 'the key "title" stands here for the second time'),
        ("alert: {title: $.a, test: {" + DEEP + "}}", "nested more than 32 deep"),
        ("# " + "x" * LARGEST, "larger than 64 KiB"),
        ("a: &a [1,1,1,1,1,1,1,1]\nb: [" + ",".join(["*a"] * 800) + "]", "more than 5,000 values"),
        ("alert: {title: $.a, labels: {" + ",".join(f"l{i}: $.x" for i in range(70)) + "}}", "too long"),
    ],
)  # fmt: skip
def test_what_is_wrong_is_said_at_its_place(text: str, said: str) -> None:
    with pytest.raises(AgreementError) as caught:
        load(text, "m.yaml")

    assert said in str(caught.value), str(caught.value)
    assert all(line.startswith("m.yaml:") for line in str(caught.value).splitlines())


def test_every_problem_is_said_at_once() -> None:
    with pytest.raises(AgreementError) as caught:
        load("each: alerts\nalert: {titel: x, title: '{', host: $[}\n".replace("$[", '"$["'))

    assert len(caught.value.problems) == 4
