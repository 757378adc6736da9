"""The activation atlas for people: one page that needs nothing else, and a contact sheet of each layer as a PNG."""

from __future__ import annotations

import io
import json
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import numpy as np
import numpy.typing as npt
from markupsafe import Markup
from PIL import Image, ImageDraw, ImageFont

from hilum.attribution.places import Places, placed
from hilum.explaining.sheets import Sheet, as_sheet
from hilum.files import write_together
from hilum.provenance import Provenance
from hilum.reports import words
from hilum.reports.embedded import as_text, data_uri, script_hash
from hilum.reports.page import templates

if TYPE_CHECKING:
    from hilum.explaining.atlas import Atlas, LayerPicture
    from hilum.explaining.layers import NetworkLayer

_KINDS: Final = ("convolution", "pooling", "sum", "dense")
_THUMBNAIL_PX: Final = 96
_FILMS_A_SHEET: Final = 144
_PNG_TILE_PX: Final = 56
_OVER_FILM_PX: Final = 112
_MOST_OVER_FILM: Final = 48
"""Channels over the film at most: three lines on a wide screen."""
_ASSISTS: Final = "It assists a reader; it is not a medical device."


@dataclass(frozen=True, slots=True)
class AtlasTitle:
    """What stands above an atlas.

    Args:
        model: its name.
        film: its file.
        answer: what the model says of it, in words, such as "pneumonia, 97 %".
        made: command, versions and time.
        data_name: of the films that excite, "" without them.
        labels: of these films, in their order: "pneumonia" or "normal".
        names: of these films.
        limits: sentences that stand wherever an answer of the model is shown, of `modelfolder.card.limits`.
        model_hash: of the model, "" where it is not given.
        threshold: of the probability, from which on the answer is pneumonia.
        operating_point: its name.
        prevalence: share of pneumonia among the films that the probability was calibrated on.
    """

    model: str
    film: str
    answer: str
    made: Provenance
    data_name: str = ""
    labels: Sequence[str] = ()
    names: Sequence[str] = ()
    limits: Sequence[str] = (_ASSISTS,)
    model_hash: str = ""
    threshold: float | None = None
    operating_point: str = ""
    prevalence: float | None = None


def write_atlas(folder: Path, atlas: Atlas, title: AtlasTitle) -> Path:
    """Write the page as atlas.html and each layer as layers/NN-name.png into a folder; the page's path comes back."""
    page = folder / "atlas.html"
    text = atlas_page(atlas, title)
    for name, content in atlas_pictures(atlas):
        write_together({folder / "layers" / name: content})
    write_together({page: text})
    return page


def atlas_page(atlas: Atlas, title: AtlasTitle) -> str:
    """The atlas as one self-contained HTML document: no request leaves it; one script, allowed by its hash."""
    script = _part("atlas.js")
    digest = script_hash(script)
    thumbnails = _Thumbnails(atlas, title)
    last = _last_maps(atlas)
    values = {
        "side": atlas.square.shape[-1],
        "film": data_uri(_png(atlas.square), "png"),
        "layers": [_layer_values(picture, thumbnails) for picture in atlas.pictures],
        "filters": _sheet_values(atlas.filters.sheet) if atlas.filters else None,
        "films": thumbnails.values(),
        "over": _over_film(atlas, last),
    }
    return (
        templates()
        .get_template("atlas.html.j2")
        .render(
            atlas=atlas,
            title=title,
            layers=[picture.layer for picture in atlas.pictures],
            kinds=[kind for kind in _KINDS if kind in {picture.layer.kind for picture in atlas.pictures}],
            last=last,
            mixes=sum(picture.layer.kind == "dense" for picture in atlas.pictures) > 1,
            words=words,
            logit=_signed(atlas.logit),
            shares=_shares(last),
            side=atlas.square.shape[-1],
            loop_index=lambda layer: [one.layer.number for one in atlas.pictures].index(layer.number),
            maps=maps_in_words,
            sees=sees_in_words,
            share_seen=lambda layer: _share_seen(layer, atlas.square.shape[-1]),
            height=lambda layer: _height(layer, atlas.square.shape[-1]),
            png_name=png_name,
            film=values["film"],
            # "<" must not end the element that holds them
            values=Markup(json.dumps(values, separators=(",", ":")).replace("<", "\\u003c")),
            script=Markup(script),  # part of the package, and allowed by its hash alone
            digest=digest,
            shown_films=len(thumbnails.rows),
            with_pneumonia=list(title.labels).count("pneumonia"),
        )
    )


def atlas_pictures(atlas: Atlas) -> Iterator[tuple[str, bytes]]:
    """(file name, PNG) of each layer: all its channels with their numbers, strongest first, dead ones crossed out.

    A star behind a number: black is not 0 there.
    """
    for picture in atlas.pictures:
        yield png_name(picture.layer), _png(contact_sheet(picture))


def png_name(layer: NetworkLayer) -> str:
    """The file of a layer, which any file system takes."""
    return f"{layer.number:03d}-{re.sub(r'[^A-Za-z0-9._-]', '-', layer.name)}.png"


