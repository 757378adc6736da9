"""A split with fewer fit patients: how much does a network learn from so many?"""

from __future__ import annotations

from dataclasses import replace

from hilum.datasets.catalogue import LABELS, Catalogue
from hilum.datasets.draws import Group, most_common, shuffled, strata
from hilum.datasets.splits import Split
from hilum.errors import HilumError


def fewer_fit_patients(catalogue: Catalogue, split: Split, patients: int) -> Split:
    """The split with `patients` of its fit patients, drawn by its seed; the films of the others serve nothing.

    Each class and subtype keeps its share, and the first 50 of a seed are among its first 200. The other parts stay as
    they are, so that figures on them can be compared. Patients who share a byte-identical file count as one.

    Args:
        catalogue: that the split belongs to.
        patients: how many; 0 keeps all.

    Raises:
        HilumError: there are not so many, or a class would be left without any.
    """
    if patients == 0:
        return split
    groups = fit_groups(catalogue, split)
    if patients > len(groups):
        raise HilumError(
            f"The recipe asks for {patients:,} fit patients of '{catalogue.name}', which has {len(groups):,}.",
            expected=f"{len(groups):,} at the most, or 0 for all of them",
            do="Lower 'patients', or leave it out.",
        )
    # A group's place in its own stratum, as a share: in this order every beginning holds each stratum's share.
    place = {
        group.name: ((rank + 0.5) / len(stratum), group.name)
        for stratum in strata(groups).values()
        for rank, group in enumerate(shuffled(stratum, split.seed, "fewer"))
    }
    kept = sorted(groups, key=lambda group: place[group.name])[:patients]
    if missing := [label for label in LABELS if not any(group.label == label for group in kept)]:
        raise HilumError(
            f"Among {patients} fit patients of '{catalogue.name}' there would be none labelled {missing[0]}.",
            expected="patients of each class",
            do="Raise 'patients'.",
        )
    stays = {row for group in kept for row in group.rows}
    parts = ("" if part == "fit" and row not in stays else part for row, part in enumerate(split.parts))
    return replace(split, parts=tuple(parts))


def fit_patients(catalogue: Catalogue, split: Split) -> int:
    """How many fit patients a split has; those who share a byte-identical file count as one."""
    return len(fit_groups(catalogue, split))


def fit_groups(catalogue: Catalogue, split: Split) -> list[Group]:
    """The patients of the fit films, joined where files are byte-identical."""
    rows_of: dict[str, list[int]] = {}
    names = catalogue.group_names()
    for row in split.rows("fit").tolist():
        rows_of.setdefault(names[row], []).append(row)
    return [_group(catalogue, name, rows) for name, rows in rows_of.items()]


def _group(catalogue: Catalogue, name: str, rows: list[int]) -> Group:
    films = [catalogue.films[row] for row in rows]
    label = most_common([film.label for film in films])
    return Group(name, label, most_common([film.subtype for film in films if film.label == label]), tuple(rows))
