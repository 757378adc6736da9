"""The robustness audit: a model on films made worse."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from sklearn.metrics import roc_auc_score

from film_folders import catalogue_of, record
from hilum import provenance
from hilum.audits.asked import Choice, films_for_model
from hilum.audits.perturbations import PERTURBATIONS
from hilum.audits.robustness import Kind, RobustnessAudit, Step, audit_robustness, drawn_films
from hilum.datasets import open_pixels, resolve_catalogue
from hilum.errors import HilumError
from hilum.evaluation import read_looks
from hilum.metrics import PRIMARY, Estimate
from hilum.runtime import Predictor


@pytest.fixture(scope="module")
def audited(
    phantom_films: Path, phantom_run: Path, tmp_path_factory: pytest.TempPathFactory
) -> tuple[RobustnessAudit, Choice, Path]:
    catalogue, place = resolve_catalogue(phantom_films, tmp_path_factory.mktemp("work"))
    predictor = Predictor.open(phantom_run)
    choice = films_for_model(catalogue, predictor.manifest)
    return audit_robustness(predictor, choice, place, PRIMARY, 0, provenance.current()), choice, place


def test_figures_are_those_of_the_changed_films(
    audited: tuple[RobustnessAudit, Choice, Path], phantom_run: Path
) -> None:
    audit, choice, place = audited
    predictor, truth = Predictor.open(phantom_run), choice.films.is_pneumonia
    squares = np.asarray(open_pixels(choice.films, predictor.side, predictor.geometry, place / "pixels"))
    threshold, before = predictor.operating_point(PRIMARY).threshold, predictor.probability(predictor.logits(squares))
    for place_of_kind in (0, 3):
        kind = PERTURBATIONS[place_of_kind]
        step = audit.kinds[place_of_kind].steps[4]
        probability = predictor.probability(predictor.logits(kind.of(squares, kind.strengths[4], seed=0)))
        assert step.auroc.value == pytest.approx(roc_auc_score(truth, probability))
        assert step.sensitivity.value == pytest.approx((probability[truth] >= threshold).mean())
        assert step.flipped == ((probability >= threshold) != (before >= threshold)).sum()
        assert audit.whole.specificity.value is not None and step.specificity.value is not None
        assert step.lost_specificity is not None
        assert step.lost_specificity.value == pytest.approx(audit.whole.specificity.value - step.specificity.value)


def test_every_kind_has_five_strengths_and_select_films_are_no_look(
    audited: tuple[RobustnessAudit, Choice, Path],
) -> None:
    audit, choice, place = audited
    assert [kind.name for kind in audit.kinds] == [kind.name for kind in PERTURBATIONS]
    assert {len(kind.steps) for kind in audit.kinds} == {5}
    assert audit.films == len(choice.films.films) and "select patients" in audit.chosen
    assert read_looks(place) == ((), 0)


def test_films_that_were_held_out_are_a_look(
    audited: tuple[RobustnessAudit, Choice, Path], phantom_run: Path, tmp_path: Path
) -> None:
    choice = replace(audited[1], is_look=True)
    audit_robustness(Predictor.open(phantom_run), choice, tmp_path, PRIMARY, 0, provenance.current())
    [look], _ = read_looks(tmp_path)
    assert (look.part, look.films) == ("robustness", len(choice.films.films))


def step(strength: str, lost: Estimate) -> Step:
    nothing = Estimate(0.0, 0.0, 0.0, "")
    return Step(strength, nothing, nothing, nothing, nothing, lost, 0)


def test_a_model_holds_until_a_loss_is_larger_than_margin_and_chance() -> None:
    small, uncertain, sure = (
        Estimate(0.04, 0.02, 0.06, ""),
        Estimate(0.2, -0.01, 0.4, ""),
        Estimate(0.2, 0.1, 0.3, ""),
    )
    steps = tuple(step(name, lost) for name, lost in zip("abcd", (small, uncertain, sure, small), strict=True))
    kind = Kind("blur", "", steps)
    assert kind.broken_at is steps[2] and kind.holds_to is steps[1]
    assert steps[2].fallen == ("specificity",)
    assert Kind("blur", "", steps[:2]).broken_at is None
    assert Kind("blur", "", steps[2:]).holds_to is None


def test_loss_that_every_draw_shows_alike_is_a_fall() -> None:
    assert step("a", Estimate(1.0, None, None, "no interval: every draw gives the same figure")).fallen


def test_films_are_drawn_by_seed_and_kept_in_order() -> None:
    films = catalogue_of(*(record(f"f{n:02d}", f"p{n}", "pneumonia" if n % 2 else "normal") for n in range(40)))
    choice = Choice(films, "all", False)
    first, again, other = (drawn_films(choice, 10, seed).films.films for seed in (1, 1, 2))
    assert first == again != other and len(first) == 10
    assert list(first) == sorted(first, key=lambda film: film.path)
    assert drawn_films(choice, 0, 1) is choice and drawn_films(choice, 40, 1) is choice


@pytest.mark.parametrize(("most", "words"), [(-1, "Got -1 films"), (1, "of one class")])
def test_too_few_films_are_refused_in_words(most: int, words: str) -> None:
    films = catalogue_of(*(record(f"f{n}", f"p{n}", "pneumonia" if n % 2 else "normal") for n in range(4)))
    with pytest.raises(HilumError, match=words):
        drawn_films(Choice(films, "all", False), most, 0)
