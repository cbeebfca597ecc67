"""Facts as rows of the router's view and lines of a file."""

from __future__ import annotations

from datetime import UTC, datetime
from uuid import UUID

import pytest

from tandem.model.alert import AlertStatus
from tandem.model.events import FactKind
from tandem.model.ownership import Owner, Party
from tandem.model.priority import Priority
from tandem_sla_clock.facts import fact_of

INCIDENT = UUID(int=1)
ROW = {
    "tenant": "acme",
    "version": 1,
    "fact": "opened",
    "effective_at": "2026-11-20T14:05:00Z",
    "received_at": "2026-11-20T14:05:01.5+00:00",
    "priority": "P1",
    "owner": "shared",
    "responsible_party": "msp",
}


def test_a_line_is_read_with_all_of_its_parts():
    more = {
        "party": "internal",
        "person": "ines",
        "alert": {"dedup_key": "disk", "status": "firing", "occurred_at": "2026-11-20T14:00:00Z", "newer": 1},
        "data": {"blocking": True, "to_party": "msp", "hold_until": "2026-11-20T15:00:00Z", "unknown": {}},
        "something": "else",
    }

    fact = fact_of(ROW | more, incident_id=INCIDENT)

    assert (fact.kind, fact.priority, fact.owner) == (FactKind.OPENED, Priority.P1, Owner.SHARED)
    assert fact.received_at == datetime(2026, 11, 20, 14, 5, 1, 500_000, tzinfo=UTC)
    assert (fact.by.party, fact.by.person) == (Party.INTERNAL, "ines")
    assert fact.alert is not None
    assert (fact.alert.status, fact.alert.occurred_at) == (AlertStatus.FIRING, datetime(2026, 11, 20, 14, tzinfo=UTC))
    assert (fact.detail.blocking, fact.detail.to_party) == (True, Party.MSP)
    assert fact.detail.hold_until == datetime(2026, 11, 20, 15, tzinfo=UTC)


def test_a_row_of_the_view_calls_its_kind_kind_and_its_data_detail():
    row = {key: value for key, value in ROW.items() if key != "fact"} | {"kind": "noted", "detail": {"text": "x"}}

    fact = fact_of(row, incident_id=INCIDENT)

    assert (fact.kind, fact.detail.text) == (FactKind.NOTED, "x")


def test_of_two_instants_one_is_enough():
    row = {key: value for key, value in ROW.items() if key != "received_at"}

    assert fact_of(row, incident_id=INCIDENT).received_at == datetime(2026, 11, 20, 14, 5, tzinfo=UTC)


@pytest.mark.parametrize(
    ("changed", "message"),
    [
        ({"fact": "exploded"}, "fact: "),
        ({"priority": "P9"}, "priority: "),
        ({"effective_at": "yesterday"}, "effective_at: "),
        ({"effective_at": 5}, "effective_at: not an instant"),
        ({"version": "many"}, "version: "),
        ({"responsible_party": None}, "responsible_party is missing"),
        ({"alert": "disk"}, "alert: not an object"),
        ({"data": {"blocking": "yes"}}, "blocking: neither true nor false"),
        ({"data": {"other_incident": "x"}}, "other_incident: "),
    ],
)
def test_a_field_that_makes_no_sense_is_named(changed: dict[str, object], message: str):
    with pytest.raises(ValueError, match=message):
        fact_of(ROW | changed, incident_id=INCIDENT)
