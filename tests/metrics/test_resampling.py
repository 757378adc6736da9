from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from hilum.errors import HilumError
from hilum.metrics import Resampling, auroc, resample_patients
from hilum.metrics import resampling as resampling_module
from hilum.metrics.arrays import Booleans, Floats
from hilum.metrics.resampling import LEFT_OUT


def _weights(resampling: Resampling) -> Floats:
    return np.concatenate(list(resampling.blocks()))


def _films(seed: int = 0, patients: int = 30) -> tuple[Floats, Booleans, np.ndarray]:
    generator = np.random.default_rng(seed)
    group = np.repeat(np.arange(patients), generator.integers(1, 5, patients))
    truth = group % 2 == 0
    return generator.normal(truth * 1.0, 1), truth, group


def test_all_films_of_a_patient_are_drawn_together() -> None:
    _, truth, group = _films()
    weights = _weights(resample_patients(group, truth, draws=50))
    for patient in np.unique(group):
        of_patient = weights[:, group == patient]
        assert (of_patient == of_patient[:, :1]).all()


@given(st.integers(1, 40), st.data())
def test_each_class_keeps_its_number_of_patients(films: int, data: st.DataObject) -> None:
    group = data.draw(arrays(np.int64, films, elements=st.integers(0, 10)))
    truth = group % 3 == 0
    weights = _weights(resample_patients(group, truth, draws=5))
    _, first_film = np.unique(group, return_index=True)
    for of_class in (truth, ~truth):
        patients = [film for film in first_film if of_class[film]]
        assert (weights[:, patients].sum(axis=1) == len(patients)).all()


def test_a_patient_with_films_of_both_classes_ends_the_stratification() -> None:
    resampling = resample_patients([1, 1, 2, 3], [True, False, True, False], draws=200)
    assert not resampling.is_stratified
    assert "stratified" not in resampling.method
    weights = _weights(resampling)
    assert (weights[:, [0, 2, 3]].sum(axis=1) == 3).all()
    assert len(np.unique(weights[:, 3])) > 1


def test_the_same_seed_gives_the_same_draws_whatever_the_block(monkeypatch: pytest.MonkeyPatch) -> None:
    _, truth, group = _films()
    whole = resample_patients(group, truth, draws=40, seed=7)
    first = _weights(whole)
    np.testing.assert_array_equal(first, _weights(whole))
    assert (first != _weights(resample_patients(group, truth, draws=40, seed=8))).any()
    monkeypatch.setattr(resampling_module, "_BLOCK", 4 * len(group))
    in_blocks = list(whole.blocks())
    assert [len(block) for block in in_blocks] == [4] * 10


def test_draws_agree_with_a_plain_loop_over_copied_films() -> None:
    score, truth, group = _films(seed=3)
    weights = _weights(resample_patients(group, truth, draws=30))
    figures = auroc(score, truth, weights)
    for row, figure in zip(weights, figures, strict=True):
        copies = [film for film, times in enumerate(row) for _ in range(int(times))]
        won = [
            (score[one] > score[other]) + (score[one] == score[other]) / 2
            for one in copies
            if truth[one]
            for other in copies
            if not truth[other]
        ]
        assert figure == pytest.approx(np.mean(won), abs=1e-12)


def test_patients_are_drawn_evenly() -> None:
    _, truth, group = _films(patients=10)
    mean = _weights(resample_patients(group, truth, draws=20_000)).mean(axis=0)
    np.testing.assert_allclose(mean, 1, atol=0.03)  # about four standard errors


def test_no_draw_is_no_bootstrap() -> None:
    with pytest.raises(HilumError, match="Got 0 draws"):
        resample_patients([1, 2], [True, False], draws=0)


def test_the_jackknife_leaves_out_one_patient_at_a_time() -> None:
    resampling = resample_patients([7, 7, 9, 11], [True, True, False, False])
    rows = np.concatenate(list(resampling.left_out()))
    assert rows.tolist() == [[0, 0, 1, 1], [1, 1, 0, 1], [1, 1, 1, 0]]
    assert resampling.part_strata.tolist() == [0, 1, 1]


def test_many_patients_are_left_out_several_at_a_time_within_their_class() -> None:
    truth = np.arange(4000) < 1500
    resampling = resample_patients(np.arange(4000), truth, draws=1)
    parts = resampling.parts
    assert np.bincount(parts).max() - np.bincount(parts).min() <= 2
    assert len(resampling.part_strata) == 2 * LEFT_OUT
    np.testing.assert_array_equal(resampling.part_strata[parts], resampling.stratum)
    assert sum(int((1 - rows).sum()) for rows in resampling.left_out()) == 4000
