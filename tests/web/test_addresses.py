"""Who sent a request, where a proxy stands between."""

from __future__ import annotations

from ipaddress import ip_address, ip_network
from typing import Any

import pytest

from hilum.web.addresses import host_name, sender

PROXIES = (ip_network("10.0.0.0/24"), ip_network("fd00::/64"))


def _scope(peer: str | None, *forwarded: str) -> dict[str, Any]:
    headers = [(b"x-forwarded-for", one.encode()) for one in forwarded]
    return {"client": (peer, 1) if peer else None, "headers": headers}


@pytest.mark.parametrize(
    ("peer", "forwarded", "expected"),
    [
        ("192.0.2.1", ("198.51.100.9",), "192.0.2.1"),  # a stranger may write what it likes
        ("10.0.0.1", (), "10.0.0.1"),
        ("10.0.0.1", ("198.51.100.9",), "198.51.100.9"),
        ("10.0.0.1", ("6.6.6.6, 198.51.100.9",), "198.51.100.9"),
        ("10.0.0.1", ("6.6.6.6", "198.51.100.9, 10.0.0.2"), "198.51.100.9"),  # two proxies, two headers
        ("10.0.0.1", ("198.51.100.9, unknown",), "10.0.0.1"),
        ("10.0.0.1", ("",), "10.0.0.1"),
        ("::ffff:10.0.0.1", ("198.51.100.9",), "198.51.100.9"),
        ("fd00::1", ("[2001:db8::1]",), "2001:db8::1"),
    ],
)
def test_only_a_trusted_proxy_says_who_sent_it(peer: str, forwarded: tuple[str, ...], expected: str) -> None:
    assert sender(_scope(peer, *forwarded), PROXIES) == ip_address(expected)


def test_no_peer_is_nobody() -> None:
    assert sender(_scope(None, "198.51.100.9"), PROXIES) is None


@pytest.mark.parametrize(
    ("host", "name"),
    [("a.b:1", "a.b"), ("::1", ":"), ("[::1", "::1"), (":80", ":80"), ("a:b:80", "a:b"), ("", ""), ("A.", "a")],
)
def test_name_of_odd_hosts(host: str, name: str) -> None:
    assert host_name(host) == name


@pytest.mark.parametrize(
    ("forwarded", "expected"),
    [
        ("198.51.100.9:51234", "198.51.100.9"),
        ("6.6.6.6:1, 198.51.100.9:2, 10.0.0.2:3", "198.51.100.9"),
        ("[2001:db8::1]:443", "2001:db8::1"),
        ("2001:db8::1", "2001:db8::1"),
        ("[::ffff:198.51.100.9]:1", "198.51.100.9"),
        ('"198.51.100.9:5"', "198.51.100.9"),
        ("198.51.100.9:x", "10.0.0.1"),
        ("198.51.100.9:", "10.0.0.1"),
        ("[2001:db8::1]x", "10.0.0.1"),
    ],
)
def test_port_of_a_forwarded_address_is_no_part_of_it(forwarded: str, expected: str) -> None:
    assert sender(_scope("10.0.0.1", forwarded), PROXIES) == ip_address(expected)
