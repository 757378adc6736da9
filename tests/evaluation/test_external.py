"""Internal and external figures side by side."""

from __future__ import annotations

from dataclasses import replace

import pytest

from hilum.errors import HilumError
from hilum.evaluation import with_fall
from stand_ins import reference_evaluation

INTERNAL = reference_evaluation()
EXTERNAL = replace(INTERNAL, films=replace(INTERNAL.films, data_name="nih", part="all"))


def test_fall_is_the_difference_with_its_interval() -> None:
    fall = with_fall(EXTERNAL, INTERNAL).fall
    assert fall is not None and fall.auroc[0] == INTERNAL.scores.auroc
    value, low, high = (getattr(fall.auroc[1], part) for part in ("value", "low", "high"))
    assert value == 0 and low < 0 < high


def test_no_predictive_value_stands_at_the_prevalence_of_gathered_films() -> None:
    own = INTERNAL.films.pneumonia.films / INTERNAL.films.every.films
    stated = [one.prevalence for one in with_fall(EXTERNAL, INTERNAL).primary.predictive_values]
    precision = with_fall(EXTERNAL, INTERNAL).primary.precision
    assert precision.value is None and precision.method.startswith("not stated")
    assert own in [one.prevalence for one in INTERNAL.primary.predictive_values] and own not in stated


@pytest.mark.parametrize(
    ("internal", "words"),
    [
        (
            replace(INTERNAL, model=replace(INTERNAL.model, model_hash="e" * 64)),
            r"another model, 'mobilenetv2-frozen' \(eeee",
        ),
        (replace(EXTERNAL, films=replace(EXTERNAL.films, data_name="nih")), "both are on 'nih'"),
        (replace(INTERNAL, model=replace(INTERNAL.model, is_leaky=True)), "it leaks"),
        (
            replace(INTERNAL, films=replace(INTERNAL.films, part="val")),
            "not those that the protocol 'official' held back",
        ),
    ],
)
def test_what_cannot_stand_beside_it_is_refused(internal: object, words: str) -> None:
    with pytest.raises(HilumError, match=words):
        with_fall(EXTERNAL, internal)  # type: ignore[arg-type]
