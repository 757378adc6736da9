from __future__ import annotations

from collections import Counter
from pathlib import Path

import numpy as np
import pytest

from hilum.datasets.catalogue import Catalogue
from hilum.errors import HilumError
from hilum.evaluation.reading import choose_films, codes_of, judge_reading, read_answers
from hilum.evaluation.runs import read_run
from judged_runs import write_run
from stand_ins import film, prediction_table, reference_predictions

DATA = reference_predictions().films
GAME = choose_films(DATA, "test", 40, 0)


def _answers(films: Catalogue, wrong: int = 0) -> dict[str, str]:
    """Right answers, but for the first films."""
    turned = {"pneumonia": "normal", "normal": "pneumonia"}
    labels = [turned[one.label] if row < wrong else one.label for row, one in enumerate(films.films)]
    return dict(zip(codes_of(films), labels, strict=True))


def test_half_of_the_films_are_of_each_class_and_no_patient_comes_twice() -> None:
    assert Counter(one.label for one in GAME.films) == {"pneumonia": 20, "normal": 20}
    assert len(set(GAME.patients)) == 40
    # Shown in an order that does not tell the class.
    assert 5 < sum(one.label == "normal" for one in GAME.films[:20]) < 15


def test_the_same_seed_gives_the_same_films_whatever_the_order_of_the_data() -> None:
    turned = Catalogue(DATA.name, DATA.root, DATA.films[::-1])
    assert choose_films(turned, "test", 40, 0).films == GAME.films
    assert choose_films(DATA, "test", 40, 1).films != GAME.films


def test_a_class_with_few_patients_gives_all_of_them() -> None:
    few = DATA.select([*range(3), *range(600, 624)])
    game = choose_films(few, "test", 40, 0)
    assert Counter(one.label for one in game.films)["normal"] == 3


@pytest.mark.parametrize("seed", range(5))
def test_a_patient_with_films_of_both_classes_is_asked_once(seed: int) -> None:
    mixed = tuple(film(f"test/{name}-{label}", name, label) for name in "abcdef" for label in ("pneumonia", "normal"))
    data = Catalogue("mixed", DATA.root, (*mixed, film("test/g", "g"), film("test/h", "h")))
    game = choose_films(data, "test", 40, seed)
    assert sorted(game.patients) == list("abcdefgh")
    assert Counter(one.label for one in game.films) == {"pneumonia": 4, "normal": 4}


@pytest.mark.parametrize(
    ("part", "films", "told"),
    [
        ("tset", 40, "no part 'tset'.*Did you mean 'test'"),
        ("val", 40, "no pneumonia film in the part 'val'"),
        ("test", 1, "Got 1 films"),
    ],
)
def test_a_game_that_cannot_be_made_is_refused(part: str, films: int, told: str) -> None:
    with pytest.raises(HilumError, match=told):
        choose_films(DATA, part, films, 0)


def test_what_a_person_sees_of_a_film_does_not_tell_its_class() -> None:
    for code, one in zip(codes_of(GAME), GAME.films, strict=True):
        assert code == one.sha256[:16]


def test_the_last_of_several_answers_counts(tmp_path: Path) -> None:
    first, second = codes_of(GAME)[:2]
    (tmp_path / "a.csv").write_text(f"number,film,answer\n1,{first},p\n2,{second},NORMAL\n1,{first},n\n")
    assert read_answers(tmp_path / "a.csv", GAME) == {first: "normal", second: "normal"}


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("film,answer\n", "has the columns 'film, answer'"),
        (f"number,film,answer\n1,{codes_of(GAME)[0]},maybe\n", "has the answer 'maybe' to film 1"),
        (f"number,film,answer\n1,{codes_of(GAME)[0]}\n", "has the answer"),
        ("number,film,answer\n7,0123,n\n", "answers film 7 of another game"),
    ],
)
def test_what_is_no_file_of_answers_is_one_sentence(tmp_path: Path, text: str, told: str) -> None:
    (tmp_path / "a.csv").write_text(text)
    with pytest.raises(HilumError, match=told):
        read_answers(tmp_path / "a.csv", GAME)


def test_a_person_is_judged_on_what_was_answered() -> None:
    answers = dict(list(_answers(GAME, wrong=4).items())[:30])
    reading = judge_reading(GAME, "test", answers)
    wrong = Counter(one.label for one in GAME.films[:4])
    shown = Counter(one.label for one in GAME.films[:30])
    assert reading.reader.sensitivity.value == pytest.approx(1 - wrong["pneumonia"] / shown["pneumonia"])
    assert reading.reader.specificity.value == pytest.approx(1 - wrong["normal"] / shown["normal"])
    assert (reading.asked, reading.answered.films) == (40, 30)
    assert "Clopper-Pearson" in reading.reader.sensitivity.method
    assert reading.model is None


def test_a_model_is_judged_on_the_same_films(tmp_path: Path) -> None:
    run = read_run(write_run(tmp_path / "one", reference_predictions(), "one"))
    reading = judge_reading(GAME, "test", _answers(GAME, wrong=2), run, "0.5")
    table = {one.path: value for one, value in zip(run.films, run.probability, strict=True)}
    called = np.array([table[one.path] >= 0.5 for one in GAME.films])
    assert reading.model is not None and reading.sensitivity_test is not None
    assert reading.model.sensitivity.value == pytest.approx(called[GAME.is_pneumonia].mean())
    assert reading.model.specificity.value == pytest.approx(1 - called[~GAME.is_pneumonia].mean())
    assert "McNemar" in reading.sensitivity_test.method


def test_one_class_alone_leaves_the_other_undefined() -> None:
    answers = {code: label for code, label in _answers(GAME).items() if label == "normal"}
    reading = judge_reading(GAME, "test", answers)
    assert reading.reader.sensitivity.value is None
    assert reading.reader.specificity.value == 1.0


def test_nothing_answered_and_other_films_are_refused(tmp_path: Path) -> None:
    with pytest.raises(HilumError, match="No film is answered yet"):
        judge_reading(GAME, "test", {})
    films = (film("test/a", "1"), film("test/b", "2", "normal"))
    run = read_run(write_run(tmp_path / "one", prediction_table(films, np.array([0.9, 0.1]))))
    with pytest.raises(HilumError, match="40 of these 40 films are not among those"):
        judge_reading(GAME, "test", _answers(GAME), run, "0.5")
