"""Many small grey pictures as one: the contact sheet of a layer, and that of films."""

from __future__ import annotations

import io
import math
from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt
from PIL import Image, features

_LOSSLESS_TO_PX: Final = 32
_GAP_PX: Final = 1


@dataclass(frozen=True, slots=True)
class Sheet:
    """Tiles of one size in rows, one black pixel between them, as the bytes of a picture file.

    Args:
        content: the file.
        kind: "webp" or "png".
        tiles: how many.
        columns: tiles in a row.
        tile_px: (height, width) of each.
    """

    content: bytes
    kind: str
    tiles: int
    columns: int
    tile_px: tuple[int, int]

    @property
    def step_px(self) -> tuple[int, int]:
        """(down, across) from one tile to the next."""
        return self.tile_px[0] + _GAP_PX, self.tile_px[1] + _GAP_PX

    @property
    def size_px(self) -> tuple[int, int]:
        """(height, width) of the whole."""
        rows = math.ceil(self.tiles / self.columns)
        return rows * self.step_px[0] - _GAP_PX, self.columns * self.step_px[1] - _GAP_PX

    def unpacked(self) -> npt.NDArray[np.uint8]:
        """(n, height, width) the tiles again; of large ones, nearly the same values."""
        grey = np.asarray(Image.open(io.BytesIO(self.content)).convert("L"))
        height, width = self.tile_px
        places = (divmod(tile, self.columns) for tile in range(self.tiles))
        corners = [(row * self.step_px[0], column * self.step_px[1]) for row, column in places]
        return np.stack([grey[top : top + height, left : left + width] for top, left in corners])


def as_sheet(tiles: npt.NDArray[np.uint8], quality: int = 88) -> Sheet:
    """Pack (n, height, width) uint8 tiles, about as wide as high; small tiles without loss."""
    count, height, width = tiles.shape
    columns = math.ceil(math.sqrt(count))
    rows = math.ceil(count / columns)
    framed = np.zeros((rows * columns, height + _GAP_PX, width + _GAP_PX), np.uint8)
    framed[:count, :height, :width] = tiles
    grid = framed.reshape(rows, columns, height + _GAP_PX, width + _GAP_PX).swapaxes(1, 2)
    whole = grid.reshape(rows * (height + _GAP_PX), columns * (width + _GAP_PX))[:-_GAP_PX, :-_GAP_PX]
    kind = "webp" if features.check("webp") else "png"
    is_small = max(height, width) <= _LOSSLESS_TO_PX
    return Sheet(_encoded(np.ascontiguousarray(whole), kind, is_small, quality), kind, count, columns, (height, width))


def _encoded(grey: npt.NDArray[np.uint8], kind: str, is_lossless: bool, quality: int) -> bytes:
    content = io.BytesIO()
    if kind == "png":
        Image.fromarray(grey).save(content, "PNG", optimize=True)
    else:
        Image.fromarray(grey).save(
            content, "WEBP", lossless=is_lossless, quality=60 if is_lossless else quality, method=3
        )
    return content.getvalue()
