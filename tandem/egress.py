"""Where outgoing requests may go. Pure: addresses and names in, a verdict out; connecting is ``tandem.http``'s.

A page's webhook is an address that a customer typed in, and our network is inside somebody's perimeter. So a target
must be a public address of the internet, every address of a name must be one, and the operator lists the exceptions.
The table is stricter than ``ipaddress.is_private``, which on Python 3.11 passes shared address space, 192.88.99.0/24,
multicast, and IPv4 addresses inside 6to4, NAT64 and site-local IPv6 ones.

Source: IANA special-purpose address registries; RFC 6890, 6052, 5214.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address, ip_network

from tandem.errors import StartFailed

Address = IPv4Address | IPv6Address

_NOT_PUBLIC_4 = tuple(
    IPv4Network(network)
    for network in (
        "0.0.0.0/8",  # this network
        "10.0.0.0/8",
        "100.64.0.0/10",  # shared address space; clouds keep metadata at 100.100.100.200
        "127.0.0.0/8",
        "169.254.0.0/16",  # link local; clouds keep metadata at 169.254.169.254
        "172.16.0.0/12",
        "192.0.0.0/24",  # IETF protocols
        "192.0.2.0/24",  # documentation
        "192.31.196.0/24",  # AS112
        "192.52.193.0/24",  # AMT
        "192.88.99.0/24",  # 6to4 relays
        "192.168.0.0/16",
        "192.175.48.0/24",  # AS112
        "198.18.0.0/15",  # benchmarks
        "198.51.100.0/24",  # documentation
        "203.0.113.0/24",  # documentation
        "224.0.0.0/4",  # multicast
        "240.0.0.0/4",  # reserved, broadcast
    )
)
_PUBLIC_6 = IPv6Network("2000::/3")
"""Global unicast; what lies outside (loopback, mapped, NAT64, unique local, link local, multicast) is not public."""
_NOT_PUBLIC_6 = tuple(
    IPv6Network(network)
    for network in (
        "2001::/23",  # IETF protocols, Teredo and ORCHID among them
        "2001:db8::/32",  # documentation
        "2002::/16",  # 6to4: holds an IPv4 address
        "2620:4f:8000::/48",  # AS112
        "3fff::/20",  # documentation
    )
)
_ISATAP = (0x00005EFE, 0x02005EFE)
"""Upper half of an interface id that holds an IPv4 address (RFC 5214)."""
_NUMBER = re.compile(r"(?i)[0-9]+|0x[0-9a-f]*")


@dataclass(frozen=True, slots=True)
class AllowedTarget:
    """One entry of TANDEM_ALLOW_PRIVATE_TARGETS: a network or a name, with a port or any."""

    network: IPv4Network | IPv6Network | None
    name: str | None
    port: int | None

    def covers(self, host: str, address: Address | None, port: int) -> bool:
        """True when this entry allows a connection to ``host``, which resolved to ``address``."""
        if self.port is not None and self.port != port:
            return False
        if self.name is not None:
            return self.name == host
        return address is not None and self.network is not None and address in self.network


@dataclass(frozen=True, slots=True)
class Egress:
    """The rule with an operator's exceptions."""

    allowed: tuple[AllowedTarget, ...] = ()

    def literal(self, host: str) -> Address | None:
        """The address that ``host`` writes out; None for a name.

        Raises:
            ValueError: a notation that some resolver takes for an address (2130706433, 0x7f.1, 0177.0.0.1, 127.1).
        """
        try:
            return ip_address(host)
        except ValueError:
            last = host.rstrip(".").rpartition(".")[2]
            if ":" in host or _NUMBER.fullmatch(last):
                raise ValueError(f"{host[:100]!r} is neither a name nor a plain address") from None
        return None

    def verdict(self, host: str, addresses: Iterable[str], port: int, *, plain: bool) -> str | None:
        """Why a connection must not be made, or None.

        Args:
            host: as in the URL, lower case, without brackets.
            addresses: every address it resolved to; one that is refused refuses all.
            plain: without TLS, which needs an exception even for public addresses.
        """
        found = [ip_address(address) for address in addresses]
        if not found:
            return "the name has no address"
        for address in found:
            if any(entry.covers(host, address, port) for entry in self.allowed):
                continue
            if plain:
                return "http without TLS is for allowed targets only"
            if not is_public(address):
                return f"{address} is not a public address"
        return None


def is_public(address: Address) -> bool:
    """True for an address of the internet at large."""
    if isinstance(address, IPv4Address):
        return not any(address in network for network in _NOT_PUBLIC_4)
    if address.ipv4_mapped is not None:
        return False  # a connection would go to the IPv4 address inside
    if address.scope_id is not None or address not in _PUBLIC_6:
        return False
    if (int(address) >> 32) & 0xFFFFFFFF in _ISATAP:
        return False
    return not any(address in network for network in _NOT_PUBLIC_6)


def parse_allowed(text: str) -> Egress:
    """TANDEM_ALLOW_PRIVATE_TARGETS: ``host``, ``address`` or ``network``, each with ``:port`` if wanted, by comma.

    Raises:
        StartFailed: an entry that cannot be meant, with exit code 2.
    """
    entries = [entry.strip() for entry in text.split(",")]
    return Egress(tuple(_parse_allowed(entry) for entry in entries if entry))


def _parse_allowed(entry: str) -> AllowedTarget:
    match = re.fullmatch(r"\[([^\]]+)\](?::(\d{1,5}))?|([^:\[\]]+)(?::(\d{1,5}))?|([^\[\]]+)", entry)
    if match is None:
        raise _unreadable(entry)
    bracketed, port_6, plain, port_4, bare = match.groups()
    host, port = (bracketed or plain or bare).lower(), port_6 or port_4
    try:
        return AllowedTarget(ip_network(host, strict=False), None, int(port) if port else None)
    except ValueError:
        if not re.fullmatch(r"[a-z0-9_.-]*[a-z_-][a-z0-9_.-]*", host):
            raise _unreadable(entry) from None
    return AllowedTarget(None, host, int(port) if port else None)


def _unreadable(entry: str) -> StartFailed:
    message = f"TANDEM_ALLOW_PRIVATE_TARGETS: {entry[:100]!r} is no host, address or network with an optional :port"
    return StartFailed(message, exit_code=2)
