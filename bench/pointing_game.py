"""The pointing game on phantoms, whose opacities are known: does the highest place of a map lie in one?

    python bench/pointing_game.py PLACE [--patients 800] [--seed 0] [--set KEY=VALUE ...] [--methods map gradcam]
        [--layers LAYER ...] [--opacities consolidation patch haze] [--films 0] [--threads 0] [--output FILE.json]

Draws phantom films into PLACE, trains the packaged recipe `cnn-scratch` on them as `hilum train` does, and asks the
model about the held-out films with pneumonia, by which nothing of the model was chosen. What is in PLACE already is
kept, so that a second call only asks. `map` has its level of normal films in the model folder, as `above-normal`;
Grad-CAM is asked as it is and minus its own mean over normal fit films. Beside them stands what knows nothing of the
film: the first two maps against the opacities of another patient's film of the same kind, a blob in the centre, and how
often the training films have opacities at each place. Shares of films with 95 % intervals over patients. The bar is
90 % for the exact maps. No film of a patient is looked at.
"""

from __future__ import annotations

import argparse
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, replace
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from hilum.attribution.controls import centre_blob
from hilum.attribution.evidence import EvidenceMap, Square
from hilum.attribution.inside import Mask, intersection_over_union, points_into, share_in_mask
from hilum.datasets import Catalogue, open_pixels, resolve_catalogue, split_films
from hilum.datasets.phantom import draw_phantom_films
from hilum.datasets.phantom.truth import opacity_mask, read_opacities
from hilum.explaining.methods import METHODS, method_for, offered_methods
from hilum.json_files import write_json
from hilum.metrics import Estimate, Statistic, estimate, resample_patients
from hilum.metrics.arrays import Floats
from hilum.metrics.estimates import share_over_patients
from hilum.progress import Progress, Silent, on_stderr, track
from hilum.runtime import Predictor
from hilum.verbs.train import train

BAR = 0.9
EXACT = ("map", "above-normal")
FILM_PX = 320
DRAWS = 2000
NORMAL_FILMS = 100
"""Whose mean Grad-CAM is the level of each place."""
OPACITIES = ("consolidation", "patch", "haze")
KINDS = ("bacteria", "virus")
MapOf = Callable[[Square], EvidenceMap]
Squares = npt.NDArray[np.uint8]


@dataclass(frozen=True, slots=True, eq=False)
class HeldOut:
    """Films with pneumonia that the model never met.

    Args:
        squares: (n, side, side) uint8.
        masks: where opacities were drawn on each.
        kind: (n,) "bacteria" or "virus".
        patient: (n,) a whole number for each film's patient.
        is_called: (n,) bool: the model calls it pneumonia, at Youden's operating point.
        usual: (side, side) on how many of the training films an opacity covers the place, as a share.
        normal: (m, side, side) uint8 fit films without pneumonia.
    """

    squares: Squares
    masks: tuple[Mask, ...]
    kind: npt.NDArray[np.str_]
    patient: npt.NDArray[np.intp]
    is_called: npt.NDArray[np.bool_]
    usual: EvidenceMap
    normal: Squares

    def rows(self, which: str) -> npt.NDArray[np.intp]:
        """The films of a kind, those that the model finds, or all."""
        chosen = {"all": self.kind != "", "called pneumonia": self.is_called}
        return np.flatnonzero(chosen.get(which, self.kind == which))


@dataclass(frozen=True, slots=True)
class Row:
    """How a map did on some films.

    Args:
        pointing: share of films whose map is highest in an opacity.
        overlap: mean intersection over union of the opacities and the places with at least half the highest evidence.
        inside: mean share of the evidence for pneumonia that lies in opacities; an even map has the area there.
        area: mean share of the film that opacities cover.
    """

    map: str
    which: str
    films: int
    patients: int
    pointing: Estimate
    overlap: Estimate
    inside: Estimate
    area: float

    def __str__(self) -> str:
        figures = "  ".join(one.text() for one in (self.pointing, self.overlap, self.inside))
        return f"{self.map:54}{self.which:18}{self.films:6}{self.patients:9}  {figures}  {self.area:.3f}"


