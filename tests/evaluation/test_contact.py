from __future__ import annotations

from pathlib import Path

import pytest
from msgspec.structs import replace

from hilum.datasets import Catalogue, FilmRecord
from hilum.errors import HilumError
from hilum.evaluation import find_contact, refuse_contact
from hilum.modelfolder import Served
from stand_ins import film, manifest

TRAINED = (film("train/a.jpeg", "one"), film("train/b.jpeg", "two", "normal"))


def _catalogue(*films: FilmRecord) -> Catalogue:
    return Catalogue("kermany", Path(), films)


def test_strangers_make_no_contact() -> None:
    training = manifest(TRAINED).training
    contact = find_contact(training, _catalogue(film("test/c.jpeg", "three"), film("test/d.jpeg", "four", "normal")))
    assert (contact.met, contact.share, contact.example) == (0, 0, "")
    refuse_contact(contact, training)


def test_another_film_of_a_trained_patient_is_refused_by_name() -> None:
    training = manifest(TRAINED).training
    contact = find_contact(training, _catalogue(film("test/c.jpeg", "three"), film("test/d.jpeg", "two", "normal")))
    assert (contact.met, contact.patients_met, contact.files_met, contact.share) == (1, 1, 0, 0.5)
    with pytest.raises(
        HilumError, match=r"met 1 of these 2 films: .* 1 of their patients .* 'test/d\.jpeg'.*--split test"
    ):
        refuse_contact(contact, training)


def test_a_trained_file_under_another_name_and_patient_is_refused() -> None:
    training = manifest(TRAINED).training
    renamed = film("test/new.jpeg", "somebody", sha256=TRAINED[0].sha256)
    contact = find_contact(training, _catalogue(renamed))
    assert (contact.met, contact.patients_met, contact.files_met) == (1, 0, 1)
    with pytest.raises(HilumError, match="1 of the very files"):
        refuse_contact(contact, training)


@pytest.mark.parametrize("part", ["fit", "select", "calibrate"])
def test_whatever_a_patient_served_counts(part: str) -> None:
    served = manifest(TRAINED).training.fit
    nobody = Served(patients=(), films=())
    training = replace(manifest().training, **{"fit": nobody, part: served})
    assert find_contact(training, _catalogue(film("test/c.jpeg", "one"))).met == 1


def test_under_another_name_only_the_files_can_be_compared() -> None:
    training = manifest(TRAINED).training
    elsewhere = Catalogue("other", Path(), (film("test/c.jpeg", "one"), film("train/a.jpeg", "two")))
    contact = find_contact(training, elsewhere)
    assert (contact.patients_met, contact.files_met, contact.are_patients_compared) == (0, 1, False)
    assert find_contact(training, _catalogue(film("test/c.jpeg", "one"))).are_patients_compared


def test_a_protocol_that_leaks_by_name_is_not_refused() -> None:
    training = manifest(TRAINED, protocol="random20", is_leaky=True).training
    contact = find_contact(training, _catalogue(film("test/c.jpeg", "one")))
    assert contact.share == 1
    refuse_contact(contact, training)
