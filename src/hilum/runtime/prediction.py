"""What is said of one film."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Status = Literal["answered", "not assessed", "unreadable"]


@dataclass(frozen=True, slots=True)
class Assessment:
    """What a model's graph and the checks before it give for one path; whether that is an answer is decided later.

    Args:
        path: the film as it was named.
        problem: the sentence that says why it cannot be read; all that follows is then empty.
        logit: the graph's own output, also for a picture that is refused.
        distance: from the fit films; None where the model has no gate.
        reasons: why this is no chest film that the model could assess, a sentence each; empty where it may be one.
        warning: the sentence that says how it is unlike the training films; empty where it is like them, or refused.
        notes: what was learned while reading the film.
    """

    path: str
    problem: str = ""
    logit: float | None = None
    distance: float | None = None
    reasons: tuple[str, ...] = ()
    warning: str = ""
    notes: tuple[str, ...] = ()

    @property
    def status(self) -> Status:
        """ "answered", "not assessed" for what is no chest film, or "unreadable"."""
        if self.problem:
            return "unreadable"
        return "not assessed" if self.reasons else "answered"


@dataclass(frozen=True, slots=True)
class Prediction:
    """An answer, or the reason why there is none.

    Args:
        path: the film as it was named.
        status: "answered"; "not assessed" where it is refused as no chest film; "unreadable" where it cannot be read.
        probability: calibrated probability of pneumonia, at the prevalence of the calibrate patients.
        logit: the graph's own output.
        decision: "pneumonia" or "normal" at the operating point; "not assessed" where there is a problem.
        answers: those that the conformal sets leave open: one, or both or none, which mean "I do not know"; None where
            the model has no such sets, or gives no answer.
        warning: how the film is unlike the training films; empty where it is like them.
        distance: from the fit films; None where the model has no gate, or the film cannot be read.
        notes: what was learned while reading the film.
        problem: the sentence that says why the film was not assessed.
        reasons: of a refusal, a sentence each.
        site_probability: the probability at the prevalence of the site; None where none is stated.
    """

    path: str
    status: Status
    probability: float | None = None
    logit: float | None = None
    decision: str = "not assessed"
    answers: tuple[str, ...] | None = None
    warning: str = ""
    distance: float | None = None
    notes: tuple[str, ...] = ()
    problem: str = ""
    reasons: tuple[str, ...] = ()
    site_probability: float | None = None

    @property
    def is_known(self) -> bool:
        """False where the answer is "I do not know"."""
        return self.answers is None or len(self.answers) == 1

    @property
    def answer_set(self) -> str:
        """The answers left open, in words; empty where there is no answer or the model has no such sets.

        >>> Prediction("a.png", "answered", answers=("pneumonia", "normal")).answer_set
        'both: I do not know'
        """
        if self.answers is None:
            return ""
        return self.answers[0] if self.is_known else f"{'both' if self.answers else 'none'}: I do not know"
