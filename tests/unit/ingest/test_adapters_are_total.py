"""Whatever a vendor posts, an adapter answers with alerts or says that it cannot read them."""

from __future__ import annotations

import json
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tandem.model.alert import VendorAlert
from tandem_ingest import text
from tandem_ingest.unreadable import Unreadable
from tandem_ingest.vendors.catalogue import CATALOGUE
from tandem_ingest.vendors.draft import LABELS
from tandem_ingest.vendors.vendor import Vendor

GOLDEN = Path(__file__).parents[2] / "golden" / "ingest"


def names_in(value: object) -> Iterator[str]:
    """Every key of a body, however deep."""
    if isinstance(value, dict):
        yield from value
    if isinstance(value, dict | list):
        for each in value.values() if isinstance(value, dict) else value:
            yield from names_in(each)


def words_of(vendor: str) -> list[str]:
    """The names its own bodies use: what its adapter looks for."""
    cases = json.loads((GOLDEN / f"{vendor}.json").read_text(encoding="utf-8"))
    return sorted({*names_in([case.get("body") for case in cases]), "data", "title"})


SCALARS = (
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(st.characters(codec=None))  # lone surrogates and NUL included
    | st.sampled_from(["RESET", "resolved", "up", "12", "critical", "https://x.example/", "0001-01-01T00:00:00Z"])
)


@cache
def values(vendor: str) -> st.SearchStrategy[object]:
    """Any JSON value that uses the vendor's names."""
    words = st.sampled_from(words_of(vendor))
    return st.recursive(SCALARS, lambda inner: st.lists(inner, max_size=4) | st.dictionaries(words, inner, max_size=6))


def check(alert: VendorAlert) -> None:
    assert alert.title.strip()
    assert len(alert.title) <= text.TITLE
    assert alert.dedup_key is None or 0 < len(alert.dedup_key) <= text.NAME
    assert alert.description is None or len(alert.description) <= text.DESCRIPTION
    assert alert.url is None or alert.url.lower().startswith(("http://", "https://"))
    assert alert.occurred_at is None or alert.occurred_at.utcoffset() is not None
    assert len(alert.labels) <= LABELS
    said = [alert.title, alert.host, alert.dedup_key, alert.customer, alert.severity_word, alert.url]
    for each in [*said, *alert.labels, *alert.labels.values()]:
        assert each is None or (each and not set(each) & set("\x00\x1b\n\r"))
        assert each is None or each.encode()


@pytest.mark.parametrize("vendor", CATALOGUE.values(), ids=CATALOGUE)
@given(data=st.data())
def test_any_json_value_gives_clean_alerts_or_unreadable_and_the_same_again(vendor, data) -> None:
    # One property of two halves: making a body costs more than reading it twice.
    body = data.draw(values(vendor.slug))
    alerts, reason = outcome(vendor, body)

    assert alerts or reason or vendor.silent
    for alert in alerts:
        check(alert)
    assert vendor.delivery_id(body, {}) is None or isinstance(vendor.delivery_id(body, {}), str)
    assert outcome(vendor, json.loads(json.dumps(body))) == (alerts, reason)


def outcome(vendor: Vendor, body: object) -> tuple[list[VendorAlert], str]:
    """The alerts of ``body`` and why it cannot be read; empty where it can."""
    try:
        return list(vendor.read(body, {})), ""
    except Unreadable as fault:
        return list(fault.readable), fault.reason
