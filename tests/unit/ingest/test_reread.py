"""A post that was put aside, read again: whose its alerts are, and by which headers it was told."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from uuid import UUID

from tandem.model.alert import AlertStatus
from tandem.model.aside import Aside
from tandem.model.integration import AuthKind, Integration
from tandem_ingest import normalise
from tandem_ingest.kept_headers import kept, of_labels
from tandem_ingest.normalise import Post
from tandem_ingest.replay import reread
from tandem_ingest.vendors.catalogue import vendor_of
from tests.support.integrations import integration

SECRET = "s3cret-of-this-integration"

NOW = datetime(2026, 11, 20, 9, tzinfo=UTC)
THEN = datetime(2026, 11, 20, 8, tzinfo=UTC)
BY_HEADER = "alert: {title: $.msg, customer: \"$header['x-customer']\"}"
BODY = b'{"msg": "Tank 3 is empty"}'


def shared() -> Integration:
    """A way in for several clients, looked after by Brightwater's own house."""
    one = integration("rmm", tenant="house", vendor="custom")
    customers = {"17": "northwind", "18": "cedarline"}
    return replace(one, provider="brightwater", tenant_from="customer", customers=customers, mapping=BY_HEADER)


def aside(**changes: object) -> Aside:
    given = {
        "alert_id": UUID(int=7), "tenant": "house", "integration": "rmm", "received_at": THEN, "reason": "no mapping",
        "raw": BODY, "content_type": "application/json", "last": True, "waits": True, **changes,
    }  # fmt: skip
    return Aside(**given)  # type: ignore[arg-type]


def test_the_headers_that_name_the_customer_are_used_again() -> None:
    found = reread(aside(headers={"x-customer": "17"}), shared(), NOW)

    (alert,) = found.alerts
    assert (alert.tenant, alert.title, alert.customer) == ("northwind", "Tank 3 is empty", "17")
    assert (found.held, found.cleared) == ((), False)


def test_a_customer_whom_nobody_maps_goes_on_waiting_and_belongs_to_nobody() -> None:
    found = reread(aside(headers={"x-customer": "99"}), shared(), NOW)

    assert found.alerts == ()
    assert [(each.customer, each.tenant) for each in found.held] == [("99", "house")]


def test_what_a_person_gave_to_a_client_stays_its_own_where_the_post_names_nobody() -> None:
    given = aside(tenant="cedarline", waits=False, known_keys=frozenset())

    alert, clear = reread(given, shared(), NOW).alerts

    assert (alert.tenant, alert.title) == ("cedarline", "Tank 3 is empty")
    assert (clear.tenant, clear.dedup_key, clear.status) == ("cedarline", "unreadable:rmm", AlertStatus.RESOLVED)


def test_what_a_person_gave_to_one_client_goes_to_another_when_the_post_names_that_one() -> None:
    given = aside(tenant="cedarline", waits=False, headers={"x-customer": "17"})

    alert, clear = reread(given, shared(), NOW).alerts

    assert (alert.tenant, clear.tenant) == ("northwind", "cedarline")


def test_twice_makes_the_same_ids() -> None:
    once, again = [reread(aside(headers={"x-customer": "17"}), shared(), NOW).alerts for _ in range(2)]

    assert [each.alert_id for each in once] == [each.alert_id for each in again]


def test_a_plain_alert_keeps_what_its_post_said_in_headers_and_no_secret() -> None:
    one = replace(integration("rmm", auth=AuthKind.HEADER), header="X-Rmm-Site")
    headers = {
        "x-customer": "17", "ce-type": "com.example.alert", "content-type": "text/plain", "user-agent": "curl",
        "authorization": "Bearer abc", "x-api-key": "abc", "cookie": "a=b", "x-forwarded-for": "10.0.0.1",
        "x-rmm-site": "whatever", "x-copy": SECRET, "x-copy-2": f"Token {SECRET}", "x-odd": "a\x00b",
        "x-long": "y" * 5000,
    }  # fmt: skip
    post = Post(
        integration=one, vendor=vendor_of("custom"), body=b"?", content_type="text/plain", received_at=NOW,
        headers=headers,
    )  # fmt: skip
    reading = normalise.Reading(quarantined="no mapping")

    (plain,) = normalise.accepted(reading, post, normalise.keys(reading, post), "d")

    assert of_labels(plain.labels) == {"x-customer": "17", "ce-type": "com.example.alert"}


def test_of_many_headers_the_first_ones_are_kept() -> None:
    many = {f"x-{number}": "v" for number in range(200)}

    assert len(kept(many, integration("rmm"))) == 20


def test_a_body_that_can_be_read_keeps_no_headers() -> None:
    post = Post(
        integration=integration("rmm"), vendor=vendor_of("generic"), body=b'{"title":"t"}', content_type=None,
        received_at=NOW, headers={"x-customer": "17"},
    )  # fmt: skip
    reading = normalise.read(vendor_of("generic"), post.body, {})

    (alert,) = normalise.accepted(reading, post, normalise.keys(reading, post), "d")

    assert of_labels(alert.labels) == {}
