"""A model folder gets what it lacks without training again: gate, worth, places and level of its map, similar cases."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt
from msgspec.structs import replace

from hilum.attribution.places import Places
from hilum.datasets import Catalogue, Split
from hilum.engine import Engine
from hilum.errors import HilumError
from hilum.explaining.network import open_network
from hilum.explaining.places import places_of_maps
from hilum.files import printable
from hilum.metrics.conformal import conformal_sets
from hilum.modelfolder import GRAPH, Conformal, Finished, Manifest, ModelFolder, salted_film_hash, write_model_folder
from hilum.modelfolder.card import LOADS_IN_TIMM, model_card
from hilum.modelfolder.maps import has_exact_map, map_kind_of
from hilum.modelfolder.neighbours import NEIGHBOURS, card_section, neighbours_bytes, parsed_neighbours, read_neighbours
from hilum.progress import Progress
from hilum.provenance import Provenance
from hilum.training.faithfulness import MOST_FILMS, MOST_FILMS_AGAIN, measure_faithfulness, measured_rows
from hilum.training.gate import fit_gate
from hilum.training.neighbours import KeptCases, gather_neighbours
from hilum.training.normal_map import mean_normal_map, normal_fit_rows

CARD = "README.md"


@dataclass(frozen=True, slots=True)
class Asked:
    """What is asked for beyond what a folder lacks.

    Args:
        kept: of the fit films in the new folder; what the old one has of them stays.
        measure_again: measure the map once more, on more select films; what is found stands in the place of the old.
    """

    kept: KeptCases = "none"
    measure_again: bool = False


@dataclass(frozen=True, slots=True)
class Lacking:
    """What a model folder lacks that the films at hand can give it.

    Args:
        places: where its map looks, found in the network; None where the folder says it, or nobody can.
    """

    gate: bool
    places: Places | None
    measure: bool
    normal_map: bool
    cases: bool

    @property
    def is_anything(self) -> bool:
        """True where there is something to do."""
        return self.gate or self.places is not None or self.measure or self.normal_map or self.cases


def write_finished(
    target: Path,
    folder: ModelFolder,
    pixels: npt.NDArray[np.uint8],
    films: Catalogue,
    split: Split,
    progress: Progress,
    made: Provenance,
    threads: int = 0,
    asked: Asked = Asked(),
) -> Manifest:
    """Write the model of `folder` anew with what it lacks; weights, calibration and thresholds stay.

    What made the model stays in the manifest too; what finished it stands beside it, in `finished`.

    Args:
        target: the new folder.
        pixels: (m, side, side) uint8 of the development films, aligned with `films` and `split`.
        made: command, commit, version and time of the finishing.
        threads: 0 takes every usable core.

    Raises:
        HilumError: the model lacks nothing that these films could give, other films served it than those that `split`
            names, or the graph with the gate gives other logits.
    """
    require_same_films(folder, films, split)
    lacking = what_lacks(folder, films, split, asked)
    if not lacking.is_anything:
        raise _nothing_to_do(folder, asked)
    contents = {name: folder.read(name) for name in folder.manifest.files}
    old = folder.manifest
    finished = replace(old, finished=_finished(made), map_kind=old.map_kind or map_kind_of(old.activation_map))
    if lacking.gate:
        contents[GRAPH], finished = _gated(contents[GRAPH], finished, pixels, films, split, progress, threads)
    if lacking.places:
        finished = replace(finished, map_places=lacking.places)
    if lacking.measure:
        network, most = open_network(folder), MOST_FILMS_AGAIN if asked.measure_again else MOST_FILMS
        found = measure_faithfulness(
            network, contents[GRAPH], finished.calibration, pixels, films, split, progress, threads, most
        )
        finished = replace(finished, faithfulness=found)
    if lacking.normal_map:
        engine = Engine(contents[GRAPH], GRAPH, threads)
        finished = replace(finished, normal_map=mean_normal_map(engine, pixels, films, split, progress))
    if lacking.cases:
        engine, salt = Engine(contents[GRAPH], GRAPH, threads), finished.training.salt
        geometry = finished.geometry if asked.kept == "thumbnails" else None
        cases = gather_neighbours(engine, pixels, films, split, salt, geometry=geometry, progress=progress)
        contents[NEIGHBOURS] = neighbours_bytes(cases)
    contents[CARD] = _card(contents, finished).encode()
    return write_model_folder(target, contents, lambda hashes: replace(finished, files=hashes))


def _gated(
    old: bytes,
    manifest: Manifest,
    pixels: npt.NDArray[np.uint8],
    films: Catalogue,
    split: Split,
    progress: Progress,
    threads: int,
) -> tuple[bytes, Manifest]:
    """Graph and manifest with a gate and conformal sets."""
    graph, gate = fit_gate(old, pixels, films, split, progress, threads=threads)
    calibrate = split.rows("calibrate")
    squares = np.asarray(pixels[calibrate])
    logit = Engine(graph, GRAPH, threads).logits(squares, progress=progress)
    require_same_logits(Engine(old, GRAPH, threads).logits(squares, progress=progress), logit)
    sets = conformal_sets(logit, films.is_pneumonia[calibrate], films.resampling_groups()[calibrate])
    return graph, replace(manifest, gate=gate, conformal=Conformal(**asdict(sets)))


def _card(contents: dict[str, bytes], manifest: Manifest) -> str:
    """The new card, with all that the old one said beyond the manifest."""
    card = model_card(manifest, LOADS_IN_TIMM in contents[CARD].decode("utf-8"))
    if NEIGHBOURS not in contents:
        return card
    return card + card_section(parsed_neighbours(contents[NEIGHBOURS], NEIGHBOURS))


def what_lacks(folder: ModelFolder, films: Catalogue, split: Split, asked: Asked) -> Lacking:
    """What these development films can give the folder that it does not have."""
    manifest = folder.manifest
    has_films = bool(len(measured_rows(films, split)))
    if asked.measure_again and not has_films:
        raise HilumError(
            "The map cannot be measured: too few select patients, or too few of them with films of one class.",
            expected="8 select patients, 2 of each class",
            do="Train with more patients, or measure on other films: hilum audit maps",
        )
    return Lacking(
        gate=manifest.gate is None and not manifest.training.cross_fitted,
        places=None if manifest.map_places else places_of_maps(open_network(folder), manifest.side),
        measure=has_films and (asked.measure_again or manifest.faithfulness is None),
        normal_map=lacks_normal_map(manifest) and bool(len(normal_fit_rows(films, split))),
        cases=lacks_cases(folder, asked.kept),
    )


def lacks_normal_map(manifest: Manifest) -> bool:
    """True where no mean map of normal films is kept, though the maps are exact."""
    return manifest.normal_map is None and has_exact_map(manifest)


def lacks_cases(folder: ModelFolder, kept: KeptCases) -> bool:
    """True where the folder keeps less of the fit films than is asked for."""
    if kept == "none":
        return False
    cases = read_neighbours(folder)
    return cases is None or (kept == "thumbnails" and cases.thumbnails is None)


def _finished(made: Provenance) -> Finished:
    return Finished(command=made.command, commit=made.commit, hilum_version=made.hilum_version, created=made.created)


def require_same_logits(old: npt.NDArray[np.float64], new: npt.NDArray[np.float64]) -> None:
    """Refuse a new graph that answers otherwise than the old: calibration and thresholds would not be its own.

    Args:
        old: (n,) logits of the calibrate films by the graph as it was.
        new: (n,) of the same films by the graph with the gate.

    Raises:
        HilumError: a logit differs.
    """
    differ = int((old != new).sum())
    if differ:
        raise HilumError(
            f"With the gate, {differ} of {len(old)} calibrate films get another logit: "
            f"up to {np.abs(old - new).max():.2g} apart.",
            expected="the answers of the model as it was",
            do="Use the model without a gate, or train anew.",
        )


def require_unfinished(folder: ModelFolder, asked: Asked = Asked()) -> None:
    """Refuse a model that lacks nothing, before any film is opened: the new folder would be the old one.

    What the films cannot give is found out later, by `what_lacks`.

    Raises:
        HilumError: it has all that a folder can have, and all that is asked for.
    """
    manifest = folder.manifest
    has_gate = manifest.gate is not None or manifest.training.cross_fitted  # whose networks are gone
    lacks_map = manifest.map_places is None or manifest.faithfulness is None or lacks_normal_map(manifest)
    if has_gate and not (lacks_map or asked.measure_again or lacks_cases(folder, asked.kept)):
        raise _nothing_to_do(folder, asked)


def _nothing_to_do(folder: ModelFolder, asked: Asked) -> HilumError:
    has_cases = ", and keeps these similar cases" if asked.kept != "none" else ""
    return HilumError(
        f"'{printable(folder.path)}' has a gate already, its map is measured or cannot be{has_cases}.",
        expected="a model folder that lacks something",
        do="Use it as it is, or ask for more: --measure-again, --with-neighbours or --with-thumbnails.",
    )


def require_same_films(folder: ModelFolder, films: Catalogue, split: Split) -> None:
    """Refuse films that did not serve the model as the split says: the gate would then be another model's.

    Raises:
        HilumError: a part has other films than the manifest names.
    """
    training = folder.manifest.training
    for part in ("fit", "select") if training.cross_fitted else ("fit", "select", "calibrate"):
        hashes = {salted_film_hash(training.salt, film.sha256) for film in films.select(split.rows(part)).films}
        served = set(getattr(training, part).films)
        if hashes != served:
            raise HilumError(
                f"{len(hashes ^ served)} of the {part} films are not those that served '{training.data_name}' "
                f"in '{printable(folder.path)}'.",
                expected="the data set that the model was trained on, whole and unaltered",
                do="Name that data set, or its catalogue.",
            )
