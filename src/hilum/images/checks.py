"""What can be told of a picture without a network: that it cannot be a chest film, and why, in words."""

from __future__ import annotations

import numpy as np
from PIL import Image

from hilum.images.film import Film, Pixels
from hilum.images.grey import STRETCHED

SMALLEST_SIDE_PX = 32
"""Of the shorter side. Below it a rib is less than a pixel wide."""

LARGEST_ASPECT = 4.0
"""Longer over shorter side. The films that hilum was made with reach 2.9."""

LEAST_CONTRAST = 24
"""Grey levels between the darkest and the brightest twentieth; 5,232 development films have 82 and more."""

LEAST_SHARE = 0.25
"""Of the picture's area that is not empty margin: a film of the largest aspect on a square page, or one that fills half
of each side, holds a quarter. 5,232 development films fill 0.79 and more."""

MOST_COLOURFUL = 8.0
"""Grey levels beyond one tint in a tenth of the picture, or beyond grey in a fifth; a grey film has 0."""

_LOOKED_AT_PX = 512
_EMPTY_LINE = 12  # grey levels between darkest and brightest of a line of margin: more than JPEG leaves


def check_film(film: Film) -> tuple[str, ...]:
    """Every reason why this cannot be assessed as a chest film, as sentences; empty for a film that may be one.

    Only what no chest film shows is refused here. The limits stand beside the extremes of real films that they were
    set by; docs/reference/gate.md gives them all.
    """
    pixels = _reduced(film.pixels)
    reasons = (
        _tiny(film),
        _extreme(film),
        _colourful(film),
        _blank(film, pixels) or _striped(pixels) or _mostly_margin(pixels),
    )
    return tuple(reason for reason in reasons if reason)


def _tiny(film: Film) -> str:
    if min(film.width_px, film.height_px) >= SMALLEST_SIDE_PX:
        return ""
    return f"It is tiny: {film.width_px} x {film.height_px} px, and a film has {SMALLEST_SIDE_PX} px a side or more."


def _extreme(film: Film) -> str:
    aspect = max(film.width_px, film.height_px) / min(film.width_px, film.height_px)
    if aspect <= LARGEST_ASPECT:
        return ""
    return f"It is a strip: one side is {aspect:.1f} times the other, and no film has more than {LARGEST_ASPECT:g}."


def _colourful(film: Film) -> str:
    return "It is a coloured picture, and a film is grey." if film.colourfulness > MOST_COLOURFUL else ""


def _blank(film: Film, pixels: Pixels) -> str:
    darkest, brightest = np.percentile(pixels, [5, 95])
    if brightest - darkest >= LEAST_CONTRAST:
        return ""
    told = f"It is blank: nine tenths of it lie within {brightest - darkest:.0f} grey levels."
    stretch = next((note for note in film.notes if note.startswith(STRETCHED)), "")
    if not stretch:
        return told
    return f"{told} {stretch} A burnt-in mark far beyond all other values can do that; then export it as 8 bits."


def _striped(pixels: Pixels) -> str:
    """A picture that changes along one side only has lines without contrast everywhere, and no margin."""
    if all(_span(np.ptp(pixels, axis=axis)) for axis in (0, 1)):
        return ""
    return "It is a gradient or a row of stripes: its grey changes along one side only."


def _mostly_margin(pixels: Pixels) -> str:
    share = _span(np.ptp(pixels, axis=1)) * _span(np.ptp(pixels, axis=0))
    if share >= LEAST_SHARE:
        return ""
    return f"It is mostly empty margin: only {share:.0%} of it hold a picture. Crop the film out of its page."


def _span(contrast: Pixels) -> float:
    """Share of the lines from the first to the last that are not empty."""
    lines = np.flatnonzero(contrast > _EMPTY_LINE)
    return float(lines[-1] - lines[0] + 1) / len(contrast) if len(lines) else 0.0


def _reduced(pixels: Pixels) -> Pixels:
    """At most about 1,000 px a side: the checks need no more, and a film of 64 MP would cost a second."""
    factor = min(pixels.shape) // _LOOKED_AT_PX
    return np.asarray(Image.fromarray(pixels).reduce(factor)) if factor > 1 else pixels
