"""From a model folder and films to answers."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from msgspec.structs import replace as changed
from PIL import Image

from hilum.attribution.places import placed
from hilum.errors import HilumError
from hilum.files import sha256_of
from hilum.images import read_film, to_square
from hilum.modelfolder import Conformal
from hilum.runtime import Answering, Prediction, Predictor
from hilum.runtime.gate import INVERTED


@pytest.fixture(scope="module")
def predictor(phantom_run: Path) -> Predictor:
    return Predictor.open(phantom_run)


def films_of(folder: Path, label: str) -> list[Path]:
    return sorted((folder / "test" / label).iterdir())


def answers(predictor: Predictor, paths: Iterable[Path]) -> list[Prediction]:
    answering = Answering(predictor, "youden")
    return [answering.of(path).prediction for path in paths]


def test_film_is_looked_at_by_itself_whatever_else_is_asked(predictor: Predictor, phantom_films: Path) -> None:
    paths = films_of(phantom_films, "PNEUMONIA")[:5]
    squares = np.stack([to_square(read_film(path).pixels, predictor.side, predictor.geometry) for path in paths])
    alone = [predictor.look(path, "activation_map").assessment.logit for path in paths]
    assert [one.logit for one in predictor.assess(paths)] == alone  # to the last bit
    assert predictor.logits(squares) == pytest.approx(alone, abs=1e-5)


def test_bytes_and_file_are_the_same_film(predictor: Predictor, phantom_films: Path) -> None:
    path = films_of(phantom_films, "NORMAL")[0]
    by_path, by_bytes = predictor.look(path), predictor.look(path.read_bytes(), name="ward.jpeg")
    assert by_bytes.assessment == replace(by_path.assessment, path="ward.jpeg")
    assert by_bytes.sha256 == by_path.sha256 == sha256_of(path)


def test_decision_follows_the_named_operating_point(predictor: Predictor, phantom_films: Path) -> None:
    threshold = predictor.operating_point("youden").threshold
    for row in answers(predictor, films_of(phantom_films, "NORMAL")):
        assert row.probability is not None
        assert row.decision == ("pneumonia" if row.probability >= threshold else "normal")


def test_bad_film_is_a_row_with_its_reason_and_the_others_go_on(
    predictor: Predictor, phantom_films: Path, tmp_path: Path
) -> None:
    (tmp_path / "bad.jpeg").write_text("no film")
    good = films_of(phantom_films, "NORMAL")[0]
    rows = answers(predictor, [good, tmp_path / "bad.jpeg", good])
    assert [row.decision == "not assessed" for row in rows] == [False, True, False]
    assert "bad.jpeg" in rows[1].problem and rows[1].probability is None
    assert rows[0].probability == rows[2].probability


def test_unknown_operating_point_names_the_nearest(predictor: Predictor) -> None:
    with pytest.raises(HilumError, match="Did you mean 'youden'"):
        predictor.operating_point("yuden")


def test_mean_of_the_map_is_the_logit_without_the_bias(predictor: Predictor, phantom_films: Path) -> None:
    squares = np.stack(
        [
            to_square(read_film(path).pixels, predictor.side, predictor.geometry)
            for path in films_of(phantom_films, "PNEUMONIA")[:3]
        ]
    )
    outputs = predictor.engine.run(squares, ("logit", "activation_map"))
    bias = outputs["logit"] - outputs["activation_map"].mean(axis=(1, 2))
    assert bias == pytest.approx([bias[0]] * 3, abs=1e-4)


def test_map_of_a_film_has_the_squares_side_and_lies_where_the_network_looks(
    predictor: Predictor, phantom_films: Path
) -> None:
    (path, *_) = films_of(phantom_films, "PNEUMONIA")
    square = to_square(read_film(path).pixels, predictor.side, predictor.geometry)
    (coarse,) = predictor.engine.run(square[None], ("activation_map",))["activation_map"]
    places = predictor.manifest.map_places
    assert places is not None and places.first_px == 0.5
    np.testing.assert_array_equal(predictor.activation_map(square), placed(coarse, places, predictor.side))


def test_thresholds_lie_away_from_every_probability(predictor: Predictor) -> None:
    assert all(0 < point.threshold < 1 for point in predictor.manifest.operating_points)
    assert {"youden", "sensitivity>=0.95", "0.5"} <= {point.name for point in predictor.manifest.operating_points}


def test_one_pass_gives_logit_and_distance_of_every_readable_path(
    predictor: Predictor, phantom_films: Path, tmp_path: Path
) -> None:
    Image.fromarray(np.full((90, 90), 40, np.uint8)).save(tmp_path / "blank.png")
    (tmp_path / "text.png").write_text("no film")
    good = films_of(phantom_films, "NORMAL")[0]
    film, blank, text = predictor.assess([good, tmp_path / "blank.png", tmp_path / "text.png"])
    assert film.status == "answered" and film.distance is not None and film.logit is not None
    assert blank.status == "not assessed" and blank.logit is not None and "blank" in blank.reasons[0]
    assert text.status == "unreadable" and text.logit is None and not text.reasons
    square = to_square(read_film(good).pixels, predictor.side)[None]
    distances = predictor.distances(square)
    assert distances is not None and film.distance == pytest.approx(distances[0], rel=1e-4)


def test_picture_that_is_no_chest_is_refused_with_its_distance(predictor: Predictor, tmp_path: Path) -> None:
    page = np.full((200, 200), 245, np.uint8)
    page[10:190:8, 10:190] = 20
    Image.fromarray(page).save(tmp_path / "page.png")
    [row] = answers(predictor, [tmp_path / "page.png"])
    assert row.status == row.decision == "not assessed" and row.probability is None and row.answers is None
    assert "does not look like a chest film" in row.problem and "page.png" in row.problem


def test_film_beyond_the_first_limit_is_answered_with_a_warning(predictor: Predictor, phantom_films: Path) -> None:
    gate = predictor.manifest.gate
    assert gate is not None
    strict = Predictor(
        replace(predictor.folder, manifest=changed(predictor.manifest, gate=changed(gate, warn_above=0.01)))
    )
    [row] = answers(strict, films_of(phantom_films, "NORMAL")[:1])
    assert row.status == "answered" and row.probability is not None and "unlike the training films" in row.warning


def test_film_whose_black_and_white_are_exchanged_is_told_so(
    predictor: Predictor, phantom_films: Path, tmp_path: Path
) -> None:
    film = read_film(films_of(phantom_films, "NORMAL")[0])
    Image.fromarray(255 - film.pixels).save(tmp_path / "inverted.png")
    [row] = answers(predictor, [tmp_path / "inverted.png"])
    assert row.reasons[-1] == INVERTED and len(row.reasons) == 2


def test_negative_that_a_check_refuses_too_is_not_said_to_be_assessed(
    predictor: Predictor, phantom_films: Path, tmp_path: Path
) -> None:
    negative = 255 - read_film(films_of(phantom_films, "NORMAL")[0]).pixels
    small = Image.fromarray(negative).resize((30, 30), Image.Resampling.LANCZOS)
    small.save(tmp_path / "tiny.png")
    [row] = predictor.assess([tmp_path / "tiny.png"])
    gate = predictor.manifest.gate
    assert gate is not None and row.distance is not None and row.distance > gate.refuse_above
    square = 255 - to_square(read_film(tmp_path / "tiny.png").pixels, predictor.side)[None]
    distances = predictor.distances(square)
    assert distances is not None and distances[0] <= gate.refuse_above  # by its distance alone it would pass
    assert len(row.reasons) == 1 and "tiny" in row.reasons[0]


@pytest.mark.parametrize(
    ("limits", "words"),
    [((-99.0, 99.0), "both: I do not know"), ((99.0, -99.0), "none: I do not know"), ((-99.0, -99.0), "pneumonia")],
)
def test_sets_say_which_answers_stay_open(
    predictor: Predictor, phantom_films: Path, limits: tuple[float, float], words: str
) -> None:
    sets = Conformal(
        alpha=0.05, pneumonia_from=limits[0], normal_to=limits[1], pneumonia_patients=30, normal_patients=30
    )
    manifest = changed(predictor.manifest, conformal=sets)
    changed_model = Predictor(replace(predictor.folder, manifest=manifest))
    [row] = answers(changed_model, films_of(phantom_films, "NORMAL")[:1])
    assert row.answer_set == words and row.decision in ("pneumonia", "normal")


def test_model_without_gate_and_sets_answers_and_says_nothing_of_them(
    predictor: Predictor, phantom_films: Path
) -> None:
    old = Predictor(replace(predictor.folder, manifest=changed(predictor.manifest, gate=None, conformal=None)))
    [row] = answers(old, films_of(phantom_films, "NORMAL")[:1])
    assert row.status == "answered" and row.distance is None and row.answers is None and row.answer_set == ""
    assert old.distances(np.zeros((1, old.side, old.side), np.uint8)) is None
