"""Draws of whole groups, the same on every machine: stratified, by seed, whatever the order of the films on disc."""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Group:
    """Films that are never parted.

    Attributes:
        name: the same whatever the order of the films.
        label: the class of most of its films.
        subtype: the subtype of most of its films.
        rows: where its films stand in the catalogue.
    """

    name: str
    label: str
    subtype: str
    rows: tuple[int, ...]


def shuffled(groups: Sequence[Group], seed: int, purpose: str) -> list[Group]:
    """The groups in an order drawn by `seed`.

    The order is that of SHA-256 over seed, purpose and name, not that of a random generator: it is the same on every
    machine and version, and a patient more leaves the others in their order.
    """

    def rank(group: Group) -> bytes:
        return hashlib.sha256(f"{seed}|{purpose}|{group.name}".encode()).digest()

    return sorted(groups, key=rank)


def strata(groups: Sequence[Group]) -> dict[str, list[Group]]:
    """The groups by class and subtype, strata in alphabetical order so that one class follows the other."""
    found: dict[str, list[Group]] = {}
    for group in groups:
        found.setdefault(f"{group.label}/{group.subtype}", []).append(group)
    return dict(sorted(found.items()))


def classes(groups: Sequence[Group]) -> dict[str, list[Group]]:
    """The groups by class alone."""
    found: dict[str, list[Group]] = {}
    for group in groups:
        found.setdefault(group.label, []).append(group)
    return dict(sorted(found.items()))


def deal(groups: Sequence[Group], hands: int, seed: int) -> dict[str, int]:
    """The hand of each group by name: every hand has its share of each class and subtype, and as many films as others.

    In rounds: each hand takes one group of a class, large groups first, and the hand with the fewest films chooses
    first. A class with as many groups as there are hands is in all of them.
    """
    hand_of: dict[str, int] = {}
    films = [0] * hands
    for of_class in classes(groups).values():
        waiting = list[int]()
        for stratum in strata(of_class).values():
            for group in sorted(shuffled(stratum, seed, "fold"), key=lambda group: -len(group.rows)):
                waiting = waiting or list(range(hands))
                hand = min(waiting, key=lambda hand: (films[hand], hand))
                waiting.remove(hand)
                hand_of[group.name] = hand
                films[hand] += len(group.rows)
    return hand_of


def take_films(groups: Sequence[Group], number: int, seed: int) -> list[Group]:
    """Groups drawn from each stratum in proportion, with `number` films in all, or as near below as whole groups allow.

    A group that no longer fits is passed over; groups of one film, of which real data have plenty, fill the rest.
    """
    found = {name: shuffled(groups, seed, "take") for name, groups in strata(groups).items()}
    quota = _quotas({name: sum(len(group.rows) for group in groups) for name, groups in found.items()}, number)
    taken = [group for name, groups in found.items() for group in _that_fit(groups, quota[name])]
    names = {group.name for group in taken}
    rest = [group for groups in found.values() for group in groups if group.name not in names]
    return taken + _that_fit(shuffled(rest, seed, "take"), number - sum(len(group.rows) for group in taken))


def _that_fit(groups: Sequence[Group], number: int) -> list[Group]:
    taken = list[Group]()
    for group in groups:
        if len(group.rows) <= number:
            taken.append(group)
            number -= len(group.rows)
    return taken


def _quotas(sizes: Mapping[str, int], number: int) -> dict[str, int]:
    """`number` divided in proportion to `sizes`, the rest to the largest remainders."""
    total = sum(sizes.values())
    quota = {name: number * size // total for name, size in sizes.items()}
    by_remainder = sorted(sizes, key=lambda name: (-(number * sizes[name] % total), name))
    for name in by_remainder[: number - sum(quota.values())]:
        quota[name] += 1
    return quota


def most_common(words: Sequence[str]) -> str:
    """The word that stands most often, the first in the alphabet among equals.

    >>> most_common(["virus", "bacteria"])
    'bacteria'
    """
    return min(Counter(words).items(), key=lambda item: (-item[1], item[0]))[0]
