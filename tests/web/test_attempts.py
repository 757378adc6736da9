"""Wrong tokens are counted by address and minute."""

from __future__ import annotations

from ipaddress import ip_address

from hilum.web.attempts import MOST, Attempts


class Clock:
    """A clock that the test moves."""

    now = 1000.0

    def __call__(self) -> float:
        return self.now


def test_the_eleventh_attempt_has_to_wait_until_the_first_is_a_minute_old() -> None:
    clock = Clock()
    attempts, address = Attempts(clock), ip_address("192.0.2.7")
    for second in range(MOST):
        assert attempts.wait_s(address) == 0
        clock.now = 1000.0 + second
        attempts.fail(address)
    assert attempts.wait_s(address) == 51
    clock.now = 1059.5
    assert attempts.wait_s(address) == 1
    clock.now = 1060.0
    assert attempts.wait_s(address) == 0


def test_addresses_are_counted_by_themselves_but_a_network_of_ipv6_together() -> None:
    attempts = Attempts(Clock())
    for number in range(MOST):
        attempts.fail(ip_address(f"2001:db8::{number}"))
    assert attempts.wait_s(ip_address("2001:db8::ffff")) > 0
    assert attempts.wait_s(ip_address("2001:db8:0:1::1")) == 0
    assert attempts.wait_s(ip_address("192.0.2.7")) == 0


def test_memory_stays_bounded() -> None:
    attempts = Attempts(Clock())
    for number in range(10_500):
        attempts.fail(ip_address(0x0A000000 + number))
    assert len(attempts._failed) == 10_000
