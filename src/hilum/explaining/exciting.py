"""The films that excite a channel most, of all channels of all layers, in one pass over many films."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor

from hilum.datasets import Catalogue
from hilum.errors import HilumError
from hilum.explaining.layers import NetworkLayer, layer_outputs
from hilum.modelfolder import Manifest, salted_film_hash
from hilum.models import FilmClassifier
from hilum.progress import Progress, Silent, track

KEPT: Final = 9
_FILMS_AT_ONCE: Final = 8


@dataclass(frozen=True, slots=True, eq=False)
class Excitement:
    """What excites the channels of one layer.

    Args:
        films: (c, k) rows of the films that were looked at, the most exciting first; k is `KEPT`, or less where there
            were fewer films.
        places: (c, k) where on its map each was highest, as row x width + column.
        values: (c, k) how high.
        is_silent: (c,) bool: never above 0 on any film; in a layer without activation, never anything but 0.
    """

    films: npt.NDArray[np.int32]
    places: npt.NDArray[np.int32]
    values: npt.NDArray[np.float32]
    is_silent: npt.NDArray[np.bool_]


def exciting_films(
    classifier: FilmClassifier,
    layers: Sequence[NetworkLayer],
    squares: npt.NDArray[np.uint8],
    progress: Progress = Silent(),
) -> tuple[Excitement, ...]:
    """For every channel of these layers the nine films on which it rises highest, in the order of the layers.

    One pass; only the best nine are kept, so memory does not grow with the films. Films of equal height stay in their
    order.

    Args:
        squares: (n, side, side), often memory-mapped.
    """
    best = {layer.number: _Best(layer) for layer in layers}
    starts = range(0, len(squares), _FILMS_AT_ONCE)
    for start in track(progress, starts, "Films that excite", len(starts)):
        part = np.array(squares[start : start + _FILMS_AT_ONCE])

        def take(layer: NetworkLayer, output: Tensor, start: int = start) -> None:
            best[layer.number].take(output, start)

        layer_outputs(classifier, part, layers, take)
    return tuple(best[layer.number].result() for layer in layers)


def fit_films(catalogue: Catalogue, manifest: Manifest, most: int, seed: int = 0) -> Catalogue:
    """At most so many films that a model learned from, drawn by the seed, in the catalogue's order.

    Raises:
        HilumError: the data hold none of them.
    """
    usable, training = catalogue.usable, manifest.training
    served = set(training.fit.films)
    rows = [row for row, film in enumerate(usable.films) if salted_film_hash(training.salt, film.sha256) in served]
    if not rows:
        raise HilumError(
            f"'{catalogue.name}' holds none of the films that the model '{manifest.name}' learned from.",
            expected=f"the data that it was trained on: {training.data_name}",
            do="Name those, or leave them out; the atlas is then drawn without the films that excite a channel most.",
        )
    if len(rows) > most > 0:
        rows = sorted(np.random.default_rng(seed).choice(rows, most, replace=False).tolist())
    return usable.select(rows)


class _Best:
    """The best films of one layer so far."""

    def __init__(self, layer: NetworkLayer) -> None:
        self._is_activated = layer.is_activated
        self._values = torch.empty((0, layer.channels))
        self._films = torch.empty((0, layer.channels), dtype=torch.long)
        self._places = torch.empty((0, layer.channels), dtype=torch.long)
        self._lowest = torch.zeros(layer.channels)

    def take(self, output: Tensor, start: int) -> None:
        """(n, c, h, w) or (n, c): what the layer says of the films from `start` on."""
        flat = output.flatten(2) if output.ndim > 2 else output.unsqueeze(2)  # (n, c, places)
        values, places = flat.max(dim=2)
        films = torch.arange(start, start + len(flat)).unsqueeze(1).expand_as(values)
        if not self._is_activated:
            self._lowest = torch.minimum(self._lowest, flat.amin(dim=(0, 2)).cpu())
        every = torch.cat([self._values, values.cpu()])
        order = every.sort(dim=0, descending=True, stable=True).indices[:KEPT]
        self._values = every.gather(0, order)
        self._films = torch.cat([self._films, films]).gather(0, order)
        self._places = torch.cat([self._places, places.cpu()]).gather(0, order)

    def result(self) -> Excitement:
        highest = self._values[0] if len(self._values) else torch.zeros_like(self._lowest)
        return Excitement(
            films=self._films.T.numpy().astype(np.int32),
            places=self._places.T.numpy().astype(np.int32),
            values=self._values.T.numpy().astype(np.float32),
            is_silent=((highest <= 0) & (self._lowest >= 0)).numpy(),
        )
