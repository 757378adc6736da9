"""A marker that gives the class away is seen in the map: the bench itself, made small."""

from __future__ import annotations

from pathlib import Path

import pytest
from planted_marker_map import held_out, look, marked_run

from hilum.runtime import Predictor

PLAIN = ("zoom=1", "flip=false", "aspect=0", "shift=0", "rotation_degrees=0")
SMALL = ("film.side=64", "network.widths=[16,32]", "train.epochs=10", "train.batch_size=8", "train.learning_rate=0.01")


@pytest.mark.slow
def test_model_that_learned_a_marker_shows_it_in_the_map(tmp_path: Path) -> None:
    """Ten seconds: with the marker all is evidence there, without it nothing more than elsewhere."""
    run = marked_run(tmp_path, 80, 0, 1, [*SMALL, *(f"augment.{one}" for one in PLAIN)], side=128)
    rows = {row.shown: row for row in look("marked", Predictor.open(run, 1), held_out(tmp_path / "drawn", 0), "map")}
    for label in ("pneumonia", "normal"):
        without, with_marker = rows[f"{label}, as drawn"], rows[f"{label}, with the marker"]
        assert (with_marker.called.value or 0) > 0.8 and (without.called.value or 0) < 0.2
        assert (with_marker.points_there.value or 0) > 0.9 and (without.points_there.value or 0) < 0.2
        assert (with_marker.in_corner.value or 0) > 3 * (without.in_corner.value or 0)
