"""The films on which a model was most wrong."""

from __future__ import annotations

import base64
import io
from pathlib import Path
from types import SimpleNamespace

import numpy as np
from PIL import Image

from hilum.datasets import Catalogue
from hilum.evaluation import PredictionTable
from hilum.metrics import probability_of
from hilum.metrics.arrays import Floats
from hilum.reports.page import evaluation_page
from hilum.reports.worst import worst_errors
from stand_ins import BrightnessPredictor, film, manifest, reference_evaluation, reference_predictions


class WithMap(BrightnessPredictor):
    """Its map is the film itself about the middle grey."""

    engine = SimpleNamespace(outputs=("logit", "activation_map"))  # type: ignore[assignment]

    def activation_map(self, square: np.ndarray) -> np.ndarray:
        """(side, side) evidence."""
        return (square.astype(np.float32) - 128) / 16


class WithoutMap(BrightnessPredictor):
    """A graph with a logit alone."""

    engine = SimpleNamespace(outputs=("logit",))  # type: ignore[assignment]


def judged(folder: Path, logit: Floats) -> PredictionTable:
    """Films on disc, every other one with pneumonia, with these (n,) logits."""
    (folder / "test").mkdir()
    films = []
    for row in range(len(logit)):
        films.append(film(f"test/{row}.png", f"p{row}", "pneumonia" if row % 2 == 0 else "normal"))
        Image.new("L", (12, 10), 20 * row).save(folder / films[-1].path)
    return PredictionTable(Catalogue("made", folder, tuple(films)), logit, logit, probability_of(logit))


def test_the_farthest_on_the_wrong_side_come_first(tmp_path: Path) -> None:
    predictions = judged(tmp_path, np.array([3.0, -2.0, -1.0, 4.0, -3.0, 0.5]))
    found = worst_errors(predictions, WithMap(manifest()), 0.5)
    assert [one.path for one in found] == ["test/3.png", "test/4.png", "test/2.png", "test/5.png"]
    assert [one.label for one in found] == ["normal", "pneumonia", "pneumonia", "normal"]
    assert len(worst_errors(predictions, WithMap(manifest()), 0.5, most=1)) == 1
    assert worst_errors(predictions, WithMap(manifest()), 0.5, most=0) == ()


def test_threshold_decides_what_is_wrong(tmp_path: Path) -> None:
    predictions = judged(tmp_path, np.array([3.0, 1.0, -1.0, 4.0]))
    found = worst_errors(predictions, WithMap(manifest()), float(probability_of(2.0)))
    assert [one.path for one in found] == ["test/2.png", "test/3.png"]


def test_pictures_are_part_of_the_page_and_a_model_without_map_has_none(tmp_path: Path) -> None:
    predictions = judged(tmp_path, np.array([-3.0, 2.0]))
    with_map, without = (worst_errors(predictions, one(manifest()), 0.5) for one in (WithMap, WithoutMap))
    picture = Image.open(io.BytesIO(base64.b64decode(with_map[0].film.split(",")[1])))
    assert picture.size == (8, 8)
    assert with_map[0].activation_map and not without[0].activation_map
    page = evaluation_page(reference_evaluation(), reference_predictions(), with_map, "not a faithful <explanation>")
    assert "worth of these maps: not a faithful &lt;explanation&gt;." in page
    assert page.count("<img") == 4 and "Where it was most wrong" in page
    assert "Where it was most wrong" not in evaluation_page(reference_evaluation(), reference_predictions())
