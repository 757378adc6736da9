"""The label audit: films whose label is doubted."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from hilum import provenance
from hilum.audits.features import Seen
from hilum.audits.labels import audit_labels, cross_validated, suspects
from hilum.audits.probes import Question
from hilum.datasets import Catalogue, resolve_catalogue
from hilum.errors import HilumError
from hilum.runtime import Predictor

pytestmark = pytest.mark.slow  # seconds a test: `make check` leaves them to `make test`


def ward(seed: int, films: int = 600, distance: float = 4.0) -> tuple[Seen, np.ndarray, Question]:
    """Features of films of which every two are one patient's, the true labels, and a question with 5 % flipped."""
    rng = np.random.default_rng(seed)
    group = np.arange(films) // 2
    truth = (rng.random(films // 2) < 0.6)[group]
    features = rng.normal(0, 1, (films, 16)) + distance / 4 * truth[:, None]
    given = truth ^ (rng.random(films) < 0.05)
    names = tuple(f"patient {number}" for number in group)
    seen = Seen(features.astype(np.float32), np.zeros(films))
    return seen, truth, Question(given, group, tuple(dict.fromkeys(names)), seed)


def test_flipped_labels_are_suspected_and_few_others() -> None:
    seen, truth, question = ward(0)
    found = suspects(cross_validated(seen, question), question.is_first)
    flipped = truth != question.is_first
    assert (found & flipped).sum() / found.sum() >= 0.8
    assert (found & flipped).sum() / flipped.sum() >= 0.8


def test_probability_of_a_film_does_not_depend_on_its_patients_labels() -> None:
    seen, _, question = ward(1)
    before, other = cross_validated(seen, question), question.is_first.copy()
    row = int(np.flatnonzero(other[::2] & other[1::2])[0]) * 2  # with one label of two the patient keeps its fold
    other[row] = False
    after = cross_validated(seen, Question(other, question.group, question.name, question.seed))
    own = slice(row, row + 2)
    assert after[own] == pytest.approx(before[own], abs=1e-12) and (after != before).any()


def test_films_that_nothing_speaks_against_are_not_suspected() -> None:
    seen, truth, question = ward(2, distance=12.0)
    clean = Question(truth, question.group, question.name, 0)
    assert not suspects(cross_validated(seen, clean), truth).any()


@pytest.fixture(scope="module")
def catalogue(phantom_films: Path, tmp_path_factory: pytest.TempPathFactory) -> tuple[Catalogue, Path]:
    return resolve_catalogue(phantom_films, tmp_path_factory.mktemp("work"))


def test_test_folder_is_left_alone_and_suspected_films_stand_first(
    phantom_run: Path, catalogue: tuple[Catalogue, Path]
) -> None:
    films, place = catalogue
    audit = audit_labels(Predictor.open(phantom_run), films, place, provenance.current("cleanlab"), top=7)
    tests = sum(film.split == "test" for film in films.films)
    assert audit.films.films == len(films.films) - tests and audit.kept_back == tests > 0
    assert not any(one.film.split == "test" for one in audit.listed)
    assert 0 < audit.taught < audit.films.films
    order = [(not one.is_suspected, one.support) for one in audit.listed]
    assert order == sorted(order) and len(order) == max(7, audit.suspected)
    assert [one.is_suspected for one in audit.listed].count(True) == audit.suspected


def test_few_patients_are_refused_in_words(phantom_run: Path, catalogue: tuple[Catalogue, Path]) -> None:
    films, place = catalogue
    few = films.select(range(0, len(films.films), 40))
    with pytest.raises(HilumError, match="at least 10 of each"):
        audit_labels(Predictor.open(phantom_run), few, place, provenance.current())


def test_another_order_of_the_films_suspects_the_same(phantom_run: Path, catalogue: tuple[Catalogue, Path]) -> None:
    films, place = catalogue
    made, predictor = provenance.current(), Predictor.open(phantom_run)
    first = audit_labels(predictor, films, place, made)
    turned = audit_labels(predictor, replace(films, films=films.films[::-1]), place, made)
    assert [one.film.path for one in first.listed[:5]] == [one.film.path for one in turned.listed[:5]]
