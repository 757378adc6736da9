from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from hilum.errors import HilumError
from hilum.metrics import net_benefit
from hilum.metrics.arrays import Booleans, Floats
from reference_films import REFERENCE
from scored_films import scored_films


def test_net_benefit_by_hand() -> None:
    # At 0.25 a false alarm costs a third of a found pneumonia: (2 - 1/3) / 4 for the model, (2 - 2/3) / 4 for all.
    found = net_benefit([0.9, 0.3, 0.6, 0.1], [True, True, False, False], 0.25)
    assert found.model == pytest.approx([5 / 12])
    assert found.treat_all == pytest.approx([1 / 3])


@given(scored_films(both_classes=True), st.floats(0.01, 0.99))
def test_weights_repeat_films(films: tuple[Floats, Booleans], threshold: float) -> None:
    probability, truth = films
    times = np.random.default_rng(0).integers(1, 4, len(truth))
    repeated = net_benefit(np.repeat(probability, times), np.repeat(truth, times), threshold)
    weighted = net_benefit(probability, truth, [threshold], weights=times)
    np.testing.assert_allclose(weighted.model, repeated.model, atol=1e-12)
    np.testing.assert_allclose(weighted.treat_all, repeated.treat_all, atol=1e-12)


def test_the_films_own_prevalence_changes_nothing() -> None:
    probability, truth, cuts = REFERENCE.probability["fine_tuned"], REFERENCE.is_pneumonia, np.linspace(0.01, 0.99, 50)
    own, stated = net_benefit(probability, truth, cuts), net_benefit(probability, truth, cuts, prevalence=truth.mean())
    np.testing.assert_allclose(own.model, stated.model, atol=1e-12)
    np.testing.assert_allclose(own.treat_all, stated.treat_all, atol=1e-12)


def test_rows_of_weights_and_thresholds_make_a_table() -> None:
    found = net_benefit([0.9, 0.1], [True, False], [0.2, 0.5, 0.7], weights=np.ones((4, 2)))
    assert found.model.shape == found.treat_all.shape == (4, 3)


@pytest.mark.parametrize("threshold", [0.0, 1.0, -0.1])
def test_the_ends_are_no_thresholds(threshold: float) -> None:
    with pytest.raises(HilumError, match="for a decision curve"):
        net_benefit([0.9, 0.1], [True, False], threshold)
