"""What the types of a manifest cannot say: values of a map that no film could be drawn with."""

from __future__ import annotations

from typing import Final

import numpy as np

from hilum.attribution.places import Places
from hilum.errors import HilumError
from hilum.modelfolder.schema import Manifest, NormalMap

AGAIN: Final = "Copy or export the model again."

LONGEST_STEP_PX: Final = 65536.0
"""Beyond any network's; a step without end leaves a film no place to look at."""


def require_sound_maps(manifest: Manifest, name: str) -> None:
    """Refuse places and levels of a map that hilum does not write.

    Args:
        name: how an error calls the file.

    Raises:
        HilumError: a step that leads nowhere, a first place off the film, or a mean map that is no map.
    """
    if manifest.map_places is not None:
        _require_places(manifest.map_places, manifest.side, name)
    if manifest.normal_map is not None:
        _require_level(manifest.normal_map, name)


def _require_places(places: Places, side: int, name: str) -> None:
    # Neighbouring places are a pixel or more apart: a finer map than the film there is none.
    if not 1 <= places.step_px <= LONGEST_STEP_PX:
        raise _wrong(name, "map_places.step_px", f"it is {places.step_px:g}", f"1 to {LONGEST_STEP_PX:g} pixels")
    if not -side <= places.first_px <= side:
        raise _wrong(name, "map_places.first_px", f"it is {places.first_px:g}", f"{-side} to {side} pixels")


def _require_level(level: NormalMap, name: str) -> None:
    widths = {len(row) for row in level.rows}
    if len(widths) != 1 or not min(widths):
        shape = "has no place" if not any(widths) else f"has rows of {min(widths)} and of {max(widths)} places"
        raise _wrong(name, "normal_map.rows", f"it {shape}", "rows of one length, of one place or more")
    # Read as float32, a number beyond its largest would be infinite, and every map with it.
    if np.abs(level.rows).max() > np.finfo(np.float32).max:
        raise _wrong(name, "normal_map.rows", "it has a number beyond 3.4e38", "evidence in single precision")
    if level.films < 1:
        raise _wrong(name, "normal_map.films", f"it is {level.films}", "1 or more")


def _wrong(name: str, where: str, how: str, expected: str) -> HilumError:
    return HilumError(f"'{name}' has a wrong value: '{where}': {how}.", expected=expected, do=AGAIN)
