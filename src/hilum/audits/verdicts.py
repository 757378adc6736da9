"""A figure in words: one line a finding, the same words for the same figures in every audit."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final, Literal

from hilum.metrics import Estimate

TELLS: Final = 0.7
"""An AUROC from which something that shows no lung counts as a shortcut."""
GIVES_AWAY: Final = 0.9
"""And from which it gives the class away."""

Level = Literal["gives the class away", "shortcut", "trace", "nothing", "not settled", "same in all", "not tried"]

_MEANING: Final[dict[Level, str]] = {
    "gives the class away": "nearly as good as a model, though it shows no finding",
    "shortcut": "a model that sees it can be right for the wrong reason",
    "trace": "a little of the class shows",
    "nothing": "no trace of the class that these films could show",
    "not settled": "too few films to say",
    "same in all": "the same in every film, so that it cannot tell",
    "not tried": "there was nothing to look at",
}


def level_of(auroc: Estimate) -> Level:
    """What an AUROC of a probe amounts to: the figure decides, and its interval must bear it out.

    A shortcut's interval must exclude chance, so that few films accuse nobody; what gives the class away must be a
    shortcut with its whole interval. A sure sign in half of a class reaches no more than 0.75.

    >>> level_of(Estimate(0.97, 0.96, 0.98, "")), level_of(Estimate(0.75, 0.45, 0.95, ""))
    ('gives the class away', 'not settled')
    """
    if auroc.value is None or auroc.low is None or auroc.high is None:
        return "not settled"
    if auroc.value > GIVES_AWAY and auroc.low > TELLS:
        return "gives the class away"
    if auroc.value > TELLS and auroc.low > 0.5:
        return "shortcut"
    if auroc.low > 0.5:
        return "trace"
    return "not settled" if auroc.high > TELLS else "nothing"


def meaning_of(level: Level) -> str:
    """What the level means for a model."""
    return _MEANING[level]


def shift_verdict(auroc: Estimate, control: Sequence[float]) -> str:
    """What a domain AUROC means beside those of contiguous blocks of the training films.

    >>> shift_verdict(Estimate(0.9, 0.88, 0.92, ""), [0.55, 0.6])
    'shifted: further from the training films than any block of them is'
    """
    if auroc.value is None or auroc.low is None:
        return "not settled: too few films"
    if not control:
        return "told apart from the training films; no control" if auroc.low > 0.5 else "not told apart; no control"
    if auroc.low > max(0.5, *control):
        return "shifted: further from the training films than any block of them is"
    if auroc.low > 0.5:
        return "told apart, but no better than a block of the training films is"
    return "not told apart from the training films"


def hidden_verdict(hidden: Estimate) -> str:
    """What a model's AUROC with the lungs hidden means."""
    if hidden.value is None or hidden.low is None:
        return "not settled: too few films"
    if hidden.low > TELLS:
        return "still tells the classes apart without the lungs: what lies around them decides too"
    if hidden.low > 0.5:
        return "keeps a trace of the class without the lungs"
    return "tells nothing without the lungs, as it should"


def alone_verdict(alone: Estimate, lost: Estimate) -> str:
    """What a model's AUROC with nothing but the lungs means; `lost` is how much the whole film has above it."""
    if alone.value is None or lost.value is None or lost.low is None:
        return "not settled: too few films"
    if lost.low > 0:
        return f"loses {lost.value:.3f} of AUROC when only the lungs are shown"
    return "does as well with the lungs alone"
