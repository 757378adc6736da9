"""Values of hilum.json that no film could be drawn with are refused in a sentence when the folder is opened."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from msgspec.structs import replace

from hilum.attribution.places import Places
from hilum.errors import HilumError
from hilum.modelfolder import Manifest, NormalMap, open_model_folder, write_model_folder
from hilum.modelfolder.checks import require_sound_maps
from stand_ins import manifest

SIDE = 8  # of the manifest


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    sound = replace(manifest(), map_places=Places(0.5, 32.0), normal_map=NormalMap(rows=((0.5, 1.0),), films=20))

    def described(hashes: dict[str, str]) -> Manifest:
        return replace(sound, files=hashes)

    write_model_folder(tmp_path / "model", {"model.onnx": b"graph"}, described)
    return tmp_path / "model"


def spoil(folder: Path, part: str, **values: Any) -> None:
    path = folder / "hilum.json"
    described = json.loads(path.read_text(encoding="utf-8"))
    described[part] |= values
    path.write_text(json.dumps(described), encoding="utf-8")


def test_sound_folder_opens(folder: Path) -> None:
    assert open_model_folder(folder).manifest.map_places == Places(0.5, 32.0)


@pytest.mark.parametrize(
    ("values", "says"),
    [
        ({"step_px": 0}, "'map_places.step_px': it is 0"),
        ({"step_px": -4}, "'map_places.step_px': it is -4"),
        ({"step_px": 1e-9}, "'map_places.step_px': it is 1e-09"),
        ({"step_px": 1e300}, "'map_places.step_px': it is 1e\\+300"),
        ({"first_px": 1e6, "step_px": 1}, "'map_places.first_px': it is 1e\\+06. Expected -8 to 8 pixels"),
        ({"first_px": -9}, "'map_places.first_px': it is -9"),
        ({"first_px": "0"}, "'map_places.first_px': expected `float`"),
    ],
)
def test_places_off_the_film_are_refused(folder: Path, values: dict[str, Any], says: str) -> None:
    spoil(folder, "map_places", **values)
    with pytest.raises(HilumError, match=f"hilum.json' has a wrong value: {says}"):
        open_model_folder(folder)


def test_numbers_that_are_none_are_refused(folder: Path) -> None:
    spoil(folder, "map_places", step_px=float("inf"))
    with pytest.raises(HilumError, match="is damaged"):
        open_model_folder(folder)


@pytest.mark.parametrize("step", [float("nan"), float("inf")])
def test_places_that_no_file_holds_are_refused_too(step: float) -> None:
    with pytest.raises(HilumError, match="step_px"):
        require_sound_maps(replace(manifest(), map_places=Places(0.5, step)), "hilum.json")


@pytest.mark.parametrize(
    ("values", "says"),
    [
        ({"rows": []}, "'normal_map.rows': it has no place"),
        ({"rows": [[], []]}, "'normal_map.rows': it has no place"),
        ({"rows": [[1.0, 2.0], [1.0]]}, "'normal_map.rows': it has rows of 1 and of 2 places"),
        ({"rows": [[1e300, 2.0]]}, "'normal_map.rows': it has a number beyond 3.4e38"),
        ({"films": 0}, "'normal_map.films': it is 0"),
    ],
)
def test_mean_map_that_is_no_map_is_refused(folder: Path, values: dict[str, Any], says: str) -> None:
    spoil(folder, "normal_map", **values)
    with pytest.raises(HilumError, match=f"hilum.json' has a wrong value: {says}"):
        open_model_folder(folder)
