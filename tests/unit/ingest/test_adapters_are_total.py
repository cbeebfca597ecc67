"""Whatever a vendor posts, an adapter answers with alerts or says that it cannot read them."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tandem.model.alert import VendorAlert
from tandem_ingest import text
from tandem_ingest.unreadable import Unreadable
from tandem_ingest.vendors.catalogue import CATALOGUE
from tandem_ingest.vendors.draft import LABELS

WORDS = sorted(
    {
        "activityTime", "activityType", "agent", "alarm", "alerts", "annotations", "at", "check", "customer",
        "data", "dedup_key", "description", "device", "endsAt", "exit", "fingerprint", "full_log", "groups", "headers",
        "host", "id", "information", "instance", "job", "labels", "level", "manager", "message", "mitre", "name",
        "object", "organizationId", "priority", "product", "rule", "seriesUid", "severity", "sourceName", "startsAt",
        "state", "status", "statusCode", "summary", "systemName", "tags", "tenant", "time", "timestamp", "title",
        "truncatedAlerts", "url", "all_fields",
    }
)  # fmt: skip
SCALARS = (
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(st.characters(codec=None))  # lone surrogates and NUL included
    | st.sampled_from(["RESET", "resolved", "up", "12", "critical", "https://x.example/", "0001-01-01T00:00:00Z"])
)
VALUES = st.recursive(
    SCALARS, lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.sampled_from(WORDS), inner, max_size=6)
)


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
@given(body=VALUES)
def test_any_json_value_gives_clean_alerts_or_unreadable(vendor, body) -> None:
    try:
        alerts = vendor.read(body, {})
    except Unreadable as fault:
        alerts, reason = list(fault.readable), fault.reason
    else:
        reason = ""

    assert alerts or reason
    for alert in alerts:
        check(alert)
    assert vendor.delivery_id(body, {}) is None or isinstance(vendor.delivery_id(body, {}), str)


@pytest.mark.parametrize("vendor", CATALOGUE.values(), ids=CATALOGUE)
@given(body=VALUES)
def test_the_same_body_always_gives_the_same_alerts(vendor, body) -> None:
    def outcome() -> object:
        try:
            return vendor.read(json.loads(json.dumps(body)), {})
        except Unreadable as fault:
            return fault.reason, fault.readable

    assert outcome() == outcome()
