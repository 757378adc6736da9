"""Draws of whole groups."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from hilum.datasets.draws import Group, deal, shuffled, take_films


def groups_of(sizes: list[int], labels: str = "ab") -> list[Group]:
    return [Group(f"g{n}", labels[n % len(labels)], "", tuple(range(size))) for n, size in enumerate(sizes)]


sizes = st.lists(st.integers(1, 9), min_size=1, max_size=40)


@given(sizes, st.floats(0, 1), st.integers(0, 9))
def test_never_more_films_are_taken_than_asked_for(found: list[int], share: float, seed: int) -> None:
    number = int(share * sum(found))
    taken = take_films(groups_of(found), number, seed)
    assert sum(len(group.rows) for group in taken) <= number
    assert len({group.name for group in taken}) == len(taken)


@given(st.lists(st.just(1), min_size=1, max_size=60), st.floats(0, 1), st.integers(0, 9))
def test_single_films_are_taken_exactly_and_in_proportion(found: list[int], share: float, seed: int) -> None:
    groups = groups_of(found, "aab")
    number = int(share * len(groups))
    taken = take_films(groups, number, seed)
    assert len(taken) == number
    in_proportion = number * sum(group.label == "a" for group in groups) / len(groups)
    assert abs(sum(group.label == "a" for group in taken) - in_proportion) < 1


def test_a_group_more_leaves_the_others_in_their_order() -> None:
    groups = groups_of([1] * 20)
    before = [group.name for group in shuffled(groups[:-1], 3, "cut")]
    after = [group.name for group in shuffled(groups, 3, "cut") if group.name != "g19"]
    assert before == after


@given(sizes, st.integers(1, 6), st.integers(0, 9))
def test_hands_differ_by_one_group_of_each_class_at_the_most(found: list[int], hands: int, seed: int) -> None:
    groups = groups_of(found)
    hand_of = deal(groups, hands, seed)
    for label in "ab":
        dealt = [hand_of[group.name] for group in groups if group.label == label]
        counts = [dealt.count(hand) for hand in range(hands)]
        assert max(counts) - min(counts) <= 1
