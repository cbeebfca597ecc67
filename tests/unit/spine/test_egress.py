"""Which addresses and names an outgoing request may reach: the public internet, and what the operator lists."""

from __future__ import annotations

from ipaddress import ip_address

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tandem.egress import Egress, is_public, parse_allowed
from tandem.errors import StartFailed

NOT_PUBLIC = [
    "0.0.0.0", "0.1.2.3", "10.0.0.1", "100.64.0.1", "100.100.100.200", "100.127.255.255", "127.0.0.1", "127.255.255.254",
    "169.254.169.254", "172.16.0.1", "172.31.255.255", "192.0.0.8", "192.0.0.192", "192.0.2.1", "192.31.196.1",
    "192.52.193.1", "192.88.99.1", "192.168.1.1", "192.175.48.1", "198.18.0.1", "198.19.255.255", "198.51.100.7",
    "203.0.113.9", "224.0.0.1", "239.255.255.250", "240.0.0.1", "255.255.255.255",
    "::", "::1", "::127.0.0.1", "::8.8.8.8", "::ffff:127.0.0.1", "::ffff:8.8.8.8", "::ffff:0:127.0.0.1",
    "64:ff9b::7f00:1", "64:ff9b::808:808", "64:ff9b:1::a00:1", "100::1", "2001::1", "2001:0:4136:e378::1", "2001:10::1",
    "2001:20::1", "2001:db8::1", "2002:7f00:1::", "2002:808:808::1", "2620:4f:8000::1", "3fff::1", "5f00::1",
    "fc00::1", "fd00:ec2::254", "fe80::1", "fe80::1%eth0", "fec0::1", "ff02::1", "2a00:1450::5efe:7f00:1",
    "2a00:1450::200:5efe:127.0.0.1", "2a00:1450:4001::1%eth0",
]  # fmt: skip
PUBLIC = [
    "1.1.1.1", "8.8.8.8", "9.255.255.255", "11.0.0.0", "100.63.255.255", "100.128.0.0", "126.255.255.255", "128.0.0.0",
    "172.15.255.255", "172.32.0.0", "192.0.1.1", "192.167.255.255", "192.169.0.0", "198.17.255.255", "198.20.0.0",
    "223.255.255.255", "2606:4700:4700::1111", "2a00:1450:4001::1", "2001:4860:4860::8888", "2003::1",
]  # fmt: skip


@pytest.mark.parametrize("address", NOT_PUBLIC)
def test_an_address_that_is_not_the_internet_is_not_public(address):
    assert not is_public(ip_address(address))
    assert Egress().verdict("hook.example", [address], 443, plain=False)


@pytest.mark.parametrize("address", PUBLIC)
def test_an_address_of_the_internet_is_public(address):
    assert is_public(ip_address(address))
    assert Egress().verdict("hook.example", [address], 443, plain=False) is None


@settings(deadline=None)
@given(st.ip_addresses())
def test_nothing_that_python_calls_private_is_public(address):
    if (
        address.is_private
        or address.is_reserved
        or address.is_multicast
        or address.is_loopback
        or address.is_link_local
    ):
        assert not is_public(address)


@pytest.mark.parametrize(
    "host",
    ["2130706433", "0x7f.1", "0x7f000001", "017700000001", "127.1", "127.0.1", "0177.0.0.1", "1.2.3.4.5", "256.1.1.1",
     "127.0.0.1.", "2130706433.", "0x", "hook.0x7f", "::ffff:127.1", "1::2::3", "[::1]"],
)  # fmt: skip
def test_an_odd_notation_of_an_address_is_refused_before_anybody_resolves_it(host):
    with pytest.raises(ValueError, match="neither a name nor a plain address"):
        Egress().literal(host)


@pytest.mark.parametrize(
    "host", ["hook.example", "x1", "1x", "10.example", "xn--bcher-kva.example", "a.b-c.d_e", "localhost"]
)
def test_a_name_is_a_name(host):
    assert Egress().literal(host) is None


@pytest.mark.parametrize("host", ["127.0.0.1", "::1", "::ffff:127.0.0.1"])
def test_a_plain_address_is_read(host):
    assert Egress().literal(host) == ip_address(host)


def test_one_bad_address_of_a_name_refuses_all():
    assert "127.0.0.1 is not a public address" in (
        Egress().verdict("hook.example", ["8.8.8.8", "127.0.0.1"], 443, plain=False) or ""
    )


def test_a_name_without_addresses_is_refused():
    assert Egress().verdict("hook.example", [], 443, plain=False)


def test_plain_http_needs_an_exception_even_for_a_public_address():
    assert Egress().verdict("hook.example", ["8.8.8.8"], 80, plain=True)
    assert parse_allowed("hook.example").verdict("hook.example", ["8.8.8.8"], 80, plain=True) is None


@pytest.mark.parametrize(
    ("text", "host", "address", "port", "allowed"),
    [
        ("127.0.0.1:8080", "127.0.0.1", "127.0.0.1", 8080, True),
        ("127.0.0.1:8080", "127.0.0.1", "127.0.0.1", 8081, False),
        ("127.0.0.1:8080", "inbox.test", "127.0.0.1", 8080, True),
        ("127.0.0.1", "127.0.0.1", "127.0.0.1", 1, True),
        ("127.0.0.1", "127.0.0.1", "127.0.0.2", 1, False),
        ("10.0.0.0/8", "inbox.test", "10.9.8.7", 443, True),
        ("10.0.0.0/8:443", "inbox.test", "10.9.8.7", 80, False),
        ("[::1]:8080", "::1", "::1", 8080, True),
        ("[fd00::/8]", "inbox.test", "fd00::9", 8080, True),
        ("fd00::/8", "inbox.test", "fd00::9", 8080, True),
        ("::1", "::1", "::1", 8080, True),
        ("Inbox.test:8080", "inbox.test", "10.0.0.1", 8080, True),
        ("inbox.test:8080", "other.test", "10.0.0.1", 8080, False),
        (" , 10.0.0.1 ,", "x", "10.0.0.1", 1, True),
        ("", "x", "10.0.0.1", 1, False),
    ],
)
def test_the_operator_allows_hosts_networks_and_ports(text, host, address, port, allowed):
    assert (parse_allowed(text).verdict(host, [address], port, plain=True) is None) == allowed


@pytest.mark.parametrize(
    "text", ["10.0.0.0/33", "http://x", "a b", "127.0.0.1:http", "[::1", "*", "1.2.3", "x:1:2", "127.0.0.1:123456"]
)
def test_an_exception_that_cannot_be_meant_stops_the_start(text):
    with pytest.raises(StartFailed, match="TANDEM_ALLOW_PRIVATE_TARGETS") as caught:
        parse_allowed(text)

    assert caught.value.exit_code == 2
