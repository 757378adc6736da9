"""The one way from a file or its bytes to a grey film."""

from __future__ import annotations

import io
import logging
import struct
import warnings
import zlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import PIL.ImageFile
from PIL import Image
from PIL.BmpImagePlugin import BmpImageFile
from PIL.ImageFile import ImageFile
from PIL.JpegImagePlugin import jpeg_factory
from PIL.PngImagePlugin import PngImageFile
from PIL.TiffImagePlugin import TiffImageFile

from hilum.errors import HilumError
from hilum.files import printable
from hilum.images import tiff
from hilum.images.colour import colourfulness
from hilum.images.content import format_of, read_content, require_few_scans, require_size
from hilum.images.film import DEFAULT_LIMITS, Film, Limits, Pixels
from hilum.images.grey import to_grey

# Pillow remarks on odd metadata through warnings and its log. What matters of it becomes a HilumError or a note here.
# One filter for good, because warnings.catch_warnings around each film is not safe with threads.
warnings.filterwarnings("ignore", category=UserWarning, module=r"PIL\.")
logging.getLogger("PIL").addHandler(logging.NullHandler())

# The plugins themselves, not Image.open: that warns of large pictures before our limit can refuse them, and turns an
# error of the one plugin that fits into "cannot identify image file".
_OPENERS: dict[str, Callable[[io.BytesIO], ImageFile]] = {
    "JPEG": jpeg_factory,
    "PNG": PngImageFile,
    "TIFF": TiffImageFile,
    "BMP": BmpImageFile,
}
_USUAL_SUFFIXES = {
    "JPEG": {".jpg", ".jpeg", ".jpe", ".jfif"},
    "PNG": {".png"},
    "TIFF": {".tif", ".tiff"},
    "BMP": {".bmp"},
}

_ORIENTATION = 0x0112
_TURNS = {
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_270,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_90,
}

# The first four came up in 300,000 mutated files, the others stand in the sources of the four plugins.
_DAMAGE = (
    OSError,
    SyntaxError,
    ValueError,
    TypeError,
    AssertionError,
    EOFError,
    LookupError,
    OverflowError,
    struct.error,
    zlib.error,
    Image.DecompressionBombError,
    UserWarning,  # where the whole process runs with -W error
)


def read_film(source: Path | bytes, *, name: str | None = None, limits: Limits = DEFAULT_LIMITS) -> Film:
    """The film in a JPEG, PNG, TIFF or BMP file as an upright grey picture, decoded in full.

    docs/reference/preprocessing.md says for every kind of file what grey value a pixel gets.

    Args:
        source: a file, or the bytes of one.
        name: what errors call the source; the path where none is given.
        limits: the largest file and picture, both checked before decoding.

    Raises:
        HilumError: no such file, no regular file, empty, too large, another format, damaged, more than one picture
            in it. The text names the file, what was found, what was expected and what to do.
    """
    shown = printable(name or ("the image" if isinstance(source, bytes) else source))
    content = source if isinstance(source, bytes) else read_content(Path(source), shown, limits)
    require_size(len(content), shown, limits)
    source_format = format_of(content, shown)
    if source_format == "JPEG":
        require_few_scans(content, shown)
    with _damage_explained(shown, source_format):
        return _decode(content, source_format, shown, limits)


def _decode(content: bytes, source_format: str, shown: str, limits: Limits) -> Film:
    image = _OPENERS[source_format](io.BytesIO(content))
    _require_one_picture(image, shown)
    _require_pixels(image.size, shown, limits)
    _require_pixels(tiff.tile_size(image), shown, limits)
    tiff.require_clear_tags(image, shown)
    mode, notes = image.mode, _notes_before_loading(image, source_format, shown)
    orientation = _load(image, notes)
    strayed = colourfulness(image)
    pixels, grey_notes = to_grey(image, shown)
    if not isinstance(image, TiffImageFile):  # Pillow turns a TIFF while loading it
        pixels = _turned(pixels, orientation)
    pixels.flags.writeable = False
    return Film(pixels, source_format, mode, (*notes, *grey_notes), strayed)


def _load(image: ImageFile, notes: list[str]) -> int:
    """Decode every pixel; gives back the orientation from 1 to 8."""
    orientation = _orientation(image, notes) if isinstance(image, TiffImageFile) else 1
    # For the whole process, and WeasyPrint sets it as it is imported: half a film would then be filled up with black.
    PIL.ImageFile.LOAD_TRUNCATED_IMAGES = False
    image.load()
    if not isinstance(image, TiffImageFile):
        orientation = _orientation(image, notes)  # only now: PNG may hold its EXIF behind the pixels
    return orientation


def _orientation(image: ImageFile, notes: list[str]) -> int:
    try:
        orientation = image.getexif().get(_ORIENTATION, 1)
    except _DAMAGE:
        notes.append("The EXIF data are damaged; the picture was left as it is stored.")
        return 1
    if orientation not in range(1, 9):
        notes.append(f"EXIF orientation {orientation} has no meaning and was ignored.")
        return 1
    if orientation > 1:
        notes.append(f"Turned upright by EXIF orientation {orientation}.")
    return int(orientation)


def _turned(pixels: Pixels, orientation: int) -> Pixels:
    """A copy (height and width may change places)."""
    if orientation not in _TURNS:
        return np.array(pixels)
    return np.array(Image.fromarray(pixels).transpose(_TURNS[orientation]))


def _notes_before_loading(image: ImageFile, source_format: str, shown: str) -> list[str]:
    notes = []
    suffix = Path(shown).suffix.lower()
    usual_for = [usual for usual, suffixes in _USUAL_SUFFIXES.items() if suffix in suffixes]
    if usual_for and usual_for != [source_format]:
        notes.append(f"Named {suffix}, but it is a {source_format} file.")
    if any(";16" in str(tile.args) for tile in image.tile[:1]) and not image.mode.startswith("I"):
        notes.append("16 bits a channel: only the upper 8 were used.")
    return notes


def _require_one_picture(image: ImageFile, shown: str) -> None:
    if getattr(image, "is_animated", False):
        raise HilumError(
            f"'{shown}' holds more than one picture (multi-page or animated {image.format}).",
            expected="one film in a file",
            do="Save each picture as a file of its own.",
        )


def _require_pixels(size: tuple[int, int], shown: str, limits: Limits) -> None:
    width, height = size
    if width * height > limits.pixels:
        raise HilumError(
            f"'{shown}' is {width:,} x {height:,} pixels.",
            expected=f"at most {limits.pixels:,} pixels",
            do="Save it at a lower resolution.",
        )


@contextmanager
def _damage_explained(shown: str, source_format: str) -> Iterator[None]:
    """Turn whatever Pillow raises on a damaged or unusual file into a HilumError."""
    try:
        yield
    except MemoryError as error:
        raise HilumError(
            f"There is not enough memory to decode '{shown}'.",
            expected="free memory of about 8 bytes a pixel",
            do="Close other programs, or save the image at a lower resolution.",
        ) from error
    except _DAMAGE as error:
        reason = " ".join(str(error).split())[:160].rstrip(".") or type(error).__name__
        raise HilumError(
            f"'{shown}' cannot be decoded as {source_format}: {reason}.",
            expected="a complete, undamaged image",
            do="Copy or export it again, or remove it from the images.",
        ) from error
