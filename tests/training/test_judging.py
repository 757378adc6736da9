"""Which epoch is kept, and when a run is over."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from hilum.recipe import Train
from hilum.training.judging import Diverged, EpochRow, figures, is_over, judge, kept_epoch
from hilum.training.losses import FilmLoss

TRUTH = np.array([True, True, False, False])
ROW = judge(np.array([2.0, -1.0, 1.0, -2.0]), TRUTH, FilmLoss(), epoch=1, fitted=0.5, learning_rate=0.1, seconds=1.0)


def history(*aurocs: float) -> list[EpochRow]:
    return [replace(ROW, epoch=number, auroc=auroc) for number, auroc in enumerate(aurocs, 1)]


def train(**changes: Any) -> Train:
    return Train.model_validate({"epochs": 10, "learning_rate": 0.1, "keep": "auroc"} | changes)


def test_row_holds_every_figure_by_hand() -> None:
    assert (ROW.sensitivity, ROW.specificity, ROW.balanced_accuracy, ROW.f1) == (0.5, 0.5, 0.5, 0.5)
    assert ROW.auroc == 0.75 and ROW.auprc == pytest.approx((1 + 2 / 3) / 2)
    logarithms = np.log1p(np.exp([-2.0, 1.0, 1.0, -2.0]))
    assert ROW.select_loss == pytest.approx(logarithms.mean())


def test_first_of_equal_epochs_is_kept() -> None:
    assert kept_epoch(history(0.5, 0.9, 0.9, 0.7), train()) == 2
    assert kept_epoch(history(0.5, 0.9), train(keep="last")) == 2
    assert figures([ROW], train(keep="last")) == [-ROW.select_loss]


def test_run_stops_after_so_many_epochs_without_gain() -> None:
    recipe = train(early_stop=2)
    assert not is_over(history(0.5, 0.6, 0.6), recipe)
    assert is_over(history(0.5, 0.6, 0.6, 0.6), recipe)
    assert not is_over(history(0.5, 0.6, 0.6, 0.7), recipe)
    assert not is_over(history(0.9, *[0.5] * 8), train()) and is_over(history(*[0.5] * 10), train())
    assert not is_over([], recipe)


def test_what_is_to_be_unfrozen_gets_its_turn_before_a_run_stops() -> None:
    recipe = train(early_stop=2, unfreeze_epoch=5)
    assert not is_over(history(0.9, *[0.5] * 5), recipe)
    assert is_over(history(0.9, *[0.5] * 6), recipe)


def test_select_loss_that_is_no_number_is_refused() -> None:
    with pytest.raises(Diverged):
        judge(np.array([np.nan] * 4), TRUTH, FilmLoss(), epoch=1, fitted=0.5, learning_rate=0.1, seconds=1.0)
