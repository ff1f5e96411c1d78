"""What an address says."""

from __future__ import annotations

import ipaddress
from typing import TypeAlias

__all__ = ["IPAddress", "is_loopback", "literal", "never_dialled", "plain_name", "standing_for"]

IPAddress: TypeAlias = ipaddress.IPv4Address | ipaddress.IPv6Address

_NAT64 = ipaddress.ip_network("64:ff9b::/96")

# Where clouds answer their own virtual machines, beyond the link-local addresses: credentials for the asking.
_METADATA = frozenset(
    map(
        ipaddress.ip_address,
        (
            "100.100.100.200",  # Alibaba Cloud
            "168.63.129.16",  # Azure
            "192.0.0.192",  # Oracle Cloud
            "fd00:ec2::254",  # Amazon
            "fd20:ce::254",  # Google
        ),
    )
)


def is_loopback(host: str) -> bool:
    """Return whether a host's name or address stands for this machine alone."""
    name = plain_name(host)
    address = literal(name)
    return name == "localhost" or (address is not None and address.is_loopback)


def plain_name(host: str) -> str:
    """Return a host's name in lower case, without brackets and without the dot of the root."""
    return host.strip("[]").rstrip(".").lower()


def literal(host: str) -> IPAddress | None:
    """Return the address that `host` is, or None for a name."""
    try:
        return ipaddress.ip_address(host.partition("%")[0])
    except ValueError:
        return None


def standing_for(address: IPAddress) -> IPAddress:
    """Return the IPv4 address that an IPv6 one stands for (mapped, 6to4, NAT64), or the address itself."""
    if isinstance(address, ipaddress.IPv4Address):
        return address
    inner = address.ipv4_mapped or address.sixtofour
    if inner is None and address in _NAT64:
        inner = ipaddress.IPv4Address(int(address) & 0xFFFFFFFF)
    return inner or address


def never_dialled(address: IPAddress) -> bool:
    """Return whether no connection may go to an address, whoever allows it: link-local and metadata addresses."""
    return any(each.is_link_local or each in _METADATA for each in (address, standing_for(address)))
