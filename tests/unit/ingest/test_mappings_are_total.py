"""Any mapping over any body gives clean alerts or says that it cannot read it; it never raises anything else."""

from __future__ import annotations

import json

from hypothesis import given
from hypothesis import strategies as st

from tandem.errors import AgreementError
from tandem_ingest.unreadable import Unreadable
from tandem_ingest.vendors.mapping.load import load
from tests.unit.ingest.test_adapters_are_total import SCALARS, check

NAMES = st.sampled_from(["a", "b", "state", "Job ID", "list"])
BODIES = st.recursive(
    SCALARS | st.sampled_from(['{"a": {"b": [1]}}', "[1, {", "3", "2026-11-20 09:00", "a\n\nb", "closed"]),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(NAMES, inner, max_size=5),
)
STEPS = st.sampled_from(
    [".a", ".b", ".state", "['Job ID']", "[0]", "[-1]", "[*]", ".*", "[a=x]", "..b", "[state='closed']"]
)
PATHS = st.builds(
    lambda root, steps: root + "".join(steps), st.sampled_from(["$", "$body"]), st.lists(STEPS, max_size=4)
)
TEXTS = (
    PATHS
    | st.text().map(lambda text: f"={text}")
    | st.builds(lambda one, two, end: f"{{{one}}}:{{{two}{end}}}", PATHS, PATHS, st.sampled_from(["?", ""]))
    | st.lists(PATHS, min_size=1, max_size=3)
)
WORDS = st.lists(st.sampled_from(["closed", "3", "x", "true"]), min_size=1, max_size=3)
NUMBERS = st.floats(allow_nan=False, allow_infinity=False)
LEVELS = st.sampled_from(["critical", "high", "low", "unknown"])
TESTS = st.fixed_dictionaries(
    {"path": TEXTS, "exists": st.booleans()},
    optional={"is": WORDS, "contains": WORDS, "starts_with": WORDS, "at_least": NUMBERS, "below": NUMBERS},
)
CONDITIONS = st.recursive(
    TESTS,
    lambda inner: st.dictionaries(
        st.sampled_from(["all", "any", "none"]), st.lists(inner, min_size=1, max_size=2), min_size=1
    ),
    max_leaves=4,
)
TIMES = st.fixed_dictionaries(
    {"from": TEXTS},
    optional={
        "zone": st.sampled_from(["UTC", "Europe/Paris", "America/New_York"]),
        "formats": st.just(["%d/%m/%Y", "%H"]),
    },
)
FIELDS = {
    "status": st.fixed_dictionaries({"from": TEXTS}, optional={"resolved": WORDS, "resolved_when": CONDITIONS}),
    "severity": st.fixed_dictionaries(
        {"from": TEXTS},
        optional={"words": st.dictionaries(LEVELS, WORDS), "at_least": st.dictionaries(LEVELS, NUMBERS)},
    ),
    "host": TEXTS,
    "dedup_key": TEXTS,
    "url": TEXTS,
    "description": TEXTS,
    "time": TIMES,
    "expires_at": TIMES,
    "labels": st.dictionaries(st.sampled_from(["*", "one", "two"]), TEXTS),
    "test": CONDITIONS,
}
ALERTS = st.fixed_dictionaries({"title": TEXTS}, optional=FIELDS)
MAPPINGS = st.fixed_dictionaries(
    {"alert": ALERTS},
    optional={
        "each": TEXTS,
        "accepts": CONDITIONS,
        "delivery_id": TEXTS,
        "variants": st.lists(
            st.fixed_dictionaries({"when": CONDITIONS, "alert": st.fixed_dictionaries({}, optional=FIELDS)}), max_size=2
        ),
    },
)


@given(mapping=MAPPINGS, body=BODIES)
def test_any_mapping_over_any_body_gives_clean_alerts_or_unreadable(mapping: object, body: object) -> None:
    try:
        reader = load(json.dumps(mapping))
    except AgreementError:  # two .. in one path
        return
    try:
        alerts, reason = reader.read(body, {}), ""
    except Unreadable as fault:
        alerts, reason = list(fault.readable), fault.reason

    assert alerts or reason
    for alert in alerts:
        check(alert)
    assert reader.delivery_id(body, {}) is None or reader.delivery_id(body, {})


@given(st.text() | st.text(alphabet="alert:title{}[]$.'\"\n -=|?*&"))
def test_any_text_is_a_mapping_or_has_problems(text: str) -> None:
    problems: list[object] = []
    try:
        load(text)
    except AgreementError as error:
        problems = [*error.problems] or [None]

    assert None not in problems
