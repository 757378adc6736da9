"""A marker that gives the class away: is it seen in the maps of a model that learned from it?

    python bench/planted_marker_map.py PLACE [--patients 240] [--seed 0] [--set KEY=VALUE ...] [--clean RUN]
        [--method map] [--threads 0] [--output FILE.json]

Plants the corner marker of `planted_shortcuts.py` in every phantom film with pneumonia and in no normal one, trains the
packaged recipe `cnn-scratch` on them as `hilum train` does, and asks for maps of held-out films: with and without the
marker, of both classes. A map that shows what the model goes by has its evidence for pneumonia in that corner, and only
where the marker is. `--clean` names a run on phantoms without the marker, such as that of `pointing_game.py`, which is
asked about the same films. What is in PLACE already is kept. Shares with 95 % intervals over patients.
"""

from __future__ import annotations

import argparse
import shutil
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
from PIL import Image
from planted_shortcuts import corner_marker, planted
from pointing_game import weighted_mean

from hilum.attribution.evidence import EvidenceMap
from hilum.attribution.inside import Mask, points_into, share_in_mask
from hilum.datasets import Catalogue, index_folder, split_films
from hilum.datasets.phantom import draw_phantom_films
from hilum.explaining.methods import METHODS, method_for
from hilum.images import read_film, to_square
from hilum.json_files import write_json
from hilum.metrics import Estimate, Statistic, estimate, resample_patients
from hilum.metrics.estimates import share_over_patients
from hilum.progress import Progress, Silent, on_stderr, track
from hilum.runtime import Predictor
from hilum.verbs.train import train

CORNER = 0.25
"""Of width and height: the corner in which the marker lies, a cell of the map and what is next to it."""

FILM_PX = 320
DRAWS = 2000


@dataclass(frozen=True, slots=True)
class Row:
    """What a model makes of some films.

    Args:
        shown: which films, with or without the marker.
        called: share called pneumonia, at Youden's operating point.
        in_corner: mean share of the evidence for pneumonia that lies in the corner of the marker; an even map has
            6 % there.
        points_there: share of the maps that are highest in that corner.
    """

    model: str
    shown: str
    films: int
    called: Estimate
    in_corner: Estimate
    points_there: Estimate

    def __str__(self) -> str:
        figures = "  ".join(one.text() for one in (self.called, self.in_corner, self.points_there))
        return f"{self.model:10}{self.shown:30}{self.films:6}  {figures}"


def marked_run(
    place: Path, patients: int, seed: int, threads: int, changes: Sequence[str] = (), side: int = FILM_PX
) -> Path:
    """The run of `cnn-scratch` on phantoms whose films with pneumonia carry the marker.

    Args:
        place: keeps the films as drawn, those with the marker, and the run.
        changes: of the recipe, as `hilum train --set` takes them.
        side: width of the films in pixels.
    """
    drawn, marked, run = place / "drawn", place / "marked", place / "run"
    draw_phantom_films(drawn, patients=patients, seed=seed, side=side, progress=on_stderr())
    if not (run / "model").exists():
        shutil.rmtree(marked, ignore_errors=True)
        planted(index_folder(drawn, name="phantom"), marked, corner_marker, 1.0)
        resume = (run / "run.json").exists()
        workspace = place / "workspace"
        train("cnn-scratch", marked, output=run, resume=resume, threads=threads, workspace=workspace, set_=changes)
    return run


def held_out(drawn: Path, seed: int) -> Catalogue:
    """The films of the test folder, as they were drawn."""
    films = index_folder(drawn, name="phantom").usable
    return films.select(split_films(films, "official", seed=seed).rows("test"))


def with_marker(pixels: npt.NDArray[np.uint8]) -> npt.NDArray[np.uint8]:
    """The film with the marker in its upper right corner."""
    return np.asarray(corner_marker(Image.fromarray(pixels))[0])


def corner(side: int) -> Mask:
    """(side, side) bool: the upper right corner."""
    mask, edge = np.zeros((side, side), dtype=np.bool_), round(CORNER * side)
    mask[:edge, side - edge :] = True
    return mask


def look(
    name: str, predictor: Predictor, films: Catalogue, method: str, progress: Progress = Silent()
) -> Iterator[Row]:
    """A row for each class, without and with the marker.

    Args:
        name: of the model, for the table.
        films: without the marker, none of which the model has met.
    """
    map_of = method_for(method, predictor.folder, predictor.engine).evidence
    for label in ("pneumonia", "normal"):
        chosen = films.select(np.flatnonzero([film.label == label for film in films.films]))
        drawn = [read_film(films.root / film.path).pixels for film in chosen.films]
        for shown, pixels in (("as drawn", drawn), ("with the marker", [with_marker(one) for one in drawn])):
            squares = np.stack([to_square(one, predictor.side, predictor.geometry) for one in pixels])
            words = f"{label}, {shown}"
            maps = [map_of(square) for square in track(progress, squares, f"{name}: {words}", len(squares))]
            yield _row(name, words, predictor, squares, maps, chosen.resampling_groups())


def _row(
    name: str,
    shown: str,
    predictor: Predictor,
    squares: npt.NDArray[np.uint8],
    maps: list[EvidenceMap],
    patient: npt.NDArray[np.intp],
) -> Row:
    threshold, there = predictor.operating_point("youden").threshold, corner(predictor.side)
    shares = np.nan_to_num([share_in_mask(one, there) for one in maps])
    resampling = resample_patients(patient, np.ones(len(patient), dtype=np.bool_), DRAWS, 0)
    return Row(
        model=name,
        shown=shown,
        films=len(maps),
        called=share_over_patients(predictor.probability(predictor.logits(squares)) >= threshold, patient, "no films"),
        in_corner=estimate([Statistic(partial(weighted_mean, shares))], resampling)[0],
        points_there=share_over_patients(np.array([points_into(one, there) for one in maps]), patient, "no films"),
    )


def main() -> None:
    """Draw, plant, train, look and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("place", type=Path)
    parser.add_argument("--patients", type=int, default=240)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--set", nargs="+", default=[], metavar="KEY=VALUE", help="changes of the recipe")
    parser.add_argument("--clean", type=Path, help="a run on phantoms without the marker")
    parser.add_argument("--method", choices=METHODS, default="map")
    parser.add_argument("--threads", type=int, default=0)
    parser.add_argument("--output", type=Path)
    options = parser.parse_args()
    run = marked_run(options.place, options.patients, options.seed, options.threads, options.set)
    films, rows = held_out(options.place / "drawn", options.seed), list[Row]()
    print(f"{'model':10}{'films':30}{'number':>6}  {'called pneumonia':22}{'evidence in corner':22}highest in corner")
    for name, path in (("marked", run), ("clean", options.clean)):
        if path:
            for row in look(name, Predictor.open(path, options.threads), films, options.method, on_stderr()):
                rows.append(row)
                print(row, flush=True)
    if options.output:
        found: dict[str, Any] = {"patients": options.patients, "seed": options.seed, "set": options.set}
        write_json(options.output, found | {"method": options.method, "rows": [asdict(one) for one in rows]})


if __name__ == "__main__":
    main()
