"""Wrong tokens, counted by address: after ten in a minute the address has to wait."""

from __future__ import annotations

import math
import time
from collections import OrderedDict, deque
from collections.abc import Callable
from ipaddress import IPv6Address, ip_network
from typing import Final

from hilum.web.addresses import Address

MOST: Final = 10
WINDOW_S: Final = 60.0
_MOST_ADDRESSES: Final = 10_000


class Attempts:
    """The failed attempts of the last minute.

    Args:
        clock: gives seconds that never run backwards.
    """

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._failed: OrderedDict[str, deque[float]] = OrderedDict()

    def wait_s(self, address: Address | None) -> int:
        """Whole seconds until the address may try again; 0 where it may now."""
        failed = self._recent(_key(address))
        return 0 if len(failed) < MOST else max(1, math.ceil(failed[0] + WINDOW_S - self._clock()))

    def fail(self, address: Address | None) -> None:
        """Count a wrong token."""
        key = _key(address)
        failed = self._recent(key)
        failed.append(self._clock())
        self._failed[key] = failed
        self._failed.move_to_end(key)
        if len(self._failed) > _MOST_ADDRESSES:
            self._failed.popitem(last=False)

    def _recent(self, key: str) -> deque[float]:
        failed = self._failed.get(key, deque(maxlen=MOST))
        while failed and failed[0] <= self._clock() - WINDOW_S:
            failed.popleft()
        return failed


def _key(address: Address | None) -> str:
    """The address; of IPv6 its network of 64 bits, because one machine has as many addresses in it as it likes."""
    if isinstance(address, IPv6Address):
        return str(ip_network((address, 64), strict=False))
    return str(address)
