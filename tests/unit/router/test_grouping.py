"""Which alerts are one incident: identities of conditions, and groups by fields (R-P8)."""

from __future__ import annotations

from dataclasses import replace

from tandem.model.alert import Kind
from tandem_router.classify import classify
from tandem_router.grouping import condition_of, dedup_group, group_key
from tests.unit.router.world import NOON, agreement, alert


def group(**facts: object) -> str:
    one = replace(alert("disk full", NOON), **facts)  # type: ignore[arg-type]
    return group_key(one, classify(one, agreement()))


def test_one_key_of_two_integrations_is_two_conditions():
    assert group(integration="rmm-a", dedup_key="disk") != group(integration="rmm-b", dedup_key="disk")


def test_the_same_key_again_is_the_same_condition_whatever_the_words_are():
    assert group(dedup_key="disk", title="disk full") == group(dedup_key="disk", title="disk is still full")


def test_a_key_of_any_length_stays_a_group_of_its_own_and_bounded():
    keys = ["k" * 255 + ending for ending in ("", "x", "y")]

    groups = [dedup_group(replace(alert("disk full", NOON), dedup_key=key, integration="i" * 60)) for key in keys]

    assert len(set(groups)) == len(keys)
    assert all(name.startswith("dedup:") and len(name) <= 300 for name in groups)


def test_a_group_by_fields_holds_alerts_of_different_keys_and_tools():
    first, second = (
        replace(alert("switch down", NOON), dedup_key=key, integration=f"tool-{key}", host="sw10") for key in ("a", "b")
    )

    assert group_key(first, classify(first, agreement())) == group_key(second, classify(second, agreement()))


def test_a_test_is_in_no_group_of_the_others():
    plain = replace(alert("switch down", NOON), host="sw10")
    other = replace(plain, test=True)

    assert group_key(plain, classify(plain, agreement())) != group_key(other, classify(other, agreement()))


def test_what_a_security_tool_says_is_in_the_group_of_operations():
    """One incident with both faces (R-A3); its analyst is paged on a leg of its own."""
    plain = replace(alert("switch down", NOON), host="sw10")
    found = replace(plain, kind=Kind.SIEM, integration="siem", dedup_key="rogue")

    assert group_key(plain, classify(plain, agreement())) == group_key(found, classify(found, agreement()))


def test_a_test_is_a_condition_of_its_own():
    real = alert("disk full", NOON)

    assert condition_of(replace(real, test=True)) == f"test:{condition_of(real)}"
