"""The run folder: what is refused, and what a resume is given back."""

from __future__ import annotations

import os
from dataclasses import fields, replace
from pathlib import Path
from typing import Any

import pytest

from hilum.datasets import Catalogue, Split
from hilum.errors import HilumError
from hilum.json_files import read_json, write_json
from hilum.models import WeightsOrigin
from hilum.recipe import read_recipe
from hilum.training import EpochRow, Machine, RunFacts, RunFolder, films_digest
from stand_ins import MADE, film

RECIPE = read_recipe("cnn-scratch")


def facts(**changes: Any) -> RunFacts:
    """What some run was started with."""
    begun = RunFacts(
        recipe=RECIPE.model_dump(mode="json"),
        data_name="kermany",
        data_fingerprint="f" * 64,
        films="d" * 64,
        left_out=2,
        machine=Machine("cpu", "fp32", 2, 1),
        weights=WeightsOrigin("a/b", "c" * 64, "MIT", ("conv.weight", "conv.bias")),
        provenance=MADE,
    )
    return replace(begun, **changes)


def row(epoch: int, start: float) -> EpochRow:
    """A row whose figures are all different, and no round numbers."""
    return EpochRow(epoch, *(start + place / 7 for place in range(len(fields(EpochRow)) - 1)))


@pytest.fixture
def begun(tmp_path: Path) -> RunFolder:
    run = RunFolder(tmp_path / "run")
    run.begin(facts())
    return run


def test_new_folder_has_room_for_a_run_and_nothing_to_go_on_with(tmp_path: Path) -> None:
    run = RunFolder(tmp_path / "run")
    run.require_room(resume=False)
    assert run.resumed(RECIPE, "d" * 64) is None
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("is_begun", "is_finished", "resume", "said"),
    [
        (False, False, True, r"There is no run at .* Leave --resume out"),
        (True, False, False, r"was begun before.* Go on with --resume"),
        (True, True, False, r"is finished.* Name another \(--output\)"),
        (True, True, True, r"is finished.* Name another \(--output\)"),
        (False, True, False, r"is finished"),  # a model folder alone, as it is copied
    ],
)
def test_run_is_refused_where_it_would_be_written_over(
    tmp_path: Path, is_begun: bool, is_finished: bool, resume: bool, said: str
) -> None:
    run = RunFolder(tmp_path / "run")
    if is_begun:
        run.begin(facts())
    if is_finished:
        run.model.mkdir(parents=True)
    with pytest.raises(HilumError, match=said):
        run.require_room(resume)


@pytest.mark.parametrize("left", ["state.safetensors", "kept.safetensors"])
def test_state_that_belongs_to_no_run_is_not_taken_for_a_new_one(tmp_path: Path, left: str) -> None:
    (tmp_path / left).touch()
    with pytest.raises(HilumError, match=rf"holds the '{left}' of some run, but no 'run.json'"):
        RunFolder(tmp_path).require_room(resume=False)
    RunFolder(tmp_path).begin(facts())
    RunFolder(tmp_path).require_room(resume=True)


def test_words_of_a_recipe_may_change_before_a_resume(begun: RunFolder) -> None:
    other = read_recipe("cnn-scratch", ["expected=more", "summary=other", "source=elsewhere"])
    assert begun.resumed(other, "d" * 64) == facts()


def test_begun_run_may_be_gone_on_with(begun: RunFolder) -> None:
    begun.require_room(resume=True)


@pytest.mark.parametrize("name", [os.fsdecode(b"r\xff"), "two\nlines"])
def test_name_that_libraries_cannot_open_is_refused(tmp_path: Path, name: str) -> None:
    with pytest.raises(HilumError, match="not plain UTF-8 text"):
        RunFolder(tmp_path / name).require_room(resume=False)


def test_resume_is_given_what_the_run_was_begun_with(begun: RunFolder) -> None:
    assert begun.resumed(RECIPE, "d" * 64) == facts()


