"""What TIFF tags say that Pillow leaves unsaid: polarity and sign of the stored values, and the size of a tile."""

from __future__ import annotations

from typing import Any

from PIL import Image
from PIL.TiffImagePlugin import TiffImageFile

from hilum.errors import HilumError

_PHOTOMETRIC, _TILE_WIDTH, _TILE_LENGTH, _SAMPLE_FORMAT = 262, 322, 323, 339
_WHITE_IS_ZERO, _UNSIGNED, _SIGNED = 0, 1, 2


def require_clear_tags(image: Image.Image, shown: str) -> None:
    """Refuse a TIFF whose tags leave the grey value of a pixel open; other formats pass.

    Raises:
        HilumError: no tag says whether 0 is black or white, or 8-bit values are signed (Pillow reads them unsigned).
    """
    if not isinstance(image, TiffImageFile):
        return
    unclear = ""
    if _tag(image, _PHOTOMETRIC) is None:
        unclear = "does not say whether 0 is black or white (tag 262 is missing)"
    elif _tag(image, _SAMPLE_FORMAT) == _SIGNED and image.mode == "L":
        unclear = "holds signed 8-bit values"
    if unclear:
        raise HilumError(
            f"The TIFF file '{shown}' {unclear}.",
            expected="unsigned grey or colour values of known polarity",
            do="Export it as PNG with the program that wrote it.",
        )


def tile_size(image: Image.Image) -> tuple[int, int]:
    """(width, height) in px that the decoder holds at a time, which the file can set far larger than its picture."""
    if not isinstance(image, TiffImageFile):
        return image.size
    width, height = (_tag(image, number, 0) for number in (_TILE_WIDTH, _TILE_LENGTH))
    return (width, height) if isinstance(width, int) and isinstance(height, int) else (0, 0)


def is_white_zero(image: Image.Image) -> bool:
    """True where 0 is white; Pillow inverts such files up to 8 bits, but not with 16 bits or floating point."""
    return isinstance(image, TiffImageFile) and _tag(image, _PHOTOMETRIC) == _WHITE_IS_ZERO


def is_unsigned(image: Image.Image) -> bool:
    """True where whole numbers are unsigned; Pillow shows 32 of their bits as signed."""
    return isinstance(image, TiffImageFile) and _tag(image, _SAMPLE_FORMAT, _UNSIGNED) == _UNSIGNED


def _tag(image: TiffImageFile, number: int, default: Any = None) -> Any:
    """The value of a tag, the first of several."""
    value = image.tag_v2.get(number, default)
    return value[0] if isinstance(value, tuple) and value else value
