"""One film in all the ways in which a JPEG or PNG can store it: colour profiles, orientations, depths, transparency."""

from __future__ import annotations

import io
import struct
import zlib
from collections.abc import Iterator
from typing import Any

import numpy as np
import numpy.typing as npt
from PIL import Image, ImageCms

Grey = npt.NDArray[np.uint8]
Samples = npt.NDArray[Any]

_PASSES = ((0, 0, 8, 8), (4, 0, 8, 8), (0, 4, 4, 8), (2, 0, 4, 4), (0, 2, 2, 4), (1, 0, 2, 2), (0, 1, 1, 2))
_SAMPLES = {0: 1, 2: 3, 3: 1, 4: 2, 6: 4}


def made_films(grey: Grey) -> dict[str, bytes]:
    """Files by name, all of one film.

    Args:
        grey: (height, width) of an upright film; odd lengths try more.
    """
    return dict(_jpegs(grey)) | dict(_pngs(grey))


def png_file(
    samples: Samples,
    depth: int,
    colour: int,
    *,
    is_interlaced: bool = False,
    chunks: tuple[tuple[bytes, bytes], ...] = (),
) -> bytes:
    """A PNG whose rows use every filter in turn.

    Args:
        samples: (height, width, channels) of the colour type, each below 2 ** depth.
        depth: bits of a sample.
        colour: 0 grey, 2 RGB, 3 palette, 4 grey with alpha, 6 RGBA.
        chunks: name and content of more chunks, which come before the picture.
    """
    height, width, channels = samples.shape
    if channels != _SAMPLES[colour]:
        raise ValueError(f"{channels} channels do not make colour type {colour}")
    header = struct.pack(">IIBBBBB", width, height, depth, colour, 0, 0, int(is_interlaced))
    parts = _PASSES if is_interlaced else ((0, 0, 1, 1),)
    packed = b"".join(_filtered(samples[top::down, left::across], depth) for left, top, across, down in parts)
    all_chunks = ((b"IHDR", header), *chunks, (b"IDAT", zlib.compress(packed)), (b"IEND", b""))
    return b"\x89PNG\r\n\x1a\n" + b"".join(_chunk(name, content) for name, content in all_chunks)


def _jpegs(grey: Grey) -> Iterator[tuple[str, bytes]]:
    film, tinted = Image.fromarray(grey), Image.fromarray(_tinted(grey))
    srgb, linear = _profile("sRGB"), _grey_profile()
    yield "grey.jpeg", _jpeg(film)
    yield "grey-progressive.jpeg", _jpeg(film, progressive=True)
    yield "grey-icc.jpeg", _jpeg(film, icc_profile=linear)
    yield "rgb-icc.jpeg", _jpeg(tinted, icc_profile=srgb)
    yield "rgb-icc-swapped.jpeg", _jpeg(tinted, icc_profile=_swapped(srgb))
    for name, subsampling in (("444", 0), ("422", 1), ("420", 2)):
        yield f"rgb-{name}.jpeg", _jpeg(tinted, subsampling=subsampling)
        yield f"rgb-{name}-progressive.jpeg", _jpeg(tinted, subsampling=subsampling, progressive=True)
    yield "rgb-kept.jpeg", _jpeg(tinted, keep_rgb=True)
    yield "restarts.jpeg", _jpeg(tinted, restart_marker_blocks=7)
    yield "cmyk.jpeg", _jpeg(_cmyk(grey))
    yield "cmyk-progressive.jpeg", _jpeg(_cmyk(grey), progressive=True)
    for name, subsampling in (("422", 1), ("420", 2)):
        yield f"cmyk-{name}.jpeg", _jpeg(_cmyk(grey), subsampling=subsampling)
        yield f"ycck-{name}.jpeg", _as_ycck(_jpeg(_cmyk(grey), subsampling=subsampling, progressive=True))
    yield "cmyk-restarts.jpeg", _jpeg(_cmyk(grey), restart_marker_blocks=5)
    yield "ycck.jpeg", _as_ycck(_jpeg(_cmyk(grey)))
    for orientation in range(1, 9):
        yield f"exif-{orientation}.jpeg", _jpeg(film, exif=_exif(orientation))
        yield f"exif-{orientation}-icc.jpeg", _jpeg(tinted, exif=_exif(orientation), icc_profile=srgb)


