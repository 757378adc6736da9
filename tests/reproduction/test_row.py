"""Where a row stands, by what lies in its folder."""

from __future__ import annotations

from pathlib import Path

import pytest

from hilum.errors import HilumError
from hilum.modelfolder import open_model_folder
from hilum.recipe import recipe_from
from hilum.reproduction.plan import Row
from hilum.reproduction.record import new_record, read_record, write_record
from hilum.reproduction.row import Means, RowFolder, _held, epochs_finished, evaluate_words, look, train_words

MEANS = Means(Path("data"))


def test_words_name_what_differs_from_the_recipe_alone(tmp_path: Path) -> None:
    folder = RowFolder(tmp_path / "row")
    assert train_words(Row("best"), folder, MEANS, None) == ("train", "best", "data", "--output", str(folder.run))
    means = Means(Path("data"), options=("--threads", "1"), changes=("train.epochs=2",), workspace=Path("elsewhere"))
    words = " ".join(train_words(Row("best", "block", 1), folder, means, Path("weights/a.safetensors")))
    assert "--set protocol=block --set seed=1 --set train.epochs=2" in words
    assert "--weights weights/a.safetensors" in words and words.endswith("--threads 1 --workspace elsewhere")


def test_row_is_judged_on_what_its_protocol_held_back(tmp_path: Path) -> None:
    folder = RowFolder(tmp_path)
    assert evaluate_words(Row("best"), folder, MEANS)[3:5] == ("--split", "test")
    assert evaluate_words(Row("best", "random20"), folder, MEANS)[3:5] == ("--split", "validation")


def test_begun_run_is_gone_on_with(tmp_path: Path) -> None:
    folder = RowFolder(tmp_path)
    folder.run.mkdir()
    (folder.run / "run.json").write_text("{}")
    assert "--resume" in train_words(Row("best"), folder, MEANS, None)
    assert look(Row("best"), folder, MEANS).where == "epoch 0 of 6"


def test_weights_that_the_folder_lacks_are_not_looked_for_elsewhere(tmp_path: Path) -> None:
    record = look(Row("resnet50-frozen"), RowFolder(tmp_path / "row"), Means(Path("data"), weights=tmp_path))
    assert record.state == "no weights"
    assert look(Row("resnet50-frozen"), RowFolder(tmp_path / "row"), MEANS).state == "not begun"
    assert look(Row("cnn-scratch"), RowFolder(tmp_path / "row"), Means(Path("data"), tmp_path)).state == "not begun"


def test_record_of_other_films_or_changes_is_refused(tmp_path: Path) -> None:
    row = Row("cnn-scratch")
    write_record(tmp_path, new_record(row, "films", ("train.epochs=2",)))
    assert read_record(tmp_path, row, "films", ("train.epochs=2",)).epochs == 2
    with pytest.raises(HilumError, match=r"made with other changes: train\.epochs=2"):
        read_record(tmp_path, row, "films", ())
    with pytest.raises(HilumError, match="was made from 'films', not from 'others'"):
        read_record(tmp_path, row, "others", ("train.epochs=2",))


def test_folder_is_held_by_one_at_a_time(tmp_path: Path) -> None:
    with _held(tmp_path) as first, _held(tmp_path) as second:
        assert first is not None and second is None
    with _held(tmp_path) as again:
        assert again is not None


@pytest.mark.parametrize("content", [b"", b"\x08\0\0\0\0\0\0\0{}", b"no state at all"])
def test_damaged_state_has_finished_no_epoch(content: bytes, tmp_path: Path) -> None:
    (tmp_path / "state.safetensors").write_bytes(content)
    assert epochs_finished(tmp_path) == 0


def test_model_stays_current_when_its_recipe_only_speaks_otherwise_of_itself(phantom_run: Path, tmp_path: Path) -> None:
    (tmp_path / "run").symlink_to(phantom_run)
    folder = RowFolder(tmp_path)
    made_by = recipe_from(dict(open_model_folder(phantom_run).manifest.recipe), "")
    assert folder.is_made_by(made_by.model_copy(update={"expected": "measured by now"}))
    assert not folder.is_made_by(made_by.model_copy(update={"seed": 1}))
