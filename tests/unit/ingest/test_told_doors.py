"""What a person is told to enter in a tool is what the doors take."""

from __future__ import annotations

import json
import re

import pytest

from tandem.app.dialects import Dialects
from tandem.model.integration import AuthKind
from tandem_console.way_shown import filled
from tandem_ingest.doors.alertmanager import AlertmanagerDoor
from tandem_ingest.doors.opsgenie import OpsgenieDoor
from tandem_ingest.doors.pagerduty import EventsDoor, EventsV1Door
from tandem_ingest.doors.table import Doors
from tandem_ingest.doors.told import FIRST, TOLD
from tandem_ingest.sns import SnsDoor, cannot_fetch
from tandem_ingest.vendors.catalogue import CATALOGUE
from tests.support.integrations import integration

BASE = "https://alerts.example.com"
DOORS = {
    "Events API v2": EventsDoor,
    "Events API v1": EventsV1Door,
    "Alert API": OpsgenieDoor,
    "As an Alertmanager, for Prometheus itself": AlertmanagerDoor,
}


def test_every_tool_with_an_address_of_its_own_is_told_it() -> None:
    assert {slug for slug, vendor in CATALOGUE.items() if vendor.addresses} == set(TOLD)
    assert set(TOLD) >= FIRST


@pytest.mark.parametrize("vendor", sorted(TOLD))
def test_what_is_told_leads_to_the_right_door_and_its_line_holds_json(vendor: str) -> None:
    doors = Doors(SnsDoor(cannot_fetch))

    for told in filled(integration("own", vendor=vendor), Dialects().guide(vendor).doors, BASE, "s3cret"):
        address = re.search(rf"{BASE}(/[^' ]*)", told.curl)
        body = re.search(r"-d '(.*)'$", told.curl)

        assert address is not None
        assert body is not None
        assert isinstance(doors.at(address[1]), DOORS[told.title])
        assert json.loads(body[1])
        assert any("s3cret" in line for line in told.headers)
        assert "{" not in told.address + "".join(told.headers) + told.note


def test_where_a_key_only_signs_no_other_door_is_offered() -> None:
    signed = integration("own", vendor="pagerduty", auth=AuthKind.HMAC)

    assert filled(signed, Dialects().guide("pagerduty").doors, BASE) == []


def test_every_tool_can_be_chosen() -> None:
    tools = Dialects().tools()

    assert {tool.slug for tool in tools} == set(CATALOGUE)
    assert {tool.kind for tool in tools} == {"rmm", "siem", "backup", "monitoring"}
