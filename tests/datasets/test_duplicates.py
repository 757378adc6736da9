"""Films that look alike."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from hilum.datasets.duplicates import alike_hashes
from hilum.images import hamming_distance

hashes = st.lists(st.integers(0, 2**64 - 1).map(lambda value: f"{value:016x}"), max_size=30)


def by_hand(found: list[str], bits: int) -> set[frozenset[int]]:
    """Groups by comparing each pair and joining until nothing changes."""
    groups = [{row} for row, digits in enumerate(found) if digits]
    for first in range(len(found)):
        for second in range(first):
            if found[first] and found[second] and hamming_distance(found[first], found[second]) <= bits:
                of_first, of_second = (next(group for group in groups if row in group) for row in (first, second))
                if of_first is not of_second:
                    groups.remove(of_second)
                    of_first |= of_second
    return {frozenset(group) for group in groups if len(group) > 1}


@given(hashes, st.integers(0, 40))
def test_groups_are_those_of_comparing_each_pair(found: list[str], bits: int) -> None:
    assert {frozenset(group) for group in alike_hashes(found, bits)} == by_hand(found, bits)


def test_pairs_across_blocks_are_found() -> None:
    spread = [f"{value << 40 | value << 8:016x}" for value in range(1, 2600)]
    assert (0, 2599) in alike_hashes([*spread, f"{(1 << 40 | 1 << 8) + 1:016x}"], bits=1)


def test_nothing_is_alike_among_no_films() -> None:
    assert alike_hashes([]) == alike_hashes(["", ""]) == []
