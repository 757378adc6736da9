"""The bytes of one regular file, within the limit, and what kind of file they are."""

from __future__ import annotations

import codecs
import stat
from pathlib import Path

from hilum.errors import HilumError
from hilum.files import explained
from hilum.images.film import Limits

READABLE = "a JPEG, PNG, TIFF or BMP image"

_READABLE_SIGNATURES = {
    b"\xff\xd8\xff": "JPEG",
    b"\x89PNG\r\n\x1a\n": "PNG",
    b"II*\0": "TIFF",
    b"MM\0*": "TIFF",
    b"II+\0": "TIFF",  # BigTIFF
    b"MM\0+": "TIFF",
    b"BM": "BMP",
}

# Kinds that people do hand in, named so that the refusal says what to convert: (offset, bytes) -> name.
_OTHER_SIGNATURES = {
    (0, b"GIF8"): "a GIF image",
    (8, b"WEBP"): "a WebP image",
    (0, b"8BPS"): "a Photoshop document",
    (0, b"SIMPLE  ="): "a FITS image",
    (128, b"DICM"): "a DICOM file",
    (4, b"ftypheic"): "a HEIC image",
    (4, b"ftypmif1"): "a HEIC image",
    (4, b"ftypavif"): "an AVIF image",
    (4, b"jP  \r\n"): "a JPEG 2000 image",
    (0, b"\xff\x4f\xff\x51"): "a JPEG 2000 image",
    (0, b"%PDF"): "a PDF document",
    (0, b"PK\x03\x04"): "a ZIP archive",
    (0, b"\x1f\x8b"): "a gzip file",
    (0, b"\x93NUMPY"): "a NumPy array",
    (0, b"\x89HDF"): "an HDF5 file",
}

_MOST_SCANS = 100

_IRREGULAR = {
    stat.S_IFDIR: "a folder",
    stat.S_IFIFO: "a named pipe",
    stat.S_IFSOCK: "a socket",
    stat.S_IFCHR: "a device",
    stat.S_IFBLK: "a device",
}


def read_content(path: Path, shown: str, limits: Limits) -> bytes:
    """The file's bytes; folders, pipes and devices are refused before they are opened, so that nothing can hang.

    Raises:
        HilumError: the path cannot be read, is no regular file, or is larger than the limit.
    """
    if "\0" in str(path):
        raise HilumError(
            f"'{shown}' holds a zero byte.",
            expected="the path of a file",
            do="Correct the path in the list that it comes from.",
        )
    with explained(shown, "read"):
        status = path.stat()
    kind = stat.S_IFMT(status.st_mode)
    if kind != stat.S_IFREG:
        raise HilumError(
            f"'{shown}' is {_IRREGULAR.get(kind, 'a special file')}.",
            expected=f"a regular file with {READABLE}",
            do="Name an image file.",
        )
    require_size(status.st_size, shown, limits)
    with explained(shown, "read"), path.open("rb") as file:
        return file.read(status.st_size + 1)  # one byte more, so that a file that grows meanwhile is seen below


def require_size(count: int, shown: str, limits: Limits) -> None:
    """Refuse content that is empty or larger than the limit."""
    if count == 0:
        raise HilumError(
            f"'{shown}' is empty (0 bytes).", expected=READABLE, do="Copy or download the file again, or remove it."
        )
    if count > limits.bytes:
        raise HilumError(
            f"'{shown}' has {count:,} bytes.",
            expected=f"at most {limits.bytes:,} bytes",
            do="Save the image with compression or at a lower resolution.",
        )


def format_of(content: bytes, shown: str) -> str:
    """The format by its signature: "JPEG", "PNG", "TIFF" or "BMP"; the file's name plays no part.

    Raises:
        HilumError: the content is something else, which the text names where it is known.
    """
    for signature, source_format in _READABLE_SIGNATURES.items():
        if content.startswith(signature):
            return source_format
    raise HilumError(
        f"'{shown}' holds {_kind_of(content)}.",
        expected=READABLE,
        do="Convert it to PNG, or remove it from the images.",
    )


def require_few_scans(content: bytes, shown: str) -> None:
    """Refuse a JPEG that draws its picture over and over: each scan of 92 bytes costs 0.05 s at 62 MP."""
    scans = content.count(b"\xff\xda")
    if scans > _MOST_SCANS:
        raise HilumError(
            f"'{shown}' draws its picture in {scans:,} scans.",
            expected=f"a JPEG of at most {_MOST_SCANS} scans (usual are 1 to 10)",
            do="Save it again with an image program, or remove it from the images.",
        )


def _kind_of(content: bytes) -> str:
    for (offset, signature), kind in _OTHER_SIGNATURES.items():
        if content.startswith(signature, offset):
            return kind
    head = content[:512]
    if not head.strip(b"\0"):
        return "zero bytes only"
    if head.lstrip()[:1] == b"<":
        return "HTML or XML text"
    return "text" if _is_text(head) else f"unknown data (first bytes {head[:8].hex(' ')})"


def _is_text(head: bytes) -> bool:
    try:
        text = codecs.getincrementaldecoder("utf-8")().decode(head)  # a character cut in two at the end is left out
    except UnicodeDecodeError:
        return False
    return all(character.isprintable() or character in "\t\n\r\f\ufeff" for character in text)
