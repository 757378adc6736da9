"""The activation atlas: what every channel of every layer says of one film, as small grey pictures.

Pictures are encoded as the network runs, layer by layer: memory stays that of a prediction and of the finished page.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Final

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor
from torch.nn.functional import interpolate

from hilum.attribution.places import Places
from hilum.explaining.exciting import Excitement, exciting_films
from hilum.explaining.layers import NetworkLayer, layer_outputs, network_layers
from hilum.explaining.places import places_of
from hilum.explaining.sheets import Sheet, as_sheet
from hilum.models import FilmClassifier
from hilum.models.heads import LinearHead
from hilum.progress import Progress, Silent

TILE_PX: Final = 112
"""No tile is larger; a smaller map stays as it is."""

_SIGNED_FROM: Final = 0.1
"""A layer whose lowest value lies below 0 by more than this share of its highest is drawn with 0 as mid grey."""

_BRIGHT: Final = 1 / 3
"""A map of which nine in ten places lie above this share of its highest value would be white all over: there the value
that a tenth lie below is black. A tenth, because padding darkens the rim, 10 % of the places at 38 x 38."""


@dataclass(frozen=True, slots=True, eq=False)
class LayerPicture:
    """One layer on one film; arrays in the order of its channels.

    Args:
        sheet: the tiles of all channels, in the order of `order`.
        order: (c,) channels from the strongest to the weakest, the dead ones at the end.
        strength: (c,) mean of the absolute output over the map.
        highest: (c,) of the map.
        places: (c,) where, as row x width + column.
        is_dead: (c,) bool: never above 0 on any film that was looked at; in a layer without activation, always 0.
        is_signed: True where mid grey is 0 and darker is below it; else black is `black`.
        black: (c,) the value that is drawn black: 0, but where nearly all of a map is bright; see `_BRIGHT`.
        adds_to_logit: (c,) what each channel adds to the logit, where a linear head reads the answer off the means of
            these maps, alone or beside those of other layers; else None.
        excitement: None where only this one film was looked at.
    """

    layer: NetworkLayer
    sheet: Sheet
    order: npt.NDArray[np.int32]
    strength: npt.NDArray[np.float32]
    highest: npt.NDArray[np.float32]
    places: npt.NDArray[np.int32]
    is_dead: npt.NDArray[np.bool_]
    is_signed: bool
    black: npt.NDArray[np.float32]
    adds_to_logit: npt.NDArray[np.float32] | None
    excitement: Excitement | None

    @property
    def stretched(self) -> int:
        """Of how many channels black is not 0."""
        return int((self.black > 0).sum())

    @property
    def looks(self) -> Places | None:
        """Where on the film the places of its maps look; None for units, and where each place sees the whole film."""
        sees = self.layer.sees
        if sees is None or self.layer.map_shape == (1, 1):
            return None
        down, across = (places_of(replace(sees, down=one, across=one)) for one in (sees.down, sees.across))
        return down if down == across else None


@dataclass(frozen=True, slots=True)
class Filters:
    """The first convolution's filters as they act on a grey film: scaling and replication to channels taken in."""

    layer: str
    sheet: Sheet


@dataclass(frozen=True, slots=True, eq=False)
class Atlas:
    """Every layer of a network on one film.

    Args:
        square: (side, side) the film as the network takes it.
        logit: pneumonia minus normal.
        pictures: in running order.
        filters: None where the first layer is no convolution.
        exciting: (n, side, side) the films that the channels were also shown, None where there were none.
    """

    square: npt.NDArray[np.uint8]
    logit: float
    pictures: tuple[LayerPicture, ...]
    filters: Filters | None
    exciting: npt.NDArray[np.uint8] | None

    @property
    def layers_in_all(self) -> int:
        """Of the network, drawn or not."""
        return max((picture.layer.layers_in_all for picture in self.pictures), default=0)

    @property
    def is_whole(self) -> bool:
        """True where every layer is drawn."""
        return len(self.pictures) == self.layers_in_all

    @property
    def channels(self) -> int:
        """How many are drawn."""
        return sum(len(picture.order) for picture in self.pictures)

    @property
    def dead(self) -> int:
        """How many of them are dead."""
        return sum(int(picture.is_dead.sum()) for picture in self.pictures)

    @property
    def films(self) -> int:
        """How many films were looked at."""
        return 1 + (0 if self.exciting is None else len(self.exciting))


def draw_atlas(
    classifier: FilmClassifier,
    square: npt.NDArray[np.uint8],
    *,
    layers: Sequence[NetworkLayer] | None = None,
    exciting: npt.NDArray[np.uint8] | None = None,
    excitements: Sequence[Excitement] | None = None,
    progress: Progress = Silent(),
) -> Atlas:
    """Draw what every channel says of a film; the network is afterwards as it was.

    Args:
        square: (side, side) the film.
        layers: of `network_layers`, all if not given.
        exciting: (n, side, side) films of which the nine that excite a channel most are found, often memory-mapped.
        excitements: of `exciting_films` for these films and layers, where several atlases share them.
        progress: a bar over these films, then one over the layers.
    """
    chosen = tuple(network_layers(classifier, square.shape[-1]) if layers is None else layers)
    if exciting is not None and excitements is None:
        excitements = exciting_films(classifier, chosen, exciting, progress)
    excitement_of = {layer.number: one for layer, one in zip(chosen, excitements or (), strict=False)}
    last_shape = next((layer.map_shape for layer in reversed(chosen) if len(layer.output) == 3), None)
    pictures: list[LayerPicture] = []
    last: dict[int, Tensor] = {}
    with progress.bar("Drawing layers", len(chosen)) as bar:

        def take(layer: NetworkLayer, output: Tensor) -> None:
            said = output[0].float().cpu()
            pictures.append(_picture(layer, said, excitement_of.get(layer.number)))
            if len(layer.output) == 3 and layer.map_shape == last_shape:
                last[layer.number] = said.clone()
            bar.advance(note=layer.name)

        answer = layer_outputs(classifier, square, chosen, take)
    adds = _adds_to_logit(classifier, answer.maps[0].float().cpu(), last)
    return Atlas(
        square=square,
        logit=float(answer.logit[0]),
        pictures=tuple(replace(one, adds_to_logit=adds.get(one.layer.number)) for one in pictures),
        filters=_filters(classifier, chosen[0]) if chosen and chosen[0].number == 1 else None,
        exciting=exciting,
    )