def test_run_keeps_in_mind_what_its_model_will_keep(tmp_path: Path) -> None:
    run = RunFolder(tmp_path / "run")
    run.begin(facts(neighbours="thumbnails"))
    assert run.resumed(RECIPE, "d" * 64) == facts(neighbours="thumbnails")
    values = read_json(run.path / "run.json")
    del values["neighbours"]  # as a run has it that was begun before there were any
    write_json(run.path / "run.json", values)
    assert run.resumed(RECIPE, "d" * 64) == facts(neighbours="none")


@pytest.mark.parametrize(
    ("recipe", "films", "said"),
    [
        (read_recipe("cnn-scratch", ["seed=1"]), "d" * 64, "begun with another recipe"),
        (read_recipe("cnn-scratch", ["train.epochs=16"]), "d" * 64, "begun with another recipe"),
        (RECIPE, "e" * 64, "begun with other films"),
    ],
)
def test_resume_with_something_else_is_refused(begun: RunFolder, recipe: Any, films: str, said: str) -> None:
    with pytest.raises(HilumError, match=said):
        begun.resumed(recipe, films)


@pytest.mark.parametrize("text", ["", "{", "\x00"])
def test_damaged_facts_are_one_sentence(begun: RunFolder, text: str) -> None:
    (begun.path / "run.json").write_text(text)
    with pytest.raises(HilumError, match=r"run\.json' is not JSON"):
        begun.resumed(RECIPE, "d" * 64)


def without(*keys: str) -> Any:
    def change(values: dict[str, Any]) -> None:
        place = values
        for key in keys[:-1]:
            place = place[key]
        del place[keys[-1]]

    return change


@pytest.mark.parametrize(
    "change",
    [
        without("machine"),
        without("machine", "threads"),
        without("weights", "fresh"),
        lambda values: values.update(surprise=1),
        lambda values: values["provenance"].update(surprise=1),
        lambda values: values.update(machine=None),
        lambda values: values.update(recipe="cnn-scratch"),
        lambda values: values.update(neighbours="everything"),
        lambda values: values.update(neighbours=["features"]),
    ],
)
def test_facts_of_another_version_are_one_sentence(begun: RunFolder, change: Any) -> None:
    values = read_json(begun.path / "run.json")
    change(values)
    write_json(begun.path / "run.json", values)
    with pytest.raises(HilumError, match=r"run\.json' was not written by this version of hilum"):
        begun.resumed(RECIPE, "d" * 64)


def test_history_gives_back_the_row_of_an_epoch_in_full(begun: RunFolder) -> None:
    rows = [row(1, 0.1), row(2, 0.2)]
    begun.write_history(rows)
    assert [begun.kept_row(epoch) for epoch in (1, 2)] == rows


def test_state_of_a_finished_run_is_dropped_and_the_kept_network_stays(begun: RunFolder) -> None:
    for name in ("state.safetensors", "kept.safetensors"):
        (begun.path / name).touch()
    assert begun.has_state
    for _ in range(2):
        begun.drop_state()
        assert {path.name for path in begun.path.iterdir()} == {"run.json", "kept.safetensors"}


def digest(films: tuple[Any, ...], parts: tuple[str, ...]) -> str:
    return films_digest(Catalogue("kermany", Path(), films), Split("official", 0, 0, "", parts))


def test_digest_tells_order_label_part_and_bytes_apart_but_no_names() -> None:
    one, two = film("train/a", "1"), film("train/b", "2", "normal")
    parts = ("fit", "select")
    first = digest((one, two), parts)
    others = [
        digest((two, one), parts),
        digest((one, replace(two, label="pneumonia")), parts),
        digest((one, two), ("fit", "fit")),
        digest((one, replace(two, sha256="0" * 64)), parts),
        digest((one,), ("fit",)),
    ]
    assert len({first, *others}) == 6
    assert digest((replace(one, path="elsewhere/a", patient="9"), two), parts) == first
