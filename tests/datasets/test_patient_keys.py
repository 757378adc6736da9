"""Patient keys."""

from __future__ import annotations

import pytest

from hilum.datasets.patients import Origin, kermany, key_named, key_that_fits, regex_key
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


def test_known_key_is_taken_when_it_fits_more_than_half() -> None:
    fitting, other = "IM-0001-0001.jpeg", "film.jpeg"
    assert key_that_fits([fitting, fitting, other]) == "kermany"
    assert key_that_fits([fitting, other]) == "file"


def test_key_is_found_again_by_its_name() -> None:
    assert key_named("kermany") is kermany
    assert key_named("regex:(P[0-9])")("P3.png") == Origin("P3")
