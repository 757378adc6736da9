"""Patient keys."""

from __future__ import annotations

import pytest

from hilum.datasets.found import FoundFilm
from hilum.datasets.patients import Fit, Origin, kermany, key_named, key_that_fits, regex_key
from hilum.errors import HilumError


@pytest.mark.parametrize(
    ("name", "origin"),
    [
        ("person78_bacteria_378.jpeg", Origin("bacteria-78", "pneumonia", "bacteria")),
        ("person78_virus_140.jpeg", Origin("virus-78", "pneumonia", "virus")),
        ("person447_virus_921_1.jpeg", Origin("virus-447", "pneumonia", "virus")),
        ("IM-0115-0001.jpeg", Origin("IM-0115", "normal", "normal")),
        ("IM-0011-0001-0002.jpeg", Origin("IM-0011", "normal", "normal")),
        ("NORMAL2-IM-0115-0001.jpeg", Origin("NORMAL2-IM-0115", "normal", "normal")),
    ],
)
def test_kermany_name_tells_patient_and_subtype(name: str, origin: Origin) -> None:
    assert kermany(f"train/SOMEWHERE/{name}") == origin


@pytest.mark.parametrize(
    "name", ["film.jpeg", "person_bacteria_1.jpeg", "MY-IM-0001-0001.jpeg", "person1_fungus_1.jpeg"]
)
def test_other_names_tell_nothing(name: str) -> None:
    assert kermany(name) is None


def test_named_group_wins_over_the_first() -> None:
    assert regex_key(r"(\d+)/(?P<patient>P\d+)")("2020/P17.png") == Origin("P17")


def test_first_group_is_the_patient() -> None:
    assert regex_key(r"ward/(\w+)_")("ward/P17_2.png") == Origin("P17")
    assert regex_key(r"ward/(\w+)_")("other.png") is None


@pytest.mark.parametrize(("pattern", "reason"), [("(", "not a regular expression"), ("P[0-9]+", "has no group")])
def test_unfit_pattern_is_one_sentence(pattern: str, reason: str) -> None:
    with pytest.raises(HilumError, match=reason):
        regex_key(pattern)


def found(*paths: str) -> list[FoundFilm]:
    return [FoundFilm(path, "pneumonia" if "PNEUMONIA" in path else "normal", "", "") for path in paths]


KERMANY = [f"NORMAL/IM-{number:04d}-0001.jpeg" for number in range(20)] + [
    f"PNEUMONIA/person{number}_virus_1.jpeg" for number in range(20)
]


def test_known_key_is_taken_when_it_fits_more_than_half() -> None:
    fitting, other = found("PNEUMONIA/person1_virus_1.jpeg"), found("NORMAL/film.jpeg")
    assert key_that_fits([*fitting, *fitting, *other]) == Fit("kermany")
    assert key_that_fits([*fitting, *other]) == Fit("file")


@pytest.mark.parametrize(
    "paths",
    [
        KERMANY,
        ["NORMAL/IM-0001-0001.jpeg", "NORMAL/NORMAL2-IM-0001-0001.jpeg"],
        [*KERMANY, "PNEUMONIA/IM-0099-0001.jpeg"],  # one film in the wrong folder is a finding of the audit
        [*KERMANY, "NORMAL/more/IM-0001-0001.jpeg"],
        [f"{split}/{path}" for split in ("train", "test") for path in KERMANY],  # copies, which must be seen as such
    ],
)
def test_films_of_kermany_are_known_by_the_names_that_nobody_else_gives(paths: list[str]) -> None:
    assert key_that_fits(found(*paths)) == Fit("kermany")


@pytest.mark.parametrize(
    ("paths", "reason"),
    [
        (
            [f"{label}/P{patient}/IM-0001-0001.png" for label in ("NORMAL", "PNEUMONIA") for patient in range(4)],
            "all are",
        ),
        ([f"NORMAL/IM-{number:04d}-0001.png" for number in range(8)], "all are like 'NORMAL/IM-0000-0001.png'"),
        ([*KERMANY, *(f"PNEUMONIA/IM-{n:04d}-0001.png" for n in range(30, 40))], "10 films of pneumonia have the name"),
        ([*KERMANY, *(f"NORMAL/P{patient}/IM-0001-0001.png" for patient in range(8))], "films of one name"),
    ],
)
def test_exports_of_a_viewer_are_not_taken_for_kermany(paths: list[str], reason: str) -> None:
    fit = key_that_fits(found(*paths))
    assert fit.key == "file"
    assert reason in fit.doubt and "--patient kermany" in fit.doubt


def test_key_is_found_again_by_its_name() -> None:
    assert key_named("kermany") is kermany
    assert key_named("regex:(P[0-9])")("P3.png") == Origin("P3")
