"""Who serves what: a catalogue divided into fit, select and calibrate, and a validation or test part kept from them.

Patients are never parted, and patients who share a byte-identical file stay together, except under `random20`, which
parts them on purpose and says so. The counts on the Kermany films stand in docs/reference/protocols.md.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from hilum.datasets.catalogue import LABELS, Catalogue
from hilum.datasets.draws import Group, classes, most_common, shuffled, strata
from hilum.datasets.protocols import BLOCK_COLUMNS, EVALUATION, FOLDS, Request
from hilum.errors import HilumError, nearest

DEVELOPMENT = ("fit", "select", "calibrate")
PARTS = (*DEVELOPMENT, "validation", "test")
PROTOCOLS = tuple(EVALUATION)


@dataclass(frozen=True, slots=True)
class Split:
    """Which part each film of a catalogue serves.

    Attributes:
        protocol: one of `PROTOCOLS`.
        seed: of the draws.
        fold: which of the five folds is the validation part; 0 where the protocol has no folds.
        block: the column whose order makes the block, "" for the numbers of the Kermany films or another protocol.
        parts: one of `PARTS` for each film of the catalogue, "" for a film that cannot be used.
    """

    protocol: str
    seed: int
    fold: int
    block: str
    parts: tuple[str, ...]

    @property
    def is_leaky(self) -> bool:
        """True for the protocol that puts one patient on both sides on purpose."""
        return self.protocol == "random20"

    @property
    def evaluation_part(self) -> str:
        """The part that figures are measured on: "test" under official, else "validation"."""
        return "test" if self.protocol == "official" else "validation"

    @property
    def development_rows(self) -> np.ndarray:
        """(k,) int, ascending: rows of fit, select and calibrate together."""
        return np.flatnonzero(np.isin(self.parts, DEVELOPMENT))

    def rows(self, part: str) -> np.ndarray:
        """(k,) int, ascending: rows of the films that serve as `part`.

        Raises:
            HilumError: there is no part of that name.
        """
        if part not in PARTS:
            raise _unknown(part, "part", PARTS)
        return np.flatnonzero(np.array(self.parts, dtype=str) == part)


def split_films(catalogue: Catalogue, protocol: str, *, seed: int = 0, fold: int = 0, block: str = "") -> Split:
    """Divide the usable films of a catalogue; the same answer for the same films on every machine.

    Args:
        catalogue: films with a problem keep the part "".
        protocol: "official", "grouped", "grouped20", "random20" or "block".
        seed: of every draw.
        fold: 0 to 4, under "grouped" alone.
        block: "patient" or "path" under "block" for data other than Kermany's.

    Raises:
        HilumError: the data do not fit the protocol: no test folder, a patient on both sides of the folders, or too
            few patients for every part to have both classes.
    """
    _require_known(protocol, fold, block)
    groups = _single_films(catalogue) if protocol == "random20" else _patients(catalogue)
    part_of = EVALUATION[protocol](Request(catalogue, groups, seed, fold, block))
    part_of |= _cut_development([group for group in groups if group.name not in part_of], seed)
    parts = [""] * len(catalogue.films)
    for group in groups:
        for row in group.rows:
            parts[row] = part_of[group.name]
    split = Split(protocol, seed, fold, block, tuple(parts))
    _require_both_classes(catalogue, split)
    return split


def _patients(catalogue: Catalogue) -> tuple[Group, ...]:
    rows_of: dict[str, list[int]] = {}
    for row, (film, name) in enumerate(zip(catalogue.films, catalogue.group_names(), strict=True)):
        if not film.problem:
            rows_of.setdefault(name, []).append(row)
    return tuple(_group(catalogue, name, rows) for name, rows in rows_of.items())


def _single_films(catalogue: Catalogue) -> tuple[Group, ...]:
    return tuple(_group(catalogue, film.path, [row]) for row, film in enumerate(catalogue.films) if not film.problem)


def _group(catalogue: Catalogue, name: str, rows: Sequence[int]) -> Group:
    films = [catalogue.films[row] for row in rows]
    label = most_common([film.label for film in films])
    return Group(name, label, most_common([film.subtype for film in films if film.label == label]), tuple(rows))


def _cut_development(groups: Sequence[Group], seed: int) -> dict[str, str]:
    """A tenth of the groups of each subtype for select, a tenth for calibrate (at least one), the others for fit."""
    part_of = dict.fromkeys((group.name for group in groups), "fit")
    for of_class in classes(groups).values():
        by_subtype = list(strata(of_class).values())
        # A subtype with fewer groups than parts cannot serve each of them: the class is then drawn as one.
        for stratum in by_subtype if min(map(len, by_subtype)) >= len(DEVELOPMENT) else [of_class]:
            names = [group.name for group in shuffled(stratum, seed, "cut")]
            tenth = max(1, round(len(names) / 10))
            part_of |= dict.fromkeys(names[:tenth], "select") | dict.fromkeys(names[tenth : 2 * tenth], "calibrate")
    return part_of


def _require_known(protocol: str, fold: int, block: str) -> None:
    if protocol not in PROTOCOLS:
        raise _unknown(protocol, "protocol", PROTOCOLS)
    folds = FOLDS if protocol == "grouped" else 1
    if not 0 <= fold < folds:
        raise HilumError(
            f"The protocol '{protocol}' has no fold {fold}.",
            expected=f"a fold from 0 to {folds - 1}" if folds > 1 else "no fold",
            do="Choose another --fold." if folds > 1 else "Leave --fold out.",
        )
    if block and protocol != "block":
        raise HilumError(
            f"The option --block goes with the protocol 'block', not with '{protocol}'.",
            expected="--protocol block",
            do="Leave one of them out.",
        )
    if block and block not in BLOCK_COLUMNS:
        raise _unknown(block, "column for a block", BLOCK_COLUMNS)


def _require_both_classes(catalogue: Catalogue, split: Split) -> None:
    """Refuse a division in which a part lacks a class."""
    films = list(zip(catalogue.films, split.parts, strict=True))
    for part in (split.evaluation_part, *DEVELOPMENT):
        for label in LABELS:
            if not any(film.label == label and served == part for film, served in films):
                patients = len({film.patient for film in catalogue.usable.films if film.label == label})
                needed = FOLDS if split.protocol == "grouped" else len(DEVELOPMENT) + 1
                raise HilumError(
                    f"The protocol '{split.protocol}' leaves the part '{part}' of '{catalogue.name}' without a film "
                    f"labelled {label} (there are {patients} such patients in all).",
                    expected=f"at least {needed} patients of each class, and each class on both sides",
                    do="Add films of more patients, or choose another protocol.",
                )


def _unknown(word: str, what: str, known: Sequence[str]) -> HilumError:
    return HilumError(
        f"There is no {what} '{word}'.", expected=f"one of {', '.join(known)}", do=nearest(word, list(known))
    )
