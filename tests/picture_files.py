"""Small picture files made for a test: encoded by Pillow, or TIFF put together tag by tag."""

from __future__ import annotations

import io
import struct
import zlib
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image

Bytes = NDArray[np.uint8]


def random_bytes(*shape: int, seed: int = 0) -> Bytes:
    """Noise, so that a swapped axis or channel cannot go unseen."""
    return np.random.default_rng(seed).integers(0, 256, shape, np.uint8)


def encoded(picture: Image.Image | NDArray[Any], format_name: str, orientation: int = 1, **options: Any) -> bytes:
    """The file's bytes, with an EXIF orientation where it is not 1."""
    image = picture if isinstance(picture, Image.Image) else Image.fromarray(picture)
    if orientation != 1:
        exif = Image.Exif()
        exif[0x0112] = orientation
        options["exif"] = exif
    buffer = io.BytesIO()
    image.save(buffer, format_name, **options)
    return buffer.getvalue()


def tiff_file(tags: dict[int, tuple[str, int]], data: bytes, *, big_endian: bool = False) -> bytes:
    """A one-strip TIFF with exactly these tags (number -> type "H" or "I", value) beside the strip's own."""
    order, head = (">", b"MM\0*") if big_endian else ("<", b"II*\0")
    count = len(tags) + 2
    tags = {**tags, 273: ("I", 8 + 2 + 12 * count + 4), 279: ("I", len(data))}
    entries = b""
    for number, (kind, value) in sorted(tags.items()):
        entries += struct.pack(f"{order}HHI", number, {"H": 3, "I": 4}[kind], 1)
        entries += struct.pack(f"{order}{kind}", value).ljust(4, b"\0")
    return head + struct.pack(f"{order}IH", 8, count) + entries + bytes(4) + data


def grey_tags(width: int, height: int, bits: int, photometric: int = 1) -> dict[int, tuple[str, int]]:
    """The tags of an uncompressed grey TIFF."""
    return {
        256: ("I", width),
        257: ("I", height),
        258: ("H", bits),
        259: ("H", 1),
        262: ("H", photometric),
        277: ("H", 1),
    }


def png_bomb(side: int) -> bytes:
    """A complete, valid PNG of side x side black pixels at one bit each, in a few kilobytes."""

    def chunk(name: bytes, content: bytes) -> bytes:
        return struct.pack(">I", len(content)) + name + content + struct.pack(">I", zlib.crc32(name + content))

    packer = zlib.compressobj(1)
    row = bytes(1 + (side + 7) // 8)
    packed = b"".join(packer.compress(row) for _ in range(side)) + packer.flush()
    header = struct.pack(">IIBBBBB", side, side, 1, 0, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", packed) + chunk(b"IEND", b"")
