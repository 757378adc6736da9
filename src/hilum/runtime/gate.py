"""Whether a picture may be assessed: the checks on the film, and its distance from the training films."""

from __future__ import annotations

from hilum.images import Film, check_film
from hilum.modelfolder import Gate

NO_GATE = (
    "The model folder has no gate: a picture that is no chest film is answered too, unless it is blank, coloured, "
    "tiny, a strip or mostly margin."
)
INVERTED = "Black and white look exchanged in it: inverted, it would be assessed."


def refusals(film: Film, distance: float | None, gate: Gate | None) -> tuple[str, ...]:
    """The reasons against assessing a film, a sentence each; what a check can name is not told by its distance again.

    Args:
        distance: the graph's `feature_distance`; None without a gate.
    """
    reasons = check_film(film)
    if reasons or gate is None or distance is None or not distance > gate.refuse_above:
        return reasons
    return (
        f"It does not look like a chest film: its distance from the training films is {distance:.2f}, "
        f"and {gate.refuse_above:.2f} is the limit.",
    )


def warning(distance: float | None, gate: Gate | None) -> str:
    """The sentence on a film that is unlike the training films; empty for one that is like them."""
    if gate is None or distance is None or not distance > gate.warn_above:
        return ""
    return (
        f"It is unlike the training films: its distance is {distance:.2f}, and 99 of 100 patients like theirs "
        f"have films below {gate.warn_above:.2f}. The answer may be wrong more often than the figures of the model say."
    )
