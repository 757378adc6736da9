"""From a model folder and films to answers."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from hilum.errors import HilumError
from hilum.images import read_film, to_square
from hilum.runtime import Predictor


@pytest.fixture(scope="module")
def predictor(phantom_run: Path) -> Predictor:
    return Predictor.open(phantom_run)


def films_of(folder: Path, label: str) -> list[Path]:
    return sorted((folder / "test" / label).iterdir())


def test_batch_and_single_film_get_the_same_answer(predictor: Predictor, phantom_films: Path) -> None:
    paths = films_of(phantom_films, "PNEUMONIA")[:5]
    together = [row.probability for row in predictor.predict(paths, "youden")]
    alone = [next(predictor.predict([path], "youden")).probability for path in paths]
    assert together == pytest.approx(alone, abs=1e-6)


def test_decision_follows_the_named_operating_point(predictor: Predictor, phantom_films: Path) -> None:
    threshold = predictor.operating_point("youden").threshold
    for row in predictor.predict(films_of(phantom_films, "NORMAL"), "youden"):
        assert row.probability is not None
        assert row.decision == ("pneumonia" if row.probability >= threshold else "normal")


def test_bad_film_is_a_row_with_its_reason_and_the_others_go_on(
    predictor: Predictor, phantom_films: Path, tmp_path: Path
) -> None:
    (tmp_path / "bad.jpeg").write_text("no film")
    good = films_of(phantom_films, "NORMAL")[0]
    rows = list(predictor.predict([good, tmp_path / "bad.jpeg", good], "youden"))
    assert [row.decision == "not assessed" for row in rows] == [False, True, False]
    assert "bad.jpeg" in rows[1].problem and rows[1].probability is None
    assert rows[0].probability == rows[2].probability


def test_unknown_operating_point_names_the_nearest(predictor: Predictor) -> None:
    with pytest.raises(HilumError, match="Did you mean 'youden'"):
        predictor.operating_point("yuden")


def test_mean_of_the_map_is_the_logit_without_the_bias(predictor: Predictor, phantom_films: Path) -> None:
    squares = [
        to_square(read_film(path).pixels, predictor.side, predictor.geometry)
        for path in films_of(phantom_films, "PNEUMONIA")[:3]
    ]
    bias = [
        float(logit) - float(predictor.activation_map(square).mean())
        for square, logit in zip(squares, predictor.logits(np.stack(squares)), strict=True)
    ]
    assert bias == pytest.approx([bias[0]] * 3, abs=1e-4)


def test_thresholds_lie_away_from_every_probability(predictor: Predictor) -> None:
    assert all(0 < point.threshold < 1 for point in predictor.manifest.operating_points)
    assert {"youden", "sensitivity>=0.95", "0.5"} <= {point.name for point in predictor.manifest.operating_points}
