"""The randomisation test: what shows the film alone must fail it, what shows the network's weights must pass."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from film_edges import film_edges
from hilum.attribution.evidence import EvidenceMap, Squares
from hilum.explaining.curve_figures import AskedFilms
from hilum.explaining.forgetting import randomisation_test
from hilum.explaining.gradcam import exact_map, grad_cam
from hilum.explaining.verdict import MOST_SIMILAR, verdict_of
from hilum.models import FilmClassifier
from small_job import run, small_job

Trained = tuple[FilmClassifier, AskedFilms]


@pytest.fixture(scope="module")
def trained(tmp_path_factory: pytest.TempPathFactory) -> Trained:
    """A network that has learned to look at the upper half, and some of its films, enlarged twice."""
    job = small_job(tmp_path_factory.mktemp("job"))
    rows = np.arange(48, 72)
    squares = np.ascontiguousarray(job.pixels[rows].repeat(2, axis=1).repeat(2, axis=2))
    classifier = run(job).classifier.eval()
    return classifier, AskedFilms.of(squares, lambda some: np.full(len(some), 0.6), job.is_pneumonia[rows])


def edges(_: FilmClassifier, squares: Squares) -> list[EvidenceMap]:
    """A "method" that shows the film's edges, whatever the network is."""
    return [film_edges(square) for square in squares]


def test_edge_detector_fails(trained: Trained) -> None:
    classifier, films = trained
    found = randomisation_test(classifier, edges, films, steps=3, draws=2).randomisation
    for step in found.steps:
        assert step.rank.value == step.sizes.value == pytest.approx(1)
        assert step.structure.value == pytest.approx(1)
    verdict = verdict_of((), found)
    assert verdict.standing == "fails" and verdict.failed == ("randomisation",)
    assert verdict.in_words == "not a faithful explanation of this model (fails the randomisation test)"
    assert "with all weights random" in verdict.reasons[0]


def test_edges_with_the_signs_of_the_network_fail_by_their_sizes(trained: Trained) -> None:
    """Signs by chance bring the rank correlation to nothing, but the eye sees the same edges."""
    classifier, films = trained
    generator = np.random.default_rng(0)

    def signed(_: FilmClassifier, squares: Squares) -> list[EvidenceMap]:
        return [one * generator.choice([-1, 1], one.shape).astype(np.float32) for one in edges(classifier, squares)]

    found = randomisation_test(classifier, signed, films, steps=2, draws=1).randomisation
    assert found.last.rank.value is not None and found.last.rank.value < 0.2
    assert [reason for reason in verdict_of((), found).reasons if "of sizes" in reason]


@pytest.mark.parametrize("method", [exact_map, grad_cam])
def test_maps_of_the_network_pass(trained: Trained, method: object) -> None:
    classifier, films = trained
    found = randomisation_test(classifier, method, films, steps=3, draws=3).randomisation  # type: ignore[arg-type]
    assert found.last.rank.high is not None and found.last.rank.high < MOST_SIMILAR
    assert not verdict_of((), found).reasons


def test_steps_draws_and_maps_are_recorded(trained: Trained, tmp_path: Path) -> None:
    classifier, films = trained
    found = randomisation_test(classifier, exact_map, films, steps=3, draws=2)
    record = found.randomisation
    assert record.draws == 2 and record.steps[-1].layers == record.layers
    assert [step.down_to for step in record.steps][0::2] == ["head.last", "body.stem.0"]
    assert len(found.maps) == len(record.steps) and len(found.of_film(0)) == len(record.steps)
    assert found.of_film(0)[0].shape == exact_map(classifier, films.squares[:1])[0].shape
    assert record.chance.value is not None and 0 < record.chance.value < 0.6
