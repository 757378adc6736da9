"""PneumoniaMNIST files become folders of films."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from hilum.datasets.download.medmnist import unfold
from hilum.errors import HilumError


def npz_of(path: Path, films: int = 4, **changes: Any) -> Path:
    """A small file in the format of MedMNIST, every other film with pneumonia."""
    rng = np.random.default_rng(0)
    arrays: dict[str, np.ndarray] = {}
    for part in ("train", "val", "test"):
        arrays[f"{part}_images"] = rng.integers(0, 256, (films, 28, 28), dtype=np.uint8)
        arrays[f"{part}_labels"] = (np.arange(films) % 2)[:, None].astype(np.uint8)
    np.savez_compressed(path, **(arrays | changes))
    return path


def test_films_come_out_under_their_class_with_their_pixels(tmp_path: Path) -> None:
    npz = npz_of(tmp_path / "pneumoniamnist.npz")
    assert unfold(npz, tmp_path / "films") == 12
    names = [path.relative_to(tmp_path / "films").as_posix() for path in sorted((tmp_path / "films").rglob("*.png"))]
    classes = {"NORMAL": (0, 2), "PNEUMONIA": (1, 3)}
    assert names[:4] == [f"test/{name}/test-0000{number}.png" for name in classes for number in classes[name]]
    film = np.asarray(Image.open(tmp_path / "films" / "val" / "PNEUMONIA" / "val-00003.png"))
    assert np.array_equal(film, np.load(npz)["val_images"][3])


@pytest.mark.parametrize(
    "changes",
    [
        {"val_labels": np.array([[0], [1], [2], [1]], dtype=np.uint8)},
        {"val_labels": np.zeros((3, 1), dtype=np.uint8)},
        {"test_images": np.zeros((4, 28, 28), dtype=np.float32)},
        {"test_images": np.zeros((4, 28, 28, 3), dtype=np.uint8)},
        {"train_labels": np.array([{}, {}, {}, {}], dtype=object)},
    ],
    ids=["label 2", "fewer labels", "floats", "colours", "objects"],
)
def test_another_file_is_refused_and_nothing_is_written(tmp_path: Path, changes: dict[str, Any]) -> None:
    with pytest.raises(HilumError, match="no PneumoniaMNIST file"):
        unfold(npz_of(tmp_path / "a.npz", **changes), tmp_path / "films")
    assert [path.name for path in tmp_path.iterdir()] == ["a.npz"]


def test_bomb_is_refused_before_it_is_opened(tmp_path: Path) -> None:
    np.savez_compressed(tmp_path / "bomb.npz", train_images=np.zeros((40_000_000,), dtype=np.uint8))
    with pytest.raises(HilumError, match="grows more than"):
        unfold(tmp_path / "bomb.npz", tmp_path / "films")


def test_real_file_has_the_films_it_should_have(shared_data: Path, tmp_path: Path) -> None:
    npz = next((shared_data / "pneumoniamnist").glob("*.npz"))
    assert unfold(npz, tmp_path / "films") == 5856
    counts = {part: len(list((tmp_path / "films" / part).rglob("*.png"))) for part in ("train", "val", "test")}
    assert counts == {"train": 4708, "val": 524, "test": 624}
