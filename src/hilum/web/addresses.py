"""Who sends a request: its address, also behind a proxy that is trusted, and the name it calls this server by."""

from __future__ import annotations

import re
from collections.abc import Iterable
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address
from typing import Any, Final

_WITH_PORT: Final = re.compile(r"\[(?P<inner>[^\[\]]+)\](?::[0-9]+)?|(?P<plain>[^:\[\]]+)(?::[0-9]+)?")

Address = IPv4Address | IPv6Address
Network = IPv4Network | IPv6Network
Scope = Any
"""Of ASGI: a dictionary that the interface defines."""


def values(scope: Scope, name: bytes) -> list[str]:
    """Every value of that header, in their order; `name` in lower case."""
    return [value.decode("latin-1").strip() for key, value in scope["headers"] if key == name]


def peer(scope: Scope) -> Address | None:
    """The address at the other end of the connection."""
    client = scope.get("client")
    return parsed(client[0]) if client else None


def parsed(text: str) -> Address | None:
    """The address in a text; None for anything else.

    >>> parsed("::ffff:10.0.0.1"), parsed("[::1]"), parsed("unknown")
    (IPv4Address('10.0.0.1'), IPv6Address('::1'), None)
    """
    try:
        address = ip_address(text.strip().removeprefix("[").removesuffix("]").partition("%")[0])
    except ValueError:
        return None
    return address.ipv4_mapped or address if isinstance(address, IPv6Address) else address


def forwarded(text: str) -> Address | None:
    """The address that a proxy wrote down, with or without the port; None where it names none.

    >>> forwarded("192.0.2.7:5000"), forwarded("[2001:db8::1]:443"), forwarded("2001:db8::1"), forwarded("unknown")
    (IPv4Address('192.0.2.7'), IPv6Address('2001:db8::1'), IPv6Address('2001:db8::1'), None)
    """
    found = _WITH_PORT.fullmatch(text.strip().strip('"'))
    return parsed(found["inner"] or found["plain"] if found else text)


def is_among(address: Address | None, networks: Iterable[Network]) -> bool:
    """True where one of the networks holds the address."""
    return address is not None and any(address.version == one.version and address in one for one in networks)


def sender(scope: Scope, proxies: tuple[Network, ...]) -> Address | None:
    """Who sent the request: the peer, or where that is a trusted proxy, the last address that no such proxy has.

    Whatever stands before it in X-Forwarded-For was written by the sender, who can write what they like.
    """
    address = peer(scope)
    for text in reversed(",".join(values(scope, b"x-forwarded-for")).split(",")):
        if not is_among(address, proxies):
            break
        named = forwarded(text)
        if named is None:
            break
        address = named
    return address


def host_name(host: str) -> str:
    """The name or address of a Host header, without its port.

    >>> host_name("[::1]:8000"), host_name("Localhost.:80"), host_name("127.0.0.1")
    ('::1', 'localhost', '127.0.0.1')
    """
    if host.startswith("["):
        return host[1:].partition("]")[0].lower()
    name, _, port = host.rpartition(":")
    return (name if port.isdigit() and name else host).lower().removesuffix(".")