def contact_sheet(picture: LayerPicture) -> npt.NDArray[np.uint8]:
    """(height, width) grey: the tiles of a layer under their channels' numbers, at most 112 px each."""
    tiles = picture.sheet.unpacked()
    enlarge = max(1, -(-_PNG_TILE_PX // max(tiles.shape[1:])))
    tiles = tiles.repeat(enlarge, axis=1).repeat(enlarge, axis=2)
    count, height, width = tiles.shape
    columns, caption, gap = picture.sheet.columns, 12, 4
    rows = -(-count // columns)
    canvas = Image.new("L", (columns * (width + gap) + gap, rows * (height + caption + gap) + gap), 12)
    draw, font = ImageDraw.Draw(canvas), ImageFont.load_default(10)
    for place, (channel, tile) in enumerate(zip(picture.order.tolist(), tiles, strict=True)):
        left = gap + (place % columns) * (width + gap)
        top = gap + (place // columns) * (height + caption + gap)
        canvas.paste(Image.fromarray(tile), (left, top + caption))
        star = " *" if picture.black[channel] > 0 else ""
        draw.text((left, top - 1), f"{channel}{star}", fill=170, font=font)
        if picture.is_dead[channel]:
            draw.line((left, top + caption, left + width - 1, top + caption + height - 1), fill=120)
            draw.line((left + width - 1, top + caption, left, top + caption + height - 1), fill=120)
    return np.asarray(canvas)


def maps_in_words(layer: NetworkLayer) -> str:
    """What a layer gives: how many maps of which size, or units."""
    if len(layer.output) == 1:
        return "1 unit" if layer.channels == 1 else f"{layer.channels:,} units"
    height, width = layer.map_shape
    return f"{layer.channels:,} {'map' if layer.channels == 1 else 'maps'} of {height} × {width}"


def sees_in_words(layer: NetworkLayer, side: int) -> str:
    """How much of the film one place depends on."""
    if layer.sees is None:
        return "sees the whole film"
    down, across = layer.sees.down.length_px, layer.sees.across.length_px
    size = f"{down:,} × {across:,} px"
    return f"sees {size}, wider than the film" if max(down, across) > side else f"sees {size}"


class _Thumbnails:
    """The films that some channel is excited by, each once, in sheets."""

    def __init__(self, atlas: Atlas, title: AtlasTitle) -> None:
        chosen = [picture.excitement.films.ravel() for picture in atlas.pictures if picture.excitement is not None]
        self.rows = np.unique(np.concatenate(chosen)) if chosen else np.zeros(0, np.int32)
        self._squares, self._title = atlas.exciting, title

    def positions(self, rows: npt.NDArray[np.int32]) -> npt.NDArray[np.int32]:
        """Where these films lie in the sheets."""
        return np.searchsorted(self.rows, rows).astype(np.int32)

    def values(self) -> dict[str, Any] | None:
        """For the page's script; None where there are no films."""
        if self._squares is None:
            return None
        parts = [self.rows[start : start + _FILMS_A_SHEET] for start in range(0, len(self.rows), _FILMS_A_SHEET)]
        return {
            "sheets": [
                _sheet_values(as_sheet(np.stack([_thumbnail(self._squares[row]) for row in part]), quality=70))
                for part in parts
            ],
            "sheet_of": _FILMS_A_SHEET,
            "looked_at": len(self._squares),
            "with_pneumonia": list(self._title.labels).count("pneumonia"),
            "labels": [self._title.labels[row] if self._title.labels else "" for row in self.rows],
            "names": [Path(self._title.names[row]).name if self._title.names else "" for row in self.rows],
        }


def _thumbnail(square: npt.NDArray[np.uint8]) -> npt.NDArray[np.uint8]:
    size = (_THUMBNAIL_PX, _THUMBNAIL_PX)
    return np.asarray(Image.fromarray(np.asarray(square)).resize(size, Image.Resampling.BILINEAR))


def _layer_values(picture: LayerPicture, thumbnails: _Thumbnails) -> dict[str, Any]:
    layer = picture.layer
    values: dict[str, Any] = {
        "number": layer.number,
        "name": layer.name,
        "map": list(layer.map_shape),
        "sees": _spans(layer),
        "signed": picture.is_signed,
        "sheet": _sheet_values(picture.sheet),
        "order": _packed(picture.order),
        "strength": _packed(picture.strength),
        "highest": _packed(picture.highest),
        "black": _packed(picture.black) if picture.stretched else None,
        "places": _packed(picture.places),
        "dead": int(picture.is_dead.sum()),
        "adds": _packed(picture.adds_to_logit) if picture.adds_to_logit is not None else None,
        "top": None,
    }
    if picture.excitement is not None:
        films, places = picture.excitement.films, picture.excitement.places
        values["top"] = {
            "each": films.shape[1],
            "films": _packed(thumbnails.positions(films)),
            "places": _packed(places),
        }
    return values


def _spans(layer: NetworkLayer) -> list[int] | None:
    """First, last and step down, then across."""
    if layer.sees is None or layer.sees.axes is None:
        return None
    down, across = layer.sees.down, layer.sees.across
    return [down.first, down.last, down.step_px, across.first, across.last, across.step_px]


def _sheet_values(sheet: Sheet) -> dict[str, Any]:
    return {
        "picture": as_text(sheet.content),
        "type": f"image/{sheet.kind}",
        "count": sheet.tiles,
        "columns": sheet.columns,
        "tile": list(sheet.tile_px),
        "step": list(sheet.step_px),
        "size": list(sheet.size_px),
    }


def _packed(numbers: npt.NDArray[Any]) -> str:
    """The array's bytes, four a number, little-endian."""
    kind = "<f4" if np.issubdtype(numbers.dtype, np.floating) else "<i4"
    return as_text(np.ascontiguousarray(numbers, dtype=kind).tobytes())


def _last_maps(atlas: Atlas) -> list[LayerPicture]:
    """The layers that the answer is read from, else the last drawn one that still has places."""
    read = [picture for picture in atlas.pictures if picture.adds_to_logit is not None]
    return read or [picture for picture in atlas.pictures if picture.layer.map_shape != (1, 1)][-1:]


def _over_film(atlas: Atlas, last: Sequence[LayerPicture]) -> dict[str, Any]:
    """The channels of these layers that add and take away most, else the strongest, each laid where its places look."""
    if not last:
        return {}
    if last[0].adds_to_logit is None:
        alive = len(last[0].order) - int(last[0].is_dead.sum())
        return {"strongest": _laid(atlas, [(last[0], rank, None) for rank in range(min(alive, _MOST_OVER_FILM))])}
    every = [
        (one, rank, float(one.adds_to_logit[channel]))
        for one in last
        if one.adds_to_logit is not None
        for rank, channel in enumerate(one.order.tolist())
    ]
    every.sort(key=lambda found: -found[2])
    return {
        "for": _laid(atlas, [one for one in every if one[2] > 0][:_MOST_OVER_FILM]),
        "against": _laid(atlas, [one for one in reversed(every) if one[2] < 0][:_MOST_OVER_FILM]),
    }


def _laid(atlas: Atlas, channels: Sequence[tuple[LayerPicture, int, float | None]]) -> dict[str, Any] | None:
    """A sheet of these channels' maps as they lie on the film, and whose they are: layer, rank, share of the logit."""
    if not channels:
        return None
    side, index = atlas.square.shape[-1], {id(picture): at for at, picture in enumerate(atlas.pictures)}
    tiles = {id(one): one.sheet.unpacked() for one, _, _ in channels}
    small = min(side, _OVER_FILM_PX)
    laid = [
        Image.fromarray(placed(tiles[id(one)][rank].astype(np.float32), _places_of_tile(one), side)).resize(
            (small, small)
        )
        for one, rank, _ in channels
    ]
    return {
        "sheet": _sheet_values(
            as_sheet(np.stack([np.asarray(one).clip(0, 255).round().astype(np.uint8) for one in laid]))
        ),
        "channels": [[index[id(one)], rank, adds] for one, rank, adds in channels],
    }


def _places_of_tile(picture: LayerPicture) -> Places | None:
    """Where the places of a tile look: those of the map, of which a tile may be a smaller copy."""
    looks, (height, width) = picture.looks, picture.layer.map_shape
    if looks is None or height != width:
        return None
    shrunk = height / picture.sheet.tile_px[0]
    return Places(looks.first_px + (shrunk - 1) / 2 * looks.step_px, looks.step_px * shrunk)


def _shares(last: Sequence[LayerPicture]) -> tuple[str, ...]:
    """What the channels that speak for pneumonia add up to, and those that speak against it, in words."""
    adds = np.concatenate(
        [one.adds_to_logit for one in last if one.adds_to_logit is not None] or [np.zeros(0, np.float32)]
    )
    parts = (adds[adds > 0], adds[adds < 0])
    return tuple(f"{_signed(float(part.sum()))} from {len(part):,} channels" for part in parts)


def _signed(number: float) -> str:
    """Two digits behind the point, with a sign."""
    return f"{number:+.2f}".replace("-", "\N{MINUS SIGN}")


def _share_seen(layer: NetworkLayer, side: int) -> float:
    """The side of what one place sees, as a share of the film's."""
    return 1.0 if layer.receptive_field_px is None else min(1.0, layer.receptive_field_px / side)


def _height(layer: NetworkLayer, side: int) -> float:
    """Of a layer's bar: the logarithm of its map's side, as a share of the film's."""
    return float(np.log2(1 + layer.map_shape[0]) / np.log2(1 + side))


def _png(grey: npt.NDArray[np.uint8]) -> bytes:
    content = io.BytesIO()
    Image.fromarray(np.asarray(grey)).save(content, "PNG", compress_level=4)  # the best level takes five times as long
    return content.getvalue()


@cache
def _part(name: str) -> str:
    return (files("hilum.reports") / "templates" / name).read_text(encoding="utf-8")