def _picture(layer: NetworkLayer, output: Tensor, excitement: Excitement | None) -> LayerPicture:
    """(c, h, w) or (c,) what the layer says of the film -> its picture."""
    maps = output if output.ndim == 3 else output.view(-1, 1, 1)
    flat = maps.flatten(1)
    strength = flat.abs().mean(dim=1).numpy()
    highest, places = (one.numpy() for one in flat.max(dim=1))
    is_dead = highest <= 0 if layer.is_activated else (flat == 0).all(dim=1).numpy()
    if excitement is not None:
        is_dead = is_dead & excitement.is_silent
    order = np.lexsort((-strength, is_dead)).astype(np.int32)
    is_signed = float(flat.min()) < -_SIGNED_FROM * max(0.0, float(flat.max()))
    small = _small(maps)
    black = _black(small) * (not is_signed)
    return LayerPicture(
        layer=layer,
        sheet=as_sheet(_grey(small, is_signed, black)[order]),
        order=order,
        strength=strength.astype(np.float32),
        highest=highest.astype(np.float32),
        places=places.astype(np.int32),
        is_dead=is_dead,
        is_signed=is_signed,
        black=black.numpy(),
        adds_to_logit=None,
        excitement=excitement,
    )


def _small(maps: Tensor) -> Tensor:
    """(c, h, w) with no side beyond `TILE_PX`."""
    if max(maps.shape[1:]) <= TILE_PX:
        return maps
    height, width = (min(TILE_PX, side) for side in maps.shape[1:])
    small: Tensor = interpolate(maps.unsqueeze(0), (height, width), mode="bilinear", antialias=True)[0]
    return small


def _black(maps: Tensor) -> Tensor:
    """(c,) what is drawn black: 0, or of a map that is bright nearly everywhere the value that a tenth lie below.

    Where even that is the map's highest value, its lowest; a map that is the same everywhere keeps 0, and is white.
    """
    flat = maps.flatten(1)
    places = flat.shape[1]
    if places == 1:
        return torch.zeros(len(flat))
    low, lowest, highest = flat.kthvalue(1 + places // 10, dim=1).values, flat.amin(dim=1), flat.amax(dim=1)
    black = torch.where(low < highest, low, lowest)
    return torch.where((low > _BRIGHT * highest) & (highest > lowest), black.clamp(min=0), torch.zeros(()))


def _grey(maps: Tensor, is_signed: bool, black: Tensor | None = None) -> npt.NDArray[np.uint8]:
    """(c, h, w) uint8, each channel at its own scale; units of a layer, which have one place, at one for all."""
    axes = (1, 2) if maps.shape[1:].numel() > 1 else (0, 1, 2)
    zero = torch.zeros(()) if black is None else black.view(-1, 1, 1)
    limit = (maps.abs() if is_signed else maps.clamp(min=0)).amax(dim=axes, keepdim=True) - zero
    share = (maps - zero) / limit.clamp(min=1e-12)
    grey = 127.5 + 127.5 * share if is_signed else 255 * share.clamp(min=0)
    return grey.round().to(torch.uint8).numpy()


@torch.no_grad()
def _adds_to_logit(
    classifier: FilmClassifier, maps: Tensor, said: dict[int, Tensor]
) -> dict[int, npt.NDArray[np.float32]]:
    """(c,) weights times means by the layer's number, of the layers whose outputs, side by side, are the last maps.

    Nothing where no linear head reads their means, or where something that is no layer made them.
    """
    if not isinstance(classifier.head, LinearHead):
        return {}
    adds = (maps.mean(dim=(1, 2)) * classifier.head.logit_weights().float().cpu()).numpy()
    found: dict[int, npt.NDArray[np.float32]] = {}
    start = 0
    while start < len(maps):
        # The latest first: a block that begins as its shortcut alone says the same as the one before it.
        fits = (number for number, one in reversed(said.items()) if torch.equal(maps[start : start + len(one)], one))
        number = next((one for one in fits if one not in found), None)
        if number is None:
            return {}
        found[number] = adds[start : start + len(said[number])]
        start += len(said[number])
    return found


@torch.no_grad()
def _filters(classifier: FilmClassifier, first: NetworkLayer) -> Filters | None:
    """The sum over channels of weight / spread: what the filter does to the grey level of a film."""
    if first.kind != "convolution":
        return None
    weight: Tensor = classifier.get_submodule(first.name).get_parameter("weight").float()
    if weight.shape[1] != classifier.std.numel():
        return None
    on_grey = (weight / classifier.std.view(1, -1, 1, 1)).sum(dim=1).cpu()
    return Filters(first.name, as_sheet(_grey(on_grey, is_signed=True)))
