"""What is remembered of the keys of a body changes no answer, and what is remembered is bounded."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tandem_ingest.unreadable import Unreadable
from tandem_ingest.vendors import remembered
from tandem_ingest.vendors.flat import Flat
from tandem_ingest.vendors.monitoring import generic
from tandem_ingest.vendors.remembered import Keys, Remembered

NAMES = st.sampled_from(
    [
        "title", "Title", "name", "message", "severity", "Priority", "status", "state", "host", "host_name", "device",
        "dedup_key", "dedupKey", "time", "timestamp", "endsAt", "url", "link", "labels", "annotations", "tags",
        "description", "details", "test", "resolved", "tenant", "check", "output", "data", "event", "alias", "action",
        "alerts", "message_type", "attachments", "secret_token", "shop", "x" * 61, "", "--",
    ]
)  # fmt: skip
SAID = st.sampled_from(
    [
        "disk full", " b ", "", " ", "critical", "resolved", "ok", "2026-11-20T09:00:00Z", "2026-11-20 09:00", "true",
        "https://x.example/1", "{ALERT.ID}", "[P2] disk", "$NAME", "two\nlines", "customer:acme", 7, 1.5, True, None,
        1795160400, [], ["host:srv1"], [{"title": "inner"}], {"customer": "acme"}, {"title": "inner", "host": None}, {},
    ]
)  # fmt: skip
BODIES = st.dictionaries(NAMES, SAID, max_size=9)


def length(keys: Keys) -> int:
    return len(keys)


def outcome(body: object) -> object:
    try:
        return generic.read(body, {})
    except Unreadable as fault:
        return fault.reason, fault.readable


@settings(deadline=None)  # the machine may be busy
@given(BODIES)
def test_a_body_is_read_alike_when_its_keys_are_new_learnt_and_known(body: dict[str, object]) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(generic, "LAYOUTS", Remembered(generic.layout))

        outcomes = [outcome(body) for _ in range(remembered.OFTEN + 1)]

    assert all(each == outcomes[0] for each in outcomes)


@settings(deadline=None)  # the machine may be busy
@given(st.lists(NAMES, max_size=9, unique=True), st.lists(SAID, min_size=9, max_size=9), st.data())
def test_what_was_learnt_of_one_body_holds_for_others_with_its_keys(
    names: list[str], values: list[object], data: st.DataObject
) -> None:
    first = dict(zip(names, values, strict=False))
    second = {name: data.draw(SAID) for name in names}
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(generic, "LAYOUTS", Remembered(generic.layout))
        unlearnt = outcome(second)
        patch.setattr(generic, "LAYOUTS", Remembered(generic.layout))
        for _ in range(remembered.OFTEN):
            outcome(first)

        assert outcome(second) == unlearnt


@given(BODIES)
def test_a_layout_answers_as_the_names_of_the_body_do(body: dict[str, object]) -> None:
    layout = generic.layout(tuple(body))
    answers = layout.answers(body) if layout is not None else None

    assert answers is None or answers == generic.ASKED.answers(Flat(body, wrappers=generic.WRAPPERS))


def test_the_bodies_that_our_templates_post_have_a_layout() -> None:
    body = {"title": "t", "severity": "high", "host": "h", "labels": {"a": "b"}, "time": None, "description": ""}

    layout = generic.layout(tuple(body))

    assert layout is not None
    assert layout.answers(body) == {"title": "t", "severity": "high", "host": "h"}


def test_only_keys_that_come_often_are_learnt() -> None:
    known = Remembered(length)

    answers = [known.of(("a", "b")) for _ in range(remembered.OFTEN + 1)]

    assert answers == [None] * (remembered.OFTEN - 1) + [2, 2]


def test_keys_from_outside_fill_no_memory() -> None:
    known = Remembered(length, most=16)
    for number in range(300):
        for _ in range(remembered.OFTEN):
            known.of((f"key {number}",))
            known.of((f"key {number}", "x" * remembered.MOST_CHARACTERS))
            known.of((f"key {number}", *map(str, range(remembered.MOST_KEYS))))
        known.of((f"once {number}",))

    assert len(known._known) == 16
    assert len(known._seen) <= remembered.MOST
    assert all(len(keys) == 1 for keys in known._known)
    assert known.of(("key 299",)) == 1, "what came last is kept"
