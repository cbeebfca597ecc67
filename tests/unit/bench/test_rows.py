"""Which rows a run has, and what they post."""

from __future__ import annotations

import json

from bench.__main__ import ON_KAFKA, PARTS, chosen
from bench.kafka.installation import busy
from bench.payload import SIZE, generic_post, number_of


def body(request: bytes) -> bytes:
    return request.partition(b"\r\n\r\n")[2]


def test_without_a_choice_every_row_is_measured():
    assert chosen(ON_KAFKA, frozenset()) == list(ON_KAFKA)


def test_one_word_chooses_every_row_on_kafka_and_no_other():
    assert chosen(ON_KAFKA, frozenset({"KAFKA"})) == list(ON_KAFKA)
    assert chosen(PARTS, frozenset({"KAFKA"})) == []


def test_a_row_is_chosen_by_its_name():
    (part,) = chosen(ON_KAFKA, frozenset({"KDRAIN", "P1"}))

    assert "KDRAIN" in part[0]


def test_an_alert_that_repeats_a_condition_has_its_key_and_is_a_post_of_its_own():
    first = json.loads(body(generic_post("bench", b"s", 40)))
    again = json.loads(body(generic_post("bench", b"s", 41, condition=40)))

    assert again["dedup_key"] == first["dedup_key"]
    assert again["title"] == first["title"]
    assert again["url"] != first["url"]


def test_an_urgent_alert_differs_by_its_severity_alone():
    plain = json.loads(body(generic_post("bench", b"s", 40)))
    urgent = json.loads(body(generic_post("bench", b"s", 40, urgent=True)))

    differing = {name for name in plain if plain[name] != urgent[name]}
    assert differing == {"severity", "description"}  # the text is cut so that both are as long
    assert urgent["severity"] == "critical"


def test_every_alert_is_as_long_and_names_its_number():
    posts = [body(generic_post("bench", b"s", 40, urgent=urgent)) for urgent in (False, True)]

    assert [(len(post), number_of(post)) for post in posts] == [(SIZE, 40), (SIZE, 40)]


def test_processors_used_are_told_by_part_the_busiest_first():
    before = {"router": 1.0, "broker": 2.0}
    after = {"router": 3.0, "broker": 2.002, "PostgreSQL": 8.0}

    assert busy(before, after, 4.0) == "PostgreSQL 2.00, router 0.50"
