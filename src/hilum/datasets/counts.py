"""How many films and patients stand in each folder of a data set, or in each part of a protocol."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from hilum.datasets.catalogue import FOLDERS, Catalogue


@dataclass(frozen=True, slots=True)
class PlaceCount:
    """The usable films of one place.

    Attributes:
        place: a folder ("train", "val", "test", "" for data without such folders) or a part of a protocol.
        pneumonia: films labelled pneumonia, whatever their subtype.
        bacteria: those of them known to be bacterial.
        virus: those of them known to be viral.
        normal: films labelled normal.
        patients: patients with films here.
    """

    place: str
    pneumonia: int
    bacteria: int
    virus: int
    normal: int
    patients: int

    @property
    def films(self) -> int:
        """All films of the place."""
        return self.pneumonia + self.normal


def count_films(
    catalogue: Catalogue, places: Sequence[str] | None = None, order: Sequence[str] = (*FOLDERS, "")
) -> tuple[PlaceCount, ...]:
    """The counts of the places that have films, in `order`.

    Args:
        catalogue: films with a problem are not counted.
        places: the place of each film, such as `Split.parts`; left out, its folder.
        order: the places to count.
    """
    films = list(zip(catalogue.films, places or [film.split for film in catalogue.films], strict=True))
    counts = []
    for place in order:
        here = [film for film, its_place in films if its_place == place and not film.problem]
        labels, subtypes = [film.label for film in here], [film.subtype for film in here]
        if here:
            bacteria, virus = subtypes.count("bacteria"), subtypes.count("virus")
            pneumonia, normal = labels.count("pneumonia"), labels.count("normal")
            patients = len({film.patient for film in here})
            counts.append(PlaceCount(place, pneumonia, bacteria, virus, normal, patients))
    return tuple(counts)
