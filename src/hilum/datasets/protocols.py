"""The protocols: which groups of films each of them keeps away from development."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from hilum.datasets.catalogue import Catalogue
from hilum.datasets.draws import Group, deal, strata, take_films
from hilum.errors import HilumError

FOLDS = 5
BLOCK_COLUMNS = ("patient", "path")
BLOCK_SHARE = 0.15

_KERMANY_BLOCK = {
    "IM": ((115, 226),),
    "NORMAL2-IM": ((383, 602),),
    "bacteria": ((253, 353),),
    "virus": ((80, 154), (1512, 1607)),
}
"""The patient numbers of the training films that stand next to those of the official test, both ends included."""


@dataclass(frozen=True, slots=True)
class Request:
    """What a protocol divides, and the choices of the person who asks.

    Attributes:
        catalogue: the data set.
        groups: its usable films, those of one patient together (each on its own under random20).
        seed: of every draw.
        fold: the fold that becomes the validation part.
        block: the column whose order makes the block, or "".
    """

    catalogue: Catalogue
    groups: tuple[Group, ...]
    seed: int
    fold: int
    block: str


def official(request: Request) -> dict[str, str]:
    """The test folder is the test part."""
    part_of = _test_folder(request)
    if not part_of:
        raise HilumError(
            f"The data set '{request.catalogue.name}' has no test folder, so it has no official protocol.",
            expected="films in folders named train and test",
            do="Use --protocol grouped, which divides the patients into five folds.",
        )
    return part_of


def grouped(request: Request) -> dict[str, str]:
    """One of five folds of the patients outside the test folder is the validation part."""
    test = _test_folder(request)
    hand_of = deal([group for group in request.groups if group.name not in test], FOLDS, request.seed)
    return test | {name: "validation" for name, hand in hand_of.items() if hand == request.fold}


def fifth(request: Request) -> dict[str, str]:
    """A fifth of all films, rounded down, is the validation part, whatever folder they came in."""
    number = sum(len(group.rows) for group in request.groups) // 5
    return {group.name: "validation" for group in take_films(request.groups, number, request.seed)}


def block(request: Request) -> dict[str, str]:
    """Patients who stand together in the numbering are the validation part: a shift that a random draw would hide."""
    test = _test_folder(request)
    development = [group for group in request.groups if group.name not in test]
    if request.block:
        held = [group for stratum in strata(development).values() for group in _last(request, stratum)]
    else:
        held = _kermany_block(request.catalogue, development)
    return test | {group.name: "validation" for group in held}


EVALUATION: dict[str, Callable[[Request], dict[str, str]]] = {
    "official": official,
    "grouped": grouped,
    "grouped20": fifth,
    "random20": fifth,
    "block": block,
}
"""For each protocol the function that gives the groups kept from development, by name, with their part."""


def _test_folder(request: Request) -> dict[str, str]:
    """The groups that came in the test folder, which no protocol over train and val may touch."""
    films = request.catalogue.films
    in_test = {group.name: {films[row].split == "test" for row in group.rows} for group in request.groups}
    torn = sorted(name for name, sides in in_test.items() if len(sides) > 1)
    if torn:
        raise HilumError(
            f"{len(torn)} patients of '{request.catalogue.name}' stand, themselves or by a copy of a file, both in the "
            f"test folder and outside it, such as '{torn[0]}'.",
            expected="each patient on one side",
            do="See hilum data check, mend the folders, or use --protocol grouped20, which leaves the folders aside.",
        )
    return {name: "test" for name, sides in in_test.items() if sides == {True}}


def _kermany_block(catalogue: Catalogue, groups: Sequence[Group]) -> list[Group]:
    """The groups with a patient in the Kermany block; other data under such names do not fill all of its series."""
    held, series_met = [], set[str]()
    for group in groups:
        met = {_series_in_block(catalogue.films[row].patient) for row in group.rows} - {""}
        series_met |= met
        held += [group] if met else []
    if series_met != set(_KERMANY_BLOCK):
        raise HilumError(
            f"The data set '{catalogue.name}' does not hold the block of the Kermany films.",
            expected="all Kermany films, or the column whose order makes a block: patient or path",
            do="Add --block patient.",
        )
    return held


def _series_in_block(patient: str) -> str:
    """The series of a Kermany patient whose number lies in the block, else ""."""
    series, _, number = patient.rpartition("-")
    is_inside = number.isdecimal() and any(low <= int(number) <= high for low, high in _KERMANY_BLOCK.get(series, ()))
    return series if is_inside else ""


def _last(request: Request, stratum: Sequence[Group]) -> list[Group]:
    """The last groups of one subtype in the natural order of the block's column, one at the least."""
    films = request.catalogue.films

    def place(group: Group) -> list[tuple[int, str]]:
        return min(_natural(films[row].path if request.block == "path" else films[row].patient) for row in group.rows)

    number = max(1, int(BLOCK_SHARE * len(stratum)))
    return sorted(stratum, key=place)[-number:]


def _natural(text: str) -> list[tuple[int, str]]:
    """A sorting key that puts 'film 9' before 'film 10'."""
    return [(int(piece), "") if piece.isdecimal() else (-1, piece) for piece in re.split(r"(\d+)", text)]
