"""Which films an audit asks a model about."""

from __future__ import annotations

from film_folders import catalogue_of, record
from hilum.audits.asked import films_for_model
from hilum.modelfolder import Served, salted_film_hash
from stand_ins import manifest


def test_select_films_of_the_test_folder_are_left_out() -> None:
    films = [
        record(f"{split}/{number}", f"p{number}", label, split)
        for split in ("train", "test")
        for number, label in enumerate(("pneumonia", "normal"))
    ]
    every = Served(patients=(), films=tuple(salted_film_hash("salt", film.sha256) for film in films))
    chosen = films_for_model(catalogue_of(*films), manifest(select=every))
    assert {film.split for film in chosen.films.films} == {"train"} and not chosen.is_look
    of_test = Served(patients=(), films=every.films[2:])
    other = films_for_model(catalogue_of(*films), manifest(select=of_test))
    assert {film.split for film in other.films.films} == {"train"} and other.is_look
