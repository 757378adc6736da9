"""Random changes of a training film."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from hilum.recipe import Augment
from hilum.training.augment import CropWithAspect, augmentation

FILM = torch.arange(64 * 64).reshape(1, 64, 64).remainder(251).byte()


@pytest.mark.parametrize("zoom", [0.5, 0.8, 1.0])
def test_aspect_varies_by_a_quarter_at_every_zoom(zoom: float) -> None:
    torch.manual_seed(0)
    film = torch.zeros((1, 1000, 1000), dtype=torch.uint8)
    crops = [CropWithAspect(224, zoom, 0.25).make_params([film]) for _ in range(2000)]
    log_ratios = np.log([crop["width"] / crop["height"] for crop in crops]) / np.log(1.25)
    assert np.abs(log_ratios).max() <= 1.01
    # Evenly between -1 and 1: a fifth lies beyond 0.8, and the spread is that of a uniform draw.
    assert np.mean(np.abs(log_ratios) > 0.8) == pytest.approx(0.2, abs=0.03)
    assert np.std(log_ratios) == pytest.approx(1 / np.sqrt(3), abs=0.02)


def test_crop_lies_inside_the_film_and_keeps_the_share_that_zoom_allows() -> None:
    for seed in range(200):
        torch.manual_seed(seed)
        crop = CropWithAspect(32, 0.7, 0.25).make_params([FILM])
        assert 0 <= crop["top"] <= 64 - crop["height"] and 0 <= crop["left"] <= 64 - crop["width"]
        assert crop["height"] * crop["width"] >= 0.7 / 1.25 * 64 * 64 * 0.95


def test_no_change_asked_for_is_no_change() -> None:
    assert torch.equal(augmentation(Augment(zoom=1.0, aspect=0.0), 64)(FILM), FILM)


def test_flip_mirrors_about_half_of_the_films() -> None:
    flipped = 0
    for seed in range(100):
        torch.manual_seed(seed)
        flipped += torch.equal(augmentation(Augment(zoom=1.0, aspect=0.0, flip=True), 64)(FILM), FILM.flip(-1))
    assert 30 < flipped < 70


@pytest.mark.parametrize("change", [{"rotation_degrees": 20.0}, {"shift": 0.2}, {"brightness": 0.5}, {"contrast": 0.5}])
def test_each_key_changes_the_film_and_keeps_its_shape(change: dict[str, float]) -> None:
    torch.manual_seed(1)
    changed = augmentation(Augment.model_validate({"zoom": 1.0, "aspect": 0.0} | change), 64)(FILM)
    assert changed.shape == FILM.shape and changed.dtype == torch.uint8
    assert not torch.equal(changed, FILM)