def _pngs(grey: Grey) -> Iterator[tuple[str, bytes]]:
    alpha = np.clip(np.add.outer(np.arange(grey.shape[0]), np.arange(grey.shape[1])), 60, 255).astype(np.uint8)
    deep = grey.astype(np.uint16) * 150 + np.arange(grey.shape[1], dtype=np.uint16) % 97
    tinted = _tinted(grey)
    for is_interlaced in (False, True):
        tail = "-interlaced.png" if is_interlaced else ".png"
        for depth in (1, 2, 4, 8):
            yield (
                f"grey-{depth}{tail}",
                png_file((grey >> (8 - depth))[..., None], depth, 0, is_interlaced=is_interlaced),
            )
        yield f"grey-16{tail}", png_file(deep[..., None], 16, 0, is_interlaced=is_interlaced)
        yield f"rgb-8{tail}", png_file(tinted, 8, 2, is_interlaced=is_interlaced)
        yield f"rgb-16{tail}", png_file(tinted.astype(np.uint16) * 257 - 3, 16, 2, is_interlaced=is_interlaced)
        yield f"grey-alpha-8{tail}", png_file(np.dstack([grey, alpha]), 8, 4, is_interlaced=is_interlaced)
        yield f"grey-alpha-16{tail}", png_file(np.dstack([deep, deep[::-1]]), 16, 4, is_interlaced=is_interlaced)
        yield f"rgba-8{tail}", png_file(np.dstack([tinted, alpha]), 8, 6, is_interlaced=is_interlaced)
        yield (
            f"rgba-16{tail}",
            png_file(np.dstack([tinted, alpha]).astype(np.uint16) * 257, 16, 6, is_interlaced=is_interlaced),
        )
    palette = (b"PLTE", bytes(value for step in range(64) for value in (4 * step, 4 * step, min(255, 4 * step + 3))))
    yield "palette.png", png_file((grey >> 2)[..., None], 8, 3, chunks=(palette,))
    yield "palette-4.png", png_file((grey >> 4)[..., None], 4, 3, chunks=((b"PLTE", palette[1][::4] * 4),))
    clear = (b"tRNS", bytes([255] * 20 + [90]))
    yield "palette-clear.png", png_file((grey >> 2)[..., None], 8, 3, chunks=(palette, clear))
    yield "grey-clear.png", png_file(grey[..., None], 8, 0, chunks=((b"tRNS", b"\0\x50"),))
    yield "grey-2-clear.png", png_file((grey >> 6)[..., None], 2, 0, chunks=((b"tRNS", b"\0\x02"),))
    yield "grey-1-clear.png", png_file((grey >> 7)[..., None], 1, 0, chunks=((b"tRNS", b"\0\x01"),))
    yield "grey-16-clear.png", png_file(deep[..., None], 16, 0, chunks=((b"tRNS", b"\x12\x34"),))
    yield "rgb-clear.png", png_file(tinted, 8, 2, chunks=((b"tRNS", struct.pack(">HHH", *tinted[9, 9])),))
    profile = (b"iCCP", b"x\0\0" + zlib.compress(_swapped(_profile("sRGB"))))
    yield "icc.png", png_file(tinted, 8, 2, chunks=(profile, (b"gAMA", struct.pack(">I", 100_000))))
    for orientation in range(1, 9):
        yield f"exif-{orientation}.png", png_file(grey[..., None], 8, 0, chunks=((b"eXIf", _exif(orientation)[6:]),))
    xmp = b'XML:com.adobe.xmp\0\0\0\0\0<rdf:Description tiff:Orientation="6"/>'
    yield "xmp-6.png", png_file(grey[..., None], 8, 0, chunks=((b"iTXt", xmp),))


def _tinted(grey: Grey) -> Grey:
    """(height, width, 3) of a film with a tint, whose chroma is not flat."""
    wave = 6 * np.sin(np.arange(grey.shape[1]) / 9)
    channels = [grey * 0.98, grey * 0.93 + wave, grey * 0.88 + 9]
    return np.dstack(channels).clip(0, 255).astype(np.uint8)


