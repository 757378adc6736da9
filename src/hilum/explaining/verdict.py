"""What follows from the measures of a map; thresholds as in docs/reference/maps.md."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from hilum.explaining.faithfulness import ALL_FILMS, CENTRE_BLOB, RANDOM, Gain, Randomisation, Verdict
from hilum.metrics import Estimate
from hilum.modelfolder.schema import FailedTest

MOST_SIMILAR: Final = 0.5
"""A map that keeps this rank correlation, of values or of their sizes, with that of a network whose weights are all
random tells of the film, or of the architecture, and not of what the model has learned; docs/reference/maps.md says
how the number was chosen."""

FEWEST_FILMS: Final = 8
"""With fewer, chance alone makes nearly any map no better than a random one: that fails none."""


def verdict_of(gains: Sequence[Gain], randomisation: Randomisation | None, notes: Sequence[str] = ()) -> Verdict:
    """What follows from the measures, and from what is known beside them."""
    gain = next((one for one in gains if (one.control, one.films) == (RANDOM, ALL_FILMS)), None)
    stays, (no_better, unknown) = _stays(randomisation), _against_random(gain)
    tests: tuple[tuple[FailedTest, list[str]], ...] = (("randomisation", stays), ("random maps", no_better))
    return Verdict(
        reasons=(*stays, *no_better),
        notes=(*notes, *_notes(gains, randomisation)),
        failed=tuple(test for test, reasons in tests if reasons),
        unknown=tuple(unknown),
        films=gain.number if gain else 0,
    )


def _stays(randomisation: Randomisation | None) -> list[str]:
    """Why the randomisation test says no; empty where it does not."""
    if randomisation is None:
        return []
    pairs = (("", randomisation.last.rank), ("of sizes ", randomisation.last.sizes))
    found = [f"{kind}{one.text(2)}" for kind, one in pairs if _upper_end(one) >= MOST_SIMILAR]
    stays = (
        f"with all weights random it stays much as it was (rank correlation {', '.join(found)}; all of it should lie "
    )
    return [f"{stays}below {MOST_SIMILAR:g}): it does not show what the model has learned"] if found else []


def _upper_end(likeness: Estimate) -> float:
    """Of the interval; the value itself where there is none, and 0 where both maps are always flat."""
    return likeness.high if likeness.high is not None else likeness.value or 0.0


def _against_random(gain: Gain | None) -> tuple[list[str], list[str]]:
    """Which of the two curves is not shown to be better than those of a random map, and which cannot be judged."""
    found = (("covering", "deletion", gain.deletion), ("uncovering", "insertion", gain.insertion)) if gain else ()
    reasons, unknown = list[str](), list[str]()
    for doing, name, one in found:
        if not is_above_zero(one):
            too_few = (gain is not None and gain.number < FEWEST_FILMS) or _has_no_spread(one)
            (unknown if too_few else reasons).append(
                f"{doing} what it points at is not shown to move the answer more than a random map does "
                f"({name}: gain {one.text(3)})"
            )
    return reasons, unknown


def _has_no_spread(gain: Estimate) -> bool:
    """True where a gain has no interval that could speak against it; one that is none speaks for itself."""
    return gain.low is None and (gain.value is None or gain.value > 0)


def _notes(gains: Sequence[Gain], randomisation: Randomisation | None) -> list[str]:
    """What must be said beside the verdict."""
    notes = [_note(gain) for gain in gains if gain.control == CENTRE_BLOB or gain.films != ALL_FILMS]
    untested = [] if randomisation else ["the randomisation test was not made"]
    return [*untested, *filter(None, notes)]


def _note(gain: Gain) -> str:
    names = [name for name in ("deletion", "insertion") if not is_above_zero(getattr(gain, name))]
    if not names:
        return ""
    control = "a blob in the centre of the film" if gain.control == CENTRE_BLOB else "a random map"
    whom = "" if gain.films == ALL_FILMS else f" on films {gain.films}"
    said = f"better than {control} in {' and '.join(names)}{whom}"
    return f"not shown to be {said}: too few films ({gain.number})" if gain.number < FEWEST_FILMS else f"not {said}"


def is_above_zero(gain: Estimate) -> bool:
    """True where the whole 95 % interval lies above 0."""
    return gain.low is not None and gain.low > 0
