"""Integrated gradients: what they must add up to, by hand, and what is said where they do not."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from hilum.explaining.integrated_gradients import FEWEST_POINTS, LARGEST_GAP, integrated_gradients
from hilum.models import FilmClassifier, LogitOfFilms
from hilum.models.heads import LinearHead
from model_folders import small_recipe, untrained

SQUARES = np.random.default_rng(5).integers(0, 256, (3, 32, 32), dtype=np.uint8)


class Identity(torch.nn.Module):
    """A body whose maps are the film."""

    def forward_features(self, film: torch.Tensor) -> torch.Tensor:
        return film


def test_evidence_of_a_linear_network_is_weight_times_distance_from_the_mean_grey() -> None:
    classifier = FilmClassifier(Identity(), LinearHead(1, 2, 0.0), [0.5], [0.25]).eval()
    found = integrated_gradients(classifier, SQUARES[0])
    weight = float(classifier.head.logit_weights().item()) / 0.25 / 255 / SQUARES[0].size
    by_hand = weight * (SQUARES[0].astype(np.float64) - SQUARES[0].mean())
    np.testing.assert_allclose(found.evidence, by_hand, rtol=1e-4, atol=1e-9)
    assert found.gap < 1e-5 and found.points == FEWEST_POINTS


@pytest.mark.parametrize("square", SQUARES, ids=["first", "second", "third"])
def test_evidence_adds_up_to_the_difference_of_the_logits(square: np.ndarray) -> None:
    classifier = untrained(small_recipe())
    found = integrated_gradients(classifier, square)
    with torch.no_grad():
        film = torch.from_numpy(square.astype(np.float32))[None, None]
        logit, even = (classifier(one).logit.item() for one in (film, torch.full_like(film, square.mean())))
    assert found.evidence.shape == square.shape and found.evidence.dtype == np.float32
    assert (found.logit, found.baseline_logit) == pytest.approx((logit, even), abs=1e-5)
    assert found.gap == pytest.approx(abs(found.evidence.sum(dtype=np.float64) - (logit - even)), abs=1e-5)
    assert found.is_complete and found.gap <= LARGEST_GAP * max(1, abs(logit - even))
    assert f"differs from the baseline's by {logit - even:+.2f} ({found.points} points)." in found.in_words


class Threshold(torch.nn.Module):
    """A body that sees nothing below a grey of 197."""

    def forward_features(self, film: torch.Tensor) -> torch.Tensor:
        return torch.relu(film - 197)


def test_points_are_added_until_the_evidence_is_complete_and_else_it_is_said() -> None:
    classifier = FilmClassifier(Threshold(), LinearHead(1, 1, 0.0), [0.0], [1 / 255]).eval()
    with torch.no_grad():
        classifier.head.last.weight.fill_(10)
    halves = np.zeros((8, 8), np.uint8)
    halves[:4] = 200  # from a mean grey of 100 on, the threshold comes at 0.97 of the way
    rough = integrated_gradients(classifier, halves, most_points=16)
    assert not rough.is_complete and rough.gap == pytest.approx(15, rel=1e-4)
    assert rough.in_words == (
        "The evidence adds up to +0.00; the logit differs from the baseline's by +15.00 (16 points, incomplete)."
    )
    whole = integrated_gradients(classifier, halves)
    assert whole.is_complete and 16 < whole.points < 256
    assert whole.evidence[:4].sum() == pytest.approx(15, rel=0.05) and not whole.evidence[4:].any()


@pytest.mark.parametrize("square", SQUARES[:2], ids=["first", "second"])
def test_evidence_is_captums_with_very_many_steps(square: np.ndarray) -> None:
    from captum.attr import IntegratedGradients as Captum

    classifier = untrained(small_recipe())
    film = torch.from_numpy(square.astype(np.float32))[None, None]
    even = torch.full_like(film, float(square.mean()))
    reference = Captum(LogitOfFilms(classifier)).attribute(film, even, n_steps=500, internal_batch_size=50)
    expected = reference[0, 0].detach().numpy()
    found = integrated_gradients(classifier, square).evidence
    assert np.corrcoef(found.ravel(), expected.ravel())[0, 1] > 0.995
    assert np.abs(found - expected).sum() < 0.1 * np.abs(expected).sum()


def test_even_film_has_no_evidence() -> None:
    found = integrated_gradients(untrained(small_recipe()), np.full((32, 32), 90, np.uint8))
    assert not found.evidence.any() and found.is_complete
