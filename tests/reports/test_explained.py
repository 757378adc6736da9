"""Films looked into: labels from folders, the order of the page, scales."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from hilum.explaining.methods import METHODS, method_for
from hilum.modelfolder import StoredOperatingPoint
from hilum.progress import Silent
from hilum.reports.explained import (
    MOST_KEPT,
    Answered,
    ExplainedFilm,
    Explainer,
    Seen,
    error_of,
    label_of,
    look_into,
    scales_of,
    worst_first,
)
from hilum.runtime import Answering, Prediction, Predictor
from hilum.runtime.mapping import strength_of


@pytest.mark.parametrize(
    ("path", "label"),
    [
        ("chest/train/NORMAL/a.png", "normal"),
        ("chest/Viral Pneumonia/a.png", "pneumonia"),
        ("chest/PNEUMONIA/virus/a.png", "pneumonia"),
        ("chest/PNEUMONIA/person1/a.png", ""),
        ("home/me/pneumonia/ward/a.png", ""),
        ("NORMAL/a/b/c/a.png", ""),
        ("ward/normal.png", ""),
    ],
)
def test_label_is_that_of_the_folder_right_above(path: str, label: str) -> None:
    assert label_of(Path("/data") / path) == label


def explainer(threshold: float) -> Explainer:
    """A model that is only asked for its threshold."""
    point = StoredOperatingPoint("0.5", threshold, "none", 1.0, 1.0, True)
    return Explainer("a", cast(Answering, SimpleNamespace(point=point)), ())


def film(name: str, label: str, *probabilities: float | None, threshold: float = 0.5) -> ExplainedFilm:
    """A film with an answer of each model; None for a refusal."""
    answers = []
    for probability in probabilities:
        if probability is None:
            answers.append(Answered(Prediction(name, "not assessed", problem="No film.")))
            continue
        decision = "pneumonia" if probability >= threshold else "normal"
        answers.append(Answered(Prediction(name, "answered", probability, decision=decision)))
    return ExplainedFilm(Path(name), label, tuple(answers))


def test_worst_error_of_any_model_comes_first_and_films_without_answer_last() -> None:
    films = (
        film("refused", "normal", None, None),
        film("right", "normal", 0.1, 0.2),
        film("unlabelled", "", 0.99, 0.99),
        film("wrong", "normal", 0.6, 0.1),
        film("worst", "pneumonia", 0.9, 0.01),
        film("half", "normal", None, 0.4),
    )
    order = [one.path.name for one in worst_first(films, [explainer(0.5), explainer(0.5)])]
    assert order == ["worst", "wrong", "right", "unlabelled", "half", "refused"]


@given(st.floats(0, 1), st.floats(0, 1), st.sampled_from(["pneumonia", "normal"]))
def test_error_is_a_finite_distance_where_the_answer_is_wrong_and_none_where_not(
    probability: float, threshold: float, label: str
) -> None:
    said = film("a", label, probability, threshold=threshold).answers[0].prediction
    error = error_of(label, said, threshold)
    assert (error is None) == (said.decision == label)
    assert error is None or (np.isfinite(error) and error >= 0)


def test_scale_is_one_for_all_films_of_a_model_and_method() -> None:
    def with_maps(*sizes: float) -> ExplainedFilm:
        maps = tuple(Seen(strength_of(np.full((2, 2), size, np.float32))) for size in sizes)
        said: Any = Answered(Prediction("a", "answered", 0.5), maps)
        return ExplainedFilm(Path("a"), "", (said,))

    films = [with_maps(1.0, -7.0), film("refused", "", None), with_maps(-3.0, 2.0)]
    assert scales_of(films, 0, 2) == (3.0, 7.0)
    assert scales_of([films[1]], 0, 2) == (1.0, 1.0)


def test_little_is_kept_of_each_map(phantom_run: Path, phantom_films: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    predictor = Predictor.open(phantom_run)
    methods = tuple(method_for(name, predictor.folder, predictor.engine) for name in METHODS)
    asked = Explainer("a", Answering(predictor, "youden"), methods)
    paths = sorted((phantom_films / "train" / "NORMAL").iterdir())[:2]

    def sizes() -> list[int]:
        maps = [one for film in look_into([asked], paths, Silent()) for one in film.answers[0].explained]
        assert len(maps) == 2 * len(METHODS) and all(one.strength > 0 for one in maps)
        return [one.found.evidence.size for one in maps if one.found]

    assert max(sizes()) <= MOST_KEPT
    monkeypatch.setattr("hilum.reports.explained.MOST_KEPT", predictor.side**2 - 1)
    assert len(sizes()) == 2 * len({"occlusion", "integrated-gradients"})  # the others are as fine as the square


def test_film_that_can_no_longer_be_read_has_its_reason_for_an_answer(
    phantom_run: Path, phantom_films: Path, tmp_path: Path
) -> None:
    predictor = Predictor.open(phantom_run)
    method = method_for("occlusion", predictor.folder, predictor.engine)
    asked = Explainer("a", Answering(predictor, "youden"), (method,))
    films = [tmp_path / f"{number}.jpeg" for number in range(2)]
    for film in films:
        film.write_bytes(next((phantom_films / "train" / "NORMAL").iterdir()).read_bytes())

    class Removes(Silent):
        """The first film is removed once the second is looked at."""

        def advance(self, count: int = 1, note: str = "") -> None:
            films[1].unlink(missing_ok=True)

    first, second = look_into([asked], films, Removes())
    assert first.is_assessed and not second.is_assessed
    assert second.answers[0].prediction.status == "unreadable" and "1.jpeg" in second.answers[0].prediction.problem
