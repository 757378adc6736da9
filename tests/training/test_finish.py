"""The end of a run: a whole model folder, or none and a run that goes on."""

from __future__ import annotations

from dataclasses import fields
from pathlib import Path

import numpy as np
import pytest

from hilum.datasets import Catalogue, Split
from hilum.errors import HilumError
from hilum.modelfolder import Manifest, open_model_folder
from hilum.modelfolder.neighbours import NEIGHBOURS, read_neighbours
from hilum.models import WeightsOrigin
from hilum.progress import Silent
from hilum.runtime import Predictor
from hilum.training import EpochRow, Job, KeptCases, Machine, RunFacts, RunFolder, TrainedNetwork, finish
from small_job import first_network, small_job
from stand_ins import MADE, film

pytestmark = pytest.mark.slow  # seconds a test: `make check` leaves them to `make test`

PARTS = ("fit", "select", "calibrate")


def films_and_split(job: Job) -> tuple[Catalogue, Split]:
    """A patient for each film of the job, a third of both classes in each part."""
    films = tuple(
        film(f"train/{number}", str(number), "pneumonia" if sick else "normal")
        for number, sick in enumerate(job.is_pneumonia)
    )
    parts = tuple(PARTS[number // 2 % 3] for number in range(len(films)))
    return Catalogue("kermany", Path(), films), Split("official", 0, 0, "", parts)


def row(epoch: int, seconds: float) -> EpochRow:
    values = dict.fromkeys([field.name for field in fields(EpochRow)], 0.5)
    return EpochRow(**(values | {"epoch": epoch, "seconds": seconds}))  # type: ignore[arg-type]


def finished(directory: Path, data_name: str = "kermany", neighbours: KeptCases = "none") -> tuple[RunFolder, Manifest]:
    """Finish a run of a network with its first weights, as if the second of three epochs had been kept."""
    job = small_job(directory)
    run = RunFolder(directory / "run")
    films, split = films_and_split(job)
    facts = RunFacts(
        recipe=job.recipe.model_dump(mode="json"),
        data_name=data_name,
        data_fingerprint=films.fingerprint,
        films="d" * 64,
        left_out=3,
        machine=Machine("cpu", "fp32", 1, 0),
        weights=WeightsOrigin("a/b", "c" * 64, "MIT"),
        provenance=MADE,
        neighbours=neighbours,
    )
    run.begin(facts)
    for name in ("state.safetensors", "kept.safetensors"):
        (run.path / name).touch()
    trained = TrainedNetwork(first_network(job.recipe), tuple(row(epoch, 10.04) for epoch in (1, 2, 3)), 2)
    return run, finish(run, facts, trained, job, films, split, Silent())


@pytest.fixture(scope="module")
def one(tmp_path_factory: pytest.TempPathFactory) -> tuple[RunFolder, Manifest]:
    return finished(tmp_path_factory.mktemp("finish"))


def test_model_folder_is_whole_and_answers(one: tuple[RunFolder, Manifest]) -> None:
    run, manifest = one
    folder = open_model_folder(run.path)
    folder.check()
    assert folder.manifest == manifest
    pixels = small_job(run.path).pixels
    assert np.isfinite(Predictor.open(run.path).logits(pixels)).all()


def test_state_is_dropped_once_the_model_is_there(one: tuple[RunFolder, Manifest]) -> None:
    run, _ = one
    assert not run.has_state and (run.path / "kept.safetensors").exists()


def test_manifest_says_what_the_run_was_started_with_and_how_it_went(one: tuple[RunFolder, Manifest]) -> None:
    manifest = one[1]
    training = manifest.training
    assert (training.kept_epoch, training.epochs, training.seconds) == (2, 3, 30.1)
    assert (training.first_weights, training.first_weights_licence, training.left_out) == ("a/b", "MIT", 3)
    assert (manifest.command, manifest.commit, manifest.created) == (MADE.command, MADE.commit, MADE.created)
    assert manifest.recipe["name"] == manifest.name == "cnn-scratch"
    assert (manifest.side, manifest.geometry) == (32, "squash") and training.machine.endswith("1 threads")


def test_each_part_is_named_by_its_own_films_alone(one: tuple[RunFolder, Manifest]) -> None:
    training = one[1].training
    assert [len(getattr(training, part).films) for part in PARTS] == [24, 24, 24]
    assert len(training.films) == len(training.patients) == 72


def test_card_tells_the_figures_of_the_manifest(one: tuple[RunFolder, Manifest]) -> None:
    run, manifest = one
    card = (run.model / "README.md").read_text(encoding="utf-8")
    assert f"slope {manifest.calibration.slope:.4f}" in card and "3, number 2 kept" in card
    assert "hold the network as hilum built it" in card  # the network is no plain one of timm


@pytest.mark.parametrize(
    ("data_name", "licence", "population"),
    [("kermany", "CC-BY-4.0", "children of 1 to 5"), ("ward", "Apache-2.0", "as in the data set 'ward'")],
)
def test_licence_and_population_are_those_of_the_data(
    tmp_path: Path, data_name: str, licence: str, population: str
) -> None:
    manifest = finished(tmp_path, data_name)[1]
    assert manifest.licence == licence and population in manifest.population


def test_fit_films_are_kept_only_where_that_was_asked_for(one: tuple[RunFolder, Manifest], tmp_path: Path) -> None:
    run, manifest = one
    assert NEIGHBOURS not in manifest.files and "Similar cases" not in (run.model / "README.md").read_text()
    for kept in ("features", "thumbnails"):
        run, manifest = finished(tmp_path / kept, neighbours=kept)
        folder = open_model_folder(run.path)
        folder.check()
        cases = read_neighbours(folder)
        assert cases is not None and set(cases.films) == set(manifest.training.fit.films)
        assert (cases.thumbnails is not None) == (kept == "thumbnails")
        assert "24 fit films of 24 patients" in (run.model / "README.md").read_text(encoding="utf-8")


def test_model_that_cannot_be_written_leaves_a_run_that_can_go_on(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def no_sync() -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("os.sync", no_sync)  # the last act before the folder gets its name
    with pytest.raises(HilumError, match="No space left"):
        finished(tmp_path)
    run = RunFolder(tmp_path / "run")
    assert run.has_state and not run.model.exists()
    assert sorted(path.name for path in run.path.iterdir()) == ["kept.safetensors", "run.json", "state.safetensors"]
    run.require_room(resume=True)


def test_map_is_measured_on_select_films_and_the_card_says_what_it_is_worth(one: tuple[RunFolder, Manifest]) -> None:
    run, manifest = one
    assert manifest.faithfulness is not None and manifest.faithfulness.films == 24  # the select patients of the job
    assert "| Worth of the map | " in (run.model / "README.md").read_text(encoding="utf-8")
