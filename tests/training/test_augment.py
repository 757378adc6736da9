"""Random changes of a training film."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from hilum.recipe import Augment
from hilum.training.augment import CropWithAspect, Noise, RotationAndShift, augmentation

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


@pytest.mark.parametrize(
    "change", [{"rotation_degrees": 20.0}, {"shift": 0.2}, {"brightness": 0.5}, {"contrast": 0.5}, {"noise": 0.05}]
)
def test_each_key_changes_the_film_and_keeps_its_shape(change: dict[str, float]) -> None:
    torch.manual_seed(1)
    changed = augmentation(Augment.model_validate({"zoom": 1.0, "aspect": 0.0} | change), 64)(FILM)
    assert changed.shape == FILM.shape and changed.dtype == torch.uint8
    assert not torch.equal(changed, FILM)


def moved(fill: str, film: torch.Tensor, **params: object) -> torch.Tensor:
    """The film after one rotation and shift whose size the test chooses, at most those of the transform."""
    still = {"angle": 0.0, "translate": (0.0, 0.0), "scale": 1.0, "shear": (0.0, 0.0)}
    return RotationAndShift(45.0, 0.5, fill).transform(film, still | params)


def test_bare_places_are_black_the_mean_or_the_edge_carried_on() -> None:
    film = FILM.clone()
    film[0, :, 0] = 77  # the left edge
    right = {"translate": (16.0, 0.0)}
    assert (moved("black", film, **right)[0, :, :16] == 0).all()
    assert (moved("mean", film, **right)[0, :, :16].float() - film.float().mean()).abs().max() < 1
    assert (moved("edge", film, **right)[0, :, :16] == 77).all()
    for fill in ("black", "mean", "edge"):
        assert torch.equal(moved(fill, film, **right)[0, :, 16:], film[0, :, :-16])


@pytest.mark.parametrize("angle", [-45.0, -7.0, 30.0, 45.0])
def test_edge_reaches_the_corners_at_any_rotation(angle: float) -> None:
    white = torch.full((1, 64, 64), 255, dtype=torch.uint8)
    assert (moved("edge", white, angle=angle, translate=(32.0, -32.0)) == 255).all()
    assert (moved("black", white, angle=angle, translate=(32.0, -32.0)) == 0).any()


def test_rotation_is_the_same_whatever_fills_its_corners() -> None:
    film = torch.zeros((1, 64, 64), dtype=torch.uint8)
    film[0, 20:40, 24:44] = 200
    black, edge = (moved(fill, film, angle=20.0) for fill in ("black", "edge"))
    assert (black.float() - edge.float()).abs().max() <= 1


def test_noise_has_the_deviation_that_is_asked_for() -> None:
    torch.manual_seed(0)
    grey = torch.full((1, 200, 200), 128, dtype=torch.uint8)
    noisy = Noise(0.05)(grey).float()
    assert noisy.std().item() == pytest.approx(0.05 * 255, rel=0.03)
    assert noisy.mean().item() == pytest.approx(128, abs=0.3)
