"""Which addresses events are sent to, by whatever name or notation they are reached: those of the internet, and those
of networks that the operator names; never such as clouds hand out credentials at. Asked when a webhook is added, of
an address that stands in its URL, and at each call, of all that its host's name means."""

from __future__ import annotations

import ipaddress
from collections.abc import Iterable

Address = ipaddress.IPv4Address | ipaddress.IPv6Address
REFUSED = tuple(
    map(
        ipaddress.ip_network,
        (
            "169.254.0.0/16",  # link-local (RFC 3927), most clouds' metadata among them
            "fe80::/10",  # link-local (RFC 4291 §2.5.6)
            "0.0.0.0/8",  # this network (RFC 1122 §3.2.1.3): systems take it for themselves
            "::/128",
            "224.0.0.0/4",  # multicast
            "ff00::/8",
            "240.0.0.0/4",  # reserved, and broadcast
            "100.100.100.200/32",  # Alibaba Cloud's metadata
            "168.63.129.16/32",  # Azure's host
            "192.0.0.192/32",  # Oracle Cloud's metadata
            "fd00:ec2::/32",  # Amazon's, over IPv6
            "fd20:ce::254/128",  # Google Cloud's, over IPv6
        ),
    )
)
_NAT64 = ipaddress.IPv6Network("64:ff9b::/96")


def inner(address: Address) -> Address:
    """Return the IPv4 address that one of IPv6 stands for, or the address itself."""
    if isinstance(address, ipaddress.IPv6Address):
        if address in _NAT64:
            return ipaddress.IPv4Address(int(address) & 0xFFFF_FFFF)
        return address.ipv4_mapped or address.sixtofour or address
    return address


def is_permitted(address: Address) -> bool:
    """Say whether events may be sent to an address."""
    meant = inner(address)
    return not any(one in network for one in (address, meant) for network in REFUSED)


def is_public(address: Address) -> bool:
    """Say whether an address is one of the internet's, and events may be sent to it."""
    return inner(address).is_global and is_permitted(address)


def reaches(address: Address, networks: Iterable[str]) -> bool:
    """Say whether events may be sent to an address that is public or in one of these networks."""
    meant = inner(address)
    named = any(meant in ipaddress.ip_network(one) for one in networks)
    return is_public(address) or (named and is_permitted(address))
