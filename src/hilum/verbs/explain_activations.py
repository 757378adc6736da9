"""The part of hilum explain that needs torch: an atlas of every layer for each film, and the threads of networks."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import torch

from hilum.datasets import Catalogue, open_pixels, resolve_catalogue
from hilum.datasets.mapped import MappedSquares
from hilum.explaining.atlas import draw_atlas
from hilum.explaining.exciting import Excitement, exciting_films, fit_films
from hilum.explaining.layers import NetworkLayer, layer_named, network_layers
from hilum.explaining.network import open_network
from hilum.files import printable
from hilum.images import to_square
from hilum.modelfolder.card import limits
from hilum.models import FilmClassifier
from hilum.progress import Progress
from hilum.provenance import Provenance
from hilum.reports.atlas import AtlasTitle, png_name, write_atlas
from hilum.reports.explained import Explainer
from hilum.reports.words import percent
from hilum.runtime import Prediction
from hilum.runtime.mapping import Pixels

MOST_EXCITING: Final = 1000
"""Fit films that are searched for those that excite a channel most, drawn by seed; an atlas names their number."""


@dataclass(frozen=True, slots=True, eq=False)
class _Source:
    """A model's network, the layers that are drawn, and the films that excite them most, looked for once."""

    explainer: Explainer
    classifier: FilmClassifier
    layers: tuple[NetworkLayer, ...]
    films: Catalogue | None
    squares: MappedSquares | None
    excitements: tuple[Excitement, ...] | None


class Atlases:
    """Draws atlases of models whose networks have been opened.

    Args:
        sources: one a model, in the order of the page.
        made: by which command, when.
    """

    def __init__(self, sources: Sequence[_Source], made: Provenance) -> None:
        self._sources, self._made = sources, made

    def write(
        self, model: int, pixels: Pixels, said: Prediction, folder: Path, progress: Progress
    ) -> tuple[str, list[str]]:
        """Draw and write the atlas of one film into a folder of its own.

        Args:
            model: its place.
            pixels: (height, width) uint8, the film.
            said: what the model says of it.
            folder: that the page and a PNG for each layer go into.
            progress: where the bars are shown.

        Returns:
            The page and all files, both relative to the folder above.
        """
        source = self._sources[model]
        predictor = source.explainer.predictor
        square = to_square(pixels, predictor.side, predictor.geometry)
        atlas = draw_atlas(
            source.classifier,
            square,
            layers=source.layers,
            exciting=source.squares,
            excitements=source.excitements,
            progress=progress,
        )
        page = write_atlas(folder, atlas, self._title(source, said))
        name = f"{folder.name}/{page.name}"
        return name, [name, *(f"{folder.name}/layers/{png_name(layer)}" for layer in source.layers)]

    def _title(self, source: _Source, said: Prediction) -> AtlasTitle:
        films = source.films.films if source.films else ()
        explainer = source.explainer
        manifest = explainer.predictor.manifest
        return AtlasTitle(
            model=explainer.name,
            film=said.path,
            answer=f"{said.decision}, {percent(said.probability)}",
            made=self._made,
            data_name=source.films.name if source.films else "",
            labels=[film.label for film in films],
            names=[printable(film.path) for film in films],
            limits=limits(manifest),
            model_hash=explainer.predictor.model_hash,
            threshold=explainer.point.threshold,
            operating_point=explainer.point.name,
            prevalence=manifest.calibration.prevalence,
        )


@contextmanager
def torch_threads(threads: int) -> Iterator[None]:
    """Let torch take so many threads; its own setting comes back in the end."""
    before = torch.get_num_threads()
    torch.set_num_threads(threads)
    try:
        yield
    finally:
        torch.set_num_threads(before)


def open_atlases(
    explainers: Sequence[Explainer],
    layer: str | None,
    data: Path | None,
    workspace: Path,
    made: Provenance,
    progress: Progress,
) -> Atlases:
    """Each model's network, with the layer that is asked for or all, and its fit films where data are named.

    Raises:
        HilumError: a network that cannot be opened, a layer that it does not have, or data without its fit films.
    """
    found = resolve_catalogue(data, workspace, progress) if data else None
    return Atlases([_source(one, layer, found, progress) for one in explainers], made)


def _source(
    explainer: Explainer, layer: str | None, data: tuple[Catalogue, Path] | None, progress: Progress
) -> _Source:
    predictor = explainer.predictor
    classifier = open_network(predictor.folder)
    layers = network_layers(classifier, predictor.side)
    chosen = layers if layer is None else (layer_named(layers, layer),)
    if data is None:
        return _Source(explainer, classifier, chosen, None, None, None)
    catalogue, place = data
    films = fit_films(catalogue, predictor.manifest, MOST_EXCITING)
    squares = open_pixels(films, predictor.side, predictor.geometry, place / "pixels", progress)
    excitements = exciting_films(classifier, chosen, squares, progress)
    return _Source(explainer, classifier, chosen, films, squares, excitements)
