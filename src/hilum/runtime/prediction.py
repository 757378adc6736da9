"""What is said of one film."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Prediction:
    """An answer, or the reason why there is none.

    Args:
        path: the film as it was named.
        probability: calibrated probability of pneumonia, at the prevalence of the calibrate patients.
        logit: the graph's own output.
        decision: "pneumonia" or "normal" at the operating point; "not assessed" where there is a problem.
        notes: what was learned while reading the film.
        problem: the sentence that says why the film was not assessed.
    """

    path: str
    probability: float | None = None
    logit: float | None = None
    decision: str = "not assessed"
    notes: tuple[str, ...] = ()
    problem: str = ""
