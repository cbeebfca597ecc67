"""One integration for many customers: an alert goes where the mapping says, or waits; nobody guesses, nothing is lost."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tandem.errors import Unavailable
from tandem.model.alert import Alert
from tandem.model.integration import Integration, customer_table
from tandem.model.integration_faults import faults
from tandem.wire import codec
from tandem_ingest import tenancy
from tandem_ingest.accept import Acceptance
from tandem_ingest.normalise import Post, read
from tandem_ingest.tenancy import Held, key_of
from tandem_ingest.vendors.catalogue import GENERIC
from tests.support.fake_bus import FakeBus
from tests.support.integrations import integration

NOW = datetime(2026, 11, 20, 9, 0, tzinfo=UTC)
MAPPING = {"17": "northwind", "Harborlight Inn": "harborlight"}
KNOWN = replace(
    integration("rmm", tenant="brightwater-own"),
    provider="brightwater",
    tenant_from="customer",
    customers=customer_table(MAPPING),
)


class Shelf:
    """Where alerts wait, in a list."""

    def __init__(self) -> None:
        self.held: list[Held] = []
        self.fault: Unavailable | None = None

    def holds(self, integration: str, customer: str) -> bool:
        return any(
            (each.alert.integration, key_of(each.customer)) == (integration, key_of(customer)) for each in self.held
        )

    async def put(self, held: Sequence[Held]) -> None:
        if self.fault is not None:
            raise self.fault
        self.held += held


class Door:
    """Acceptance with what stands behind it."""

    def __init__(self) -> None:
        self.bus, self.shelf = FakeBus(), Shelf()
        self.acceptance = Acceptance(self.bus, encode=codec.encode, unknown=self.shelf)

    async def post(self, *bodies: object, one: Integration = KNOWN, raw: bytes | None = None) -> list[Alert]:
        body = raw if raw is not None else msgspec.json.encode(list(bodies) if len(bodies) != 1 else bodies[0])
        its = Post(integration=one, vendor=GENERIC, body=body, content_type=None, received_at=NOW)
        alerts, _ = await self.acceptance.accept(its, read(GENERIC, body, {}), None)
        return alerts

    @property
    def routed(self) -> list[tuple[str, str]]:
        return [(alert.tenant, alert.title) for alert in self.alerts]

    @property
    def alerts(self) -> list[Alert]:
        return [codec.decode(Alert, record.value) for record in self.bus.records]


def says(title: str, customer: str | None, **more: object) -> dict[str, object]:
    return {"title": title, "customer": customer, **more}


@pytest.mark.parametrize(
    ("customer", "tenant"),
    [("17", "northwind"), ("Harborlight Inn", "harborlight"), (" harborlight INN ", "harborlight")],
)
async def test_an_alert_goes_to_the_client_its_customer_is_mapped_to(customer: str, tenant: str) -> None:
    door = Door()

    await door.post(says("Disk full", customer))

    assert door.routed == [(tenant, "Disk full")]
    assert door.bus.records[0].key.startswith(f"{tenant}/")


@pytest.mark.parametrize("customer", ["18", "Harborlight", "Harborlight Inn 2", "", None, "northwind"])
async def test_an_alert_of_anybody_else_waits_and_its_own_tenant_is_told_without_a_name(customer: str | None) -> None:
    door = Door()

    (alert,) = await door.post(says("Secret project failed", customer))

    assert [(each.alert.title, each.customer) for each in door.shelf.held] == [
        ("Secret project failed", customer or "")
    ]
    assert door.routed == [("brightwater-own", "Alerts of an unknown customer wait at rmm")]
    told = repr(door.alerts[0])
    assert "Secret" not in told
    assert customer is None or customer == "" or f"'{customer}'" not in told
    assert str(alert.alert_id) == str(door.shelf.held[0].alert.alert_id)


async def test_it_is_told_once_per_customer_not_per_alert() -> None:
    door = Door()

    for number in range(5):
        await door.post(says(f"n{number}", "18"))

    assert len(door.shelf.held) == 5
    assert len(door.bus.records) == 1


async def test_of_one_post_each_alert_goes_its_own_way_and_nobody_reads_the_others() -> None:
    door = Door()

    alerts = await door.post(says("a", "17"), says("b", "18"), says("c", "harborlight inn"))

    assert {("northwind", "a"), ("harborlight", "c")} < set(door.routed)
    assert [each.alert.title for each in door.shelf.held] == ["b"]
    assert len(alerts) == 3
    assert all(alert.raw == b"" for alert in [*door.alerts, door.shelf.held[0].alert])


async def test_a_post_of_one_customer_keeps_its_bytes() -> None:
    door = Door()

    await door.post(says("a", "17"), says("b", " 17"))

    assert door.alerts[0].raw
    assert door.alerts[1].raw == b""


async def test_an_unreadable_part_keeps_the_bytes_and_waits_because_they_may_be_anybodys() -> None:
    door = Door()

    await door.post(says("a", "17"), {"nothing": "to read"})

    assert [each.alert.quarantined is not None for each in door.shelf.held] == [True]
    assert b"nothing" in door.shelf.held[0].alert.raw
    assert [alert.raw for alert in door.alerts] == [b"", b""]


async def test_while_alerts_of_a_customer_wait_later_ones_wait_behind_them_though_it_is_mapped_by_now() -> None:
    door = Door()
    await door.post(says("down", "18", status="firing"))
    mapped = replace(KNOWN, customers={**KNOWN.customers, "18": "cedarline"})

    await door.post(says("down", "18", status="ok"), one=mapped)

    assert [each.alert.status.value for each in door.shelf.held] == ["firing", "resolved"]
    assert len(door.bus.records) == 1


async def test_a_post_that_cannot_be_kept_is_refused_and_comes_again_with_the_same_ids() -> None:
    door = Door()
    door.shelf.fault = Unavailable("unknown tenants", "away")
    with pytest.raises(Unavailable):
        await door.post(says("a", "17"), says("b", "18"))
    assert door.bus.records == []
    door.shelf.fault = None

    first = await door.post(says("a", "17"), says("b", "18"))
    other = await Door().post(says("a", "17"), says("b", "18"))

    assert [alert.alert_id for alert in first] == [alert.alert_id for alert in other]


async def test_its_id_is_the_same_before_and_after_the_mapping_so_that_a_retry_is_one_alert() -> None:
    mapped = replace(KNOWN, customers={"18": "cedarline"})

    (before,) = await Door().post(says("a", "18"))
    (after,) = await Door().post(says("a", "18"), one=mapped)

    assert before.alert_id == after.alert_id
    assert after.tenant == "cedarline"


async def test_the_customer_may_stand_in_a_label() -> None:
    door, one = Door(), replace(KNOWN, tenant_from="labels.site")

    await door.post({"title": "a", "customer": "Harborlight Inn", "labels": {"site": "17"}}, one=one)
    await door.post({"title": "b", "customer": "17"}, one=one)

    assert door.routed[0] == ("northwind", "a")
    assert [each.alert.title for each in door.shelf.held] == ["b"]


@pytest.mark.parametrize(
    ("groups", "tenant"),
    [
        ("Linux servers, 17", "northwind"),
        ("Linux servers,Databases", None),
        ("17, 18", None),
        ("17 , 17", "northwind"),
        (" , ", None),
    ],
)
def test_of_a_label_that_is_a_list_the_one_known_name_counts(groups: str, tenant: str | None) -> None:
    one = replace(KNOWN, tenant_from="labels.host_group", customers={"17": "northwind", "18": "cedarline"})

    assert tenancy.named(one, groups) == tenant
    assert tenancy.named(replace(one, tenant_from="customer"), groups) is None


async def test_a_tools_test_message_that_names_nobody_goes_to_who_looks_after_the_integration() -> None:
    door = Door()

    await door.post({"title": "a test", "test": True})

    assert door.routed == [("brightwater-own", "a test")]


async def test_an_integration_of_one_tenant_ignores_what_a_body_says_of_customers() -> None:
    door = Door()

    await door.post(says("a", "17"), one=integration("rmm", tenant="acme"))

    assert door.routed == [("acme", "a")]


def test_a_name_with_two_tenants_is_nobodys() -> None:
    table = customer_table({"Inn": "a", "INN": "b", "Pub": "c", "pub ": "c"})

    assert table == {"pub": "c"}


@given(
    customers=st.dictionaries(st.text(max_size=5), st.sampled_from(["a", "b"])), name=st.none() | st.text(max_size=5)
)
def test_an_owner_is_always_one_the_mapping_names_for_just_this_customer(
    customers: dict[str, str], name: str | None
) -> None:
    one = replace(KNOWN, customers=customer_table(customers))

    tenant = one.tenant_of(name)

    same = {to for said, to in customers.items() if said.strip().casefold() == (name or "").strip().casefold()}
    assert tenant is None or same == {tenant}
    assert tenant is not None or len(same) != 1 or not (name or "").strip()


@pytest.mark.parametrize(
    "change", [{"provider": None}, {"tenant_from": None}, {"tenant_from": "host"}, {"tenant_from": "labels."}]
)
def test_half_a_mapping_is_told(change: dict[str, Any]) -> None:
    assert faults(KNOWN) == []
    assert faults(replace(KNOWN, **change))
