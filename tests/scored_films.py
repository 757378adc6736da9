"""Films drawn by hypothesis: scores with many ties, and a truth."""

from __future__ import annotations

import numpy as np
from hypothesis import strategies as st

from hilum.metrics.arrays import Booleans, Floats

PROBABILITIES = st.one_of(st.sampled_from([0.0, 0.2, 0.5, 0.7, 1.0]), st.floats(0, 1, allow_subnormal=False))


@st.composite
def scored_films(draw: st.DrawFn, both_classes: bool = False) -> tuple[Floats, Booleans]:
    """Probabilities and truth of 1 to 60 films, with ties; on request at least one film of each class."""
    first = [True, False] if both_classes else []
    truth = first + draw(st.lists(st.booleans(), min_size=0 if first else 1, max_size=58))
    probability = draw(st.lists(PROBABILITIES, min_size=len(truth), max_size=len(truth)))
    return np.array(probability), np.array(truth)