def with_opacities_of_another(held_out: HeldOut) -> HeldOut:
    """The same films, each with the opacities of another patient's film of its kind."""
    other = np.arange(len(held_out.masks))
    for kind in KINDS:
        rows = held_out.rows(kind)
        other[rows] = np.roll(rows, len(rows) // 2)  # films of one patient stand together
    return replace(held_out, masks=tuple(held_out.masks[row] for row in other))


def trained_run(
    place: Path, patients: int, seed: int, threads: int, changes: Sequence[str] = (), side: int = FILM_PX
) -> Path:
    """The run of `cnn-scratch` on phantoms drawn in `place`; what is there already is kept.

    Args:
        changes: of the recipe, as `hilum train --set` takes them.
        side: width of the films in pixels.
    """
    films, run = place / "films", place / "run"
    draw_phantom_films(films, patients=patients, seed=seed, side=side, progress=on_stderr())
    if not (run / "model").exists():
        workspace = place / "workspace"
        resume = (run / "run.json").exists()
        train("cnn-scratch", films, output=run, resume=resume, threads=threads, workspace=workspace, set_=changes)
    return run


def held_out_films(
    predictor: Predictor,
    place: Path,
    most: int = 0,
    kinds: Sequence[str] = OPACITIES,
    progress: Progress = Silent(),
) -> HeldOut:
    """The held-out films with pneumonia, each with its opacities.

    Args:
        predictor: of the model that was trained on the films in `place`.
        most: films, evenly over all of them; 0 takes all.
        kinds: of opacities that count.
    """
    catalogue, beside = resolve_catalogue(place / "films", place / "workspace", progress)
    films = catalogue.usable
    split = split_films(films, "official", seed=predictor.manifest.training.seed)
    test, fit = split.rows("test"), split.rows("fit")
    chosen = films.select(_spread(test[films.is_pneumonia[test]], most))
    normal = films.select(_spread(fit[~films.is_pneumonia[fit]], NORMAL_FILMS))
    squares, of_normal = (
        np.asarray(open_pixels(some, predictor.side, predictor.geometry, beside / "pixels", progress))
        for some in (chosen, normal)
    )
    threshold = predictor.operating_point("youden").threshold
    return HeldOut(
        squares=squares,
        masks=masks_of(chosen, predictor.side, kinds),
        kind=np.array([film.subtype for film in chosen.films]),
        patient=chosen.resampling_groups(),
        is_called=predictor.probability(predictor.logits(squares)) >= threshold,
        usual=np.mean(
            masks_of(films.select(fit[films.is_pneumonia[fit]]), predictor.side, kinds), axis=0, dtype=np.float32
        ),
        normal=of_normal,
    )


def _spread(rows: npt.NDArray[np.int64], most: int) -> npt.NDArray[np.int64]:
    """At most so many rows, evenly over them; 0 takes all."""
    number = min(len(rows), most or len(rows))
    spread: npt.NDArray[np.int64] = rows[np.linspace(0, len(rows) - 1, number).astype(np.int64)]
    return spread


def masks_of(films: Catalogue, side: int, kinds: Sequence[str]) -> tuple[Mask, ...]:
    """(side, side) bool of each film: where its opacities were drawn."""
    drawn = read_opacities(films.root)
    counted = [[one for one in drawn[film.path] if one.kind in kinds] for film in films.films]
    pairs = zip(counted, films.films, strict=True)
    return tuple(opacity_mask(opacities, film.width_px, film.height_px, side) for opacities, film in pairs)


def maps_asked(
    predictor: Predictor, held_out: HeldOut, methods: Sequence[str], layers: Sequence[str] = ()
) -> dict[str, MapOf]:
    """The methods by name, Grad-CAM also minus its mean over normal films, and maps that know nothing of the film.

    Args:
        methods: of which those are asked that the model offers.
        layers: that Grad-CAM is asked for too, beside its own choice.
    """
    offered = [(name, None) for name in methods if name in offered_methods(predictor.manifest)]
    found: dict[str, MapOf] = {}
    for method, layer in (*offered, *(("gradcam", layer) for layer in layers)):
        name = " ".join(filter(None, (method, layer)))
        found[name] = method_for(method, predictor.folder, predictor.engine, layer).evidence
        if method == "gradcam":
            found[f"{name}, above normal"] = _above_normal(found[name], held_out.normal)
    blob = centre_blob(predictor.side)
    return found | {"centre blob": lambda _: blob, "usual place": lambda _: held_out.usual}


def _above_normal(map_of: MapOf, normal: Squares) -> MapOf:
    """The map minus its mean over normal films."""
    level: EvidenceMap = np.mean([map_of(square) for square in normal], axis=0, dtype=np.float32)
    return lambda square: map_of(square) - level


def judge(name: str, map_of: MapOf, held_out: HeldOut, progress: Progress = Silent()) -> list[Row]:
    """A row for all films, for those that the model finds, and for each kind of pneumonia."""
    scored = []
    for square, mask in track(progress, zip(held_out.squares, held_out.masks, strict=True), name, len(held_out.masks)):
        evidence = map_of(square)
        inside = float(np.nan_to_num(share_in_mask(evidence, mask)))
        scored.append((points_into(evidence, mask), intersection_over_union(evidence, mask), inside, mask.mean()))
    figures = np.array(scored, dtype=np.float64)
    return [_row(name, which, figures, held_out) for which in ("all", "called pneumonia", *KINDS)]


def _row(name: str, which: str, figures: Floats, held_out: HeldOut) -> Row:
    rows = held_out.rows(which)
    patient = held_out.patient[rows]
    of_films, resampling = figures[rows], resample_patients(patient, held_out.kind[rows] == KINDS[0], DRAWS, 0)
    overlap, inside = estimate(
        [Statistic(partial(weighted_mean, of_films[:, column])) for column in (1, 2)], resampling
    )
    return Row(
        map=name,
        which=which,
        films=len(rows),
        patients=len(np.unique(patient)),
        pointing=share_over_patients(of_films[:, 0] > 0, patient, "no films"),
        overlap=overlap,
        inside=inside,
        area=float(of_films[:, 3].mean()),
    )


def weighted_mean(values: Floats, weights: Floats) -> Floats:
    """(...,) means of (n,) values under (..., n) weights."""
    mean: Floats = weights @ values / weights.sum(axis=-1)
    return mean


def main() -> None:
    """Draw, train, point and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("place", type=Path)
    parser.add_argument("--patients", type=int, default=800)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--set", nargs="+", default=[], metavar="KEY=VALUE", help="changes of the recipe")
    parser.add_argument("--layers", nargs="+", default=[], help="for Grad-CAM, beside its own choice")
    parser.add_argument("--opacities", nargs="+", choices=OPACITIES, default=OPACITIES, help="those that count")
    parser.add_argument("--methods", nargs="+", choices=METHODS, default=["map", "above-normal", "gradcam"])
    parser.add_argument("--films", type=int, default=0, help="held-out films to ask about; 0 takes all")
    parser.add_argument("--threads", type=int, default=0)
    parser.add_argument("--output", type=Path)
    options = parser.parse_args()
    run = trained_run(options.place, options.patients, options.seed, options.threads, options.set)
    predictor, progress = Predictor.open(run, options.threads), on_stderr()
    held_out = held_out_films(predictor, options.place, options.films, options.opacities, progress)
    print(f"{'map':54}{'films':18}{'number':>6}{'patients':>9}  {'pointing':22}{'overlap':22}{'inside':20}  area")
    rows = list[Row]()
    asked, other = maps_asked(predictor, held_out, options.methods, options.layers), with_opacities_of_another(held_out)
    games = [(name, map_of, held_out) for name, map_of in asked.items()]
    games += [(f"{name}, opacities of another film", map_of, other) for name, map_of in asked.items() if name in EXACT]
    for name, map_of, films in games:
        rows += judge(name, map_of, films, progress)
        print(*rows[-4:], sep="\n", flush=True)
    if options.output:
        found: dict[str, Any] = {"patients": options.patients, "seed": options.seed, "set": options.set}
        write_json(options.output, found | {"opacities": options.opacities, "rows": [asdict(one) for one in rows]})
    for row in rows:
        if row.map in EXACT and row.which == "all":
            print(f"{row.map}: {row.pointing.value or 0.0:.1%} of {row.films} films; the bar is {BAR:.0%}")


if __name__ == "__main__":
    main()