def _cmyk(grey: Grey) -> Image.Image:
    black = (255 - grey) // 2
    colours = [np.clip((255.0 - grey) * share - black / 2, 0, 255).astype(np.uint8) for share in (0.95, 1.0, 0.9)]
    return Image.merge("CMYK", [Image.fromarray(channel) for channel in (*colours, black)])


def _as_ycck(content: bytes) -> bytes:
    """The same file with Adobe's word that its first three components are luminance and chroma."""
    changed = bytearray(content)
    changed[content.index(b"Adobe") + 11] = 2
    return bytes(changed)


def _jpeg(picture: Image.Image, **options: Any) -> bytes:
    content = io.BytesIO()
    picture.save(content, "JPEG", quality=90, **options)
    return content.getvalue()


def _exif(orientation: int) -> bytes:
    return b"Exif\0\0" + struct.pack(">2sHIHHHIHHI", b"MM", 42, 8, 1, 274, 3, 1, orientation, 0, 0)


def _profile(name: Any) -> bytes:
    return ImageCms.ImageCmsProfile(ImageCms.createProfile(name)).tobytes()


def _swapped(profile: bytes) -> bytes:
    """The profile with red and blue exchanged, so that whoever applies it is found out."""
    return profile.replace(b"rXYZ", b"tmpX").replace(b"bXYZ", b"rXYZ").replace(b"tmpX", b"bXYZ")


def _grey_profile() -> bytes:
    """An ICC profile for grey with a gamma of 1, which brightens a film by far for whoever applies it."""
    white = struct.pack(">4s4xIII", b"XYZ ", 0xF6D6, 0x10000, 0xD32D)
    curve = struct.pack(">4s4xI", b"curv", 0)
    tags = struct.pack(">I4sII4sII", 2, b"wtpt", 128 + 28, len(white), b"kTRC", 128 + 28 + len(white), len(curve))
    size = 128 + len(tags) + len(white) + len(curve)
    header = struct.pack(
        ">I4sI4s4s4s12x4s28xIII48x",
        size,
        b"none",
        0x02100000,
        b"mntr",
        b"GRAY",
        b"XYZ ",
        b"acsp",
        0xF6D6,
        0x10000,
        0xD32D,
    )
    return header.ljust(128, b"\0") + tags + white + curve


def _filtered(samples: Samples, depth: int) -> bytes:
    """The rows of one pass, packed, the filter of each before it."""
    height, width, channels = samples.shape
    if not height or not width:
        return b""
    distance = max(1, channels * depth // 8)
    rows, above = [], None
    for number, row in enumerate(samples):
        stored = _stored(row.reshape(-1), depth)
        above = np.zeros_like(stored) if above is None else above
        left, corner = (np.concatenate([np.zeros(distance, np.uint8), line])[: len(stored)] for line in (stored, above))
        guesses = (np.zeros_like(stored), left, above, ((left.astype(int) + above) // 2), _paeth(left, above, corner))
        rows.append(bytes([number % 5]) + (stored - guesses[number % 5].astype(np.uint8)).tobytes())
        above = stored
    return b"".join(rows)


def _stored(row: Samples, depth: int) -> Grey:
    """The bytes of a row's samples."""
    if depth == 16:
        return np.frombuffer(row.astype(">u2").tobytes(), np.uint8)
    if depth == 8:
        return row.astype(np.uint8)
    bits = np.unpackbits(row.astype(np.uint8)[:, None], axis=1)[:, 8 - depth :]
    return np.packbits(bits.reshape(-1))


def _paeth(left: Grey, above: Grey, corner: Grey) -> Grey:
    a, b, c = (line.astype(int) for line in (left, above, corner))
    to_a, to_b, to_c = np.abs(b - c), np.abs(a - c), np.abs(a + b - 2 * c)
    chosen = np.where((to_a <= to_b) & (to_a <= to_c), a, np.where(to_b <= to_c, b, c))
    return chosen.astype(np.uint8)


def _chunk(name: bytes, content: bytes) -> bytes:
    return struct.pack(">I", len(content)) + name + content + struct.pack(">I", zlib.crc32(name + content))
