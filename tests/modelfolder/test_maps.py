"""What a folder's maps can be held against."""

from __future__ import annotations

import numpy as np
import pytest
from msgspec import convert, json
from msgspec.structs import replace

from hilum.errors import HilumError
from hilum.modelfolder import Manifest, NormalMap
from hilum.modelfolder.maps import EXACT_EVIDENCE, GRADIENT_EVIDENCE, beyond_normal, has_exact_map, level_of_normal
from stand_ins import manifest


def test_level_comes_back_as_it_was_written() -> None:
    kept = replace(manifest(), normal_map=NormalMap(rows=((0.5, -1.0, 2.0), (0.0, 1e-7, -3.25)), films=20))
    level = level_of_normal(convert(json.decode(json.encode(kept)), Manifest))
    assert level.dtype == np.float32 and level.tolist() == [[0.5, -1.0, 2.0], [0.0, np.float32(1e-7), -3.25]]


def test_folder_without_a_level_names_the_command_that_makes_one() -> None:
    with pytest.raises(HilumError, match=r"has no mean map of normal films.*`hilum model finish`.*--method map"):
        level_of_normal(manifest())


@pytest.mark.parametrize("shape", [(1, 1), (1, 3), (3, 2), (4, 6)])
def test_level_of_another_shape_is_refused_and_not_spread_over_the_map(shape: tuple[int, int]) -> None:
    with pytest.raises(HilumError, match=r"map has 2 x 3 places, the mean map .* has \d x \d"):
        beyond_normal(np.zeros((2, 3), np.float32), np.zeros(shape, np.float32))
    assert not beyond_normal(np.ones((2, 3), np.float32), np.ones((2, 3), np.float32)).any()


def test_kind_of_map_is_a_field_of_its_own_and_the_sentence_counts_in_older_folders_alone() -> None:
    reworded = replace(manifest(), activation_map="the head's weights, exact")
    assert has_exact_map(replace(reworded, map_kind="exact")) and not has_exact_map(reworded)
    assert not has_exact_map(replace(manifest(), activation_map=EXACT_EVIDENCE, map_kind="gradient"))
    assert has_exact_map(replace(manifest(), activation_map=EXACT_EVIDENCE))
    assert not has_exact_map(replace(manifest(), activation_map=GRADIENT_EVIDENCE))
