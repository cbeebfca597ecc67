"""A mapping that was cut down to the keys of a sender reads what the whole mapping reads."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import tandem_ingest.vendors
from tandem.errors import AgreementError
from tandem_ingest.unreadable import Unreadable
from tandem_ingest.vendors.mapping.load import load
from tandem_ingest.vendors.mapping.look import Look
from tandem_ingest.vendors.mapping.reader import Reader
from tandem_ingest.vendors.remembered import OFTEN
from tandem_ingest.vendors.shipped import shipped
from tests.unit.ingest.test_adapters_are_total import GOLDEN, values
from tests.unit.ingest.test_mappings_are_total import BODIES, MAPPINGS

SHIPPED = sorted(Path(tandem_ingest.vendors.__path__[0]).glob("*/*.yaml"))
NEAR = st.sampled_from(["a", "A", "b", "state", "State", "Job ID", "job_id", "jobId", "list"])
NEAR_BODIES = st.dictionaries(NEAR, BODIES | st.dictionaries(NEAR, BODIES, max_size=4), max_size=6)


def outcome(reader: Reader, body: object) -> object:
    try:
        return reader.read(body, {})
    except Unreadable as fault:
        return fault.reason, fault.readable


def check(whole: Reader, body: object, other: object) -> None:
    """``other`` has the keys of ``body``: what was learnt of one holds for both."""
    wanted, others = outcome(Reader(whole.document), body), outcome(Reader(whole.document), other)
    reader = Reader(whole.document)
    for _ in range(OFTEN):
        outcome(reader, body)

    assert outcome(reader, body) == wanted
    assert outcome(reader, other) == others


@settings(deadline=None, max_examples=60)  # the machine may be busy
@given(MAPPINGS, NEAR_BODIES | BODIES, st.data())
def test_any_mapping_reads_any_body_as_before_it_knew_its_keys(
    mapping: object, body: object, data: st.DataObject
) -> None:
    other = {name: data.draw(BODIES) for name in body} if isinstance(body, dict) else body
    try:
        reader = load(json.dumps(mapping))
    except AgreementError:  # two .. in one path
        return

    check(reader, body, other)


@pytest.mark.parametrize("path", SHIPPED, ids=lambda path: path.stem)
@settings(deadline=None, max_examples=10)  # the machine may be busy
@given(data=st.data())
def test_a_shipped_mapping_does_so_too(path: Path, data: st.DataObject) -> None:
    body = data.draw(values(path.stem))

    check(shipped(path.stem), body, body)


@pytest.mark.parametrize("path", SHIPPED, ids=lambda path: path.stem)
def test_a_shipped_mapping_reads_its_own_bodies_alike(path: Path) -> None:
    cases = json.loads((GOLDEN / f"{path.stem}.json").read_text("utf-8"))
    bodies = [case["body"] for case in cases if "body" in case]
    new, known = (Reader(shipped(path.stem).document) for _ in range(2))
    wanted = [outcome(new, body) for body in bodies]  # seen once or twice, nothing is learnt

    for body in bodies * (OFTEN + 1):
        outcome(known, body)

    assert [outcome(known, body) for body in bodies] == wanted


def test_a_plan_leaves_out_what_the_keys_cannot_answer() -> None:
    reader = load(
        "alert: {title: [$.subject, $.entity.name, $.Title], host: $.entity.host, labels: {x: $.x, y: $.entity.y}}"
    )
    look = Look({"title": "t", "Entity": '{"Y": 1}'}, {})
    for _ in range(2 * OFTEN):
        reader._plan(look)

    plan = reader._plan(look)

    assert len(plan.parts.alert.title.choices) == 1
    assert plan.parts.alert.host.choices == ()
    assert list(plan.parts.alert.labels.named) == ["y"]
