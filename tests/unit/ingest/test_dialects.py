"""An integration's own mapping replaces its vendor's reading; a faulty one never costs a post."""

from __future__ import annotations

from dataclasses import replace

from tandem.model.alert import Kind
from tandem.model.integration import Integration
from tandem_ingest.dialects import Dialects
from tandem_ingest.integrations import IntegrationBook
from tandem_ingest.normalise import read
from tandem_ingest.vendors.catalogue import CATALOGUE
from tests.support.integrations import integration

MAPPING = "alert: {title: $.what, severity: $.how}"


def with_mapping(text: str | None, name: str = "nas", vendor: str = "ninjaone") -> Integration:
    return replace(integration(name, vendor=vendor), mapping=text)


def test_an_integration_without_a_mapping_is_read_as_its_vendor() -> None:
    assert Dialects().of(with_mapping(None)) is CATALOGUE["ninjaone"]


def test_a_mapping_replaces_the_reading_and_leaves_the_rest_of_the_vendor() -> None:
    dialects, one = Dialects(), with_mapping(MAPPING)

    assert dialects.replace([one]) == {}

    vendor = dialects.of(one)
    assert [alert.title for alert in read(vendor, b"what=Disk+full", {}).alerts] == ["Disk full"]
    assert (vendor.slug, vendor.kind) == ("ninjaone", CATALOGUE["ninjaone"].kind)


def test_a_mapping_may_say_what_sort_of_tool_speaks() -> None:
    dialects, one = Dialects(), with_mapping(f"kind: siem\n{MAPPING}", vendor="custom")
    dialects.replace([one])

    assert (CATALOGUE["custom"].kind, dialects.of(one).kind) == (Kind.MONITORING, Kind.SIEM)


def test_a_faulty_mapping_is_told_once_and_the_vendor_reads() -> None:
    dialects, one = Dialects(), with_mapping("alert: {titel: $.a}")

    first, second = dialects.replace([one]), dialects.replace([one])

    assert first == {"nas": 'nas:1:9: alert: unknown key "titel"; did you mean "title"?'}
    assert second == {}
    assert dialects.of(one) is CATALOGUE["ninjaone"]


def test_a_mapping_that_stays_is_not_compiled_again_and_one_that_goes_is_forgotten() -> None:
    dialects, one = Dialects(), with_mapping(MAPPING)
    dialects.replace([one])
    before = dialects.of(one)

    dialects.replace([one, with_mapping("alert: {title: $.b}", "other")])
    assert dialects.of(one) is before

    dialects.replace([])
    assert dialects.of(one) is CATALOGUE["ninjaone"]


def test_the_book_reads_by_the_mapping_from_its_next_refresh_on() -> None:
    book, one = IntegrationBook(), with_mapping(MAPPING, vendor="custom")
    book.replace([with_mapping(None, vendor="custom")])
    assert read(book.vendor_of(one), b'{"what": "x"}', {}).quarantined is not None

    book.replace([one])

    assert read(book.vendor_of(one), b'{"what": "x"}', {}).quarantined is None
