"""What is measured of the model's own map at the end of a run."""

from __future__ import annotations

import dataclasses
from pathlib import Path

import numpy as np
import pytest
from msgspec.structs import replace

from hilum.datasets import Catalogue, Split
from hilum.exporting import export_onnx
from hilum.modelfolder import Calibration, Faithfulness
from hilum.modelfolder.schema import MeasuredFigure, faithfulness_in_words
from hilum.progress import Silent
from hilum.training import TrainedNetwork
from hilum.training.faithfulness import measure_faithfulness
from small_job import run, same_weights, small_job
from stand_ins import film

pytestmark = pytest.mark.slow  # seconds a test: `make check` leaves them to `make test`

CALIBRATION = Calibration(slope=1.0, intercept=0.0, prevalence=0.5, films=24, patients=24)
SIDE = 64


@pytest.fixture(scope="module")
def trained(tmp_path_factory: pytest.TempPathFactory) -> TrainedNetwork:
    return run(small_job(tmp_path_factory.mktemp("job")))


@pytest.fixture(scope="module")
def graph(trained: TrainedNetwork) -> bytes:
    return export_onnx(trained.classifier, SIDE)


def development(directory: Path, parts: tuple[str, ...]) -> tuple[np.ndarray, Catalogue, Split]:
    """The films of the small job, enlarged twice, two of each patient; every third patient serves a part."""
    job = small_job(directory)
    pixels = np.ascontiguousarray(job.pixels.repeat(2, axis=1).repeat(2, axis=2))
    films = tuple(
        film(f"train/{number}", str(number // 4 * 2 + number % 2), "pneumonia" if sick else "normal")
        for number, sick in enumerate(job.is_pneumonia)
    )
    served = tuple(parts[number // 4 % len(parts)] for number in range(len(films)))
    return pixels, Catalogue("kermany", Path(), films), Split("official", 0, 0, "", served)


def measured(
    trained: TrainedNetwork, graph: bytes, directory: Path, *parts: str, spoilt: str = ""
) -> Faithfulness | None:
    pixels, films, split = development(directory, parts)
    if spoilt:
        pixels = pixels.copy()
        pixels[split.rows(spoilt)] = 0
    return measure_faithfulness(trained.classifier, graph, CALIBRATION, pixels, films, split, Silent(), threads=1)


def test_select_films_are_measured_one_a_patient(trained: TrainedNetwork, graph: bytes, tmp_path: Path) -> None:
    found = measured(trained, graph, tmp_path, "fit", "select")
    assert found is not None
    assert found.films == 18  # of 36 films of 18 patients
    assert found.rank.value is not None and 0 <= found.rank.value <= 1
    for one in (found.rank, found.deletion_gain, found.insertion_gain, found.blob_deletion_gain):
        assert one.value is not None and one.low is not None and one.high is not None
        assert one.low <= one.value <= one.high


def test_no_other_film_has_a_part_in_it(trained: TrainedNetwork, graph: bytes, tmp_path: Path) -> None:
    whole = measured(trained, graph, tmp_path, "fit", "select", "calibrate")
    assert whole is not None
    for other in ("fit", "calibrate"):
        assert measured(trained, graph, tmp_path, "fit", "select", "calibrate", spoilt=other) == whole
    assert measured(trained, graph, tmp_path, "fit", "select", "calibrate", spoilt="select") != whole


def test_too_few_select_patients_leave_the_map_unmeasured(
    trained: TrainedNetwork, graph: bytes, tmp_path: Path
) -> None:
    assert measured(trained, graph, tmp_path, "fit", *["calibrate"] * 8, "select") is None
    assert measured(trained, graph, tmp_path, "fit", "calibrate") is None


def test_network_stays_as_it_was(trained: TrainedNetwork, graph: bytes, tmp_path: Path) -> None:
    before = run(small_job(tmp_path / "again")).classifier
    measured(trained, graph, tmp_path, "fit", "select")
    assert same_weights(trained.classifier, before)
    assert not any(module._forward_hooks for module in trained.classifier.modules())


def test_label_says_whether_the_map_may_be_trusted() -> None:
    figure = MeasuredFigure(0.1, 0.05, 0.2)
    found = Faithfulness(
        method="map", reasons=(), notes=(), films=32, rank=figure, sizes=figure, chance=0.2, deletion_gain=figure,
        insertion_gain=figure, blob_deletion_gain=figure, blob_insertion_gain=figure,
    )  # fmt: skip
    assert faithfulness_in_words(found) == "passes the tests of 32 select films"
    assert faithfulness_in_words(None) == "not measured (hilum model finish measures it)"
    failed = replace(found, reasons=("why",))
    assert faithfulness_in_words(failed) == "not a faithful explanation of this model: why"  # of an older folder
    assert faithfulness_in_words(replace(failed, failed=("randomisation",))) == (
        "not a faithful explanation of this model (fails the randomisation test): why"
    )
    assert faithfulness_in_words(replace(failed, failed=("random maps",))) == (
        "not a faithful explanation of this model (not shown to beat random maps on 32 films): why"
    )
    untold = replace(found, unknown=("who knows",))
    assert not untold.is_faithful and untold.standing == "not shown"
    assert faithfulness_in_words(untold) == "not shown: too few films (32): who knows"


@pytest.mark.parametrize(("alone", "is_measured"), [(0, False), (1, False), (2, True)])
def test_class_with_a_single_select_patient_leaves_the_map_unmeasured(
    trained: TrainedNetwork, graph: bytes, tmp_path: Path, alone: int, is_measured: bool
) -> None:
    pixels, films, split = development(tmp_path, ("fit", "select"))
    records = list(films.films)
    normal = [row for row in split.rows("select") if not films.is_pneumonia[row]]
    kept = {records[row].patient for row in normal}
    for row in normal:
        if records[row].patient not in sorted(kept)[:alone]:
            records[row] = dataclasses.replace(records[row], label="pneumonia")
    films = Catalogue("kermany", Path(), tuple(records))
    found = measure_faithfulness(trained.classifier, graph, CALIBRATION, pixels, films, split, Silent(), threads=1)
    assert (found is not None) == is_measured


def test_measure_on_more_films_takes_more_films(trained: TrainedNetwork, graph: bytes, tmp_path: Path) -> None:
    pixels, films, split = development(tmp_path, ("fit", "select"))
    for most, number in ((10, 10), (96, 18)):
        found = measure_faithfulness(
            trained.classifier, graph, CALIBRATION, pixels, films, split, Silent(), threads=1, most=most
        )
        assert found is not None and found.films == number
