"""hilum model finish: a model folder in, one with what it lacked out: gate, worth of its map, similar cases."""

from __future__ import annotations

import os
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from msgspec import to_builtins

from hilum import provenance
from hilum.datasets import WORKSPACE, open_pixels, resolve_catalogue, split_films
from hilum.datasets.cross_fit import without_calibrate
from hilum.datasets.fewer import fewer_fit_patients
from hilum.errors import HilumError
from hilum.files import explained, printable
from hilum.modelfolder import Conformal, Gate, open_model_folder
from hilum.modelfolder.neighbours import read_neighbours
from hilum.modelfolder.schema import faithfulness_in_words
from hilum.progress import on_stderr
from hilum.verbs.prepare import readable_films, require_training_half

if TYPE_CHECKING:
    from rich.console import RenderableType

NOT_GIVEN = (
    "It has no gate: the data have too few patients for one, so pictures that are no chest film are answered too."
)


@dataclass(frozen=True, slots=True)
class FinishedModel:
    """The new folder and what it can do now.

    Args:
        map_worth: what was found of the model's map, in words.
        normal_films: whose mean map it keeps for `above-normal`; None where it keeps none.
        similar_cases: fit films to compare with; None where the folder keeps none.
        has_thumbnails: True where it keeps pictures of them.
    """

    model: Path
    model_hash: str
    gate: Gate | None
    conformal: Conformal
    map_worth: str
    normal_films: int | None
    similar_cases: int | None
    has_thumbnails: bool

    def __rich__(self) -> RenderableType:
        from rich.text import Text

        return Text(
            f"Model  {printable(self.model)} ({self.model_hash[:12]})\n\n"
            f"{self._gate_in_words}\n"
            f"Answer sets: {1 - self.conformal.alpha:.0%} of each class hold the truth on patients like these; "
            f"a logit {_from(self.conformal.pneumonia_from)} leaves pneumonia open, "
            f"{_up_to(self.conformal.normal_to)} leaves normal open.\n"
            f"Map: {self.map_worth}.\n"
            f"Map above normal: {self._level_in_words}.\n"
            f"Similar cases: {self._cases_in_words}.\n"
            "Weights, calibration and operating points are those of the old folder."
        )

    @property
    def _gate_in_words(self) -> str:
        gate = self.gate
        if gate is None:
            return NOT_GIVEN
        return (
            f"Gate: warns above a distance of {gate.warn_above:.3f}, refuses above {gate.refuse_above:.3f}. Of the "
            f"{gate.films} calibrate films ({gate.patients} patients) it warns of {gate.warned:.1%} and refuses "
            f"{gate.refused:.1%}; varied as by other machines, it refuses {gate.refused_varied:.1%}."
        )

    @property
    def _level_in_words(self) -> str:
        if self.normal_films is None:
            return "none, as its map is not exact or the data have too few normal fit films"
        return f"held against the mean map of {self.normal_films} normal fit films"

    @property
    def _cases_in_words(self) -> str:
        if self.similar_cases is None:
            return "none are kept"
        pictures = " with thumbnails: patients' images, which go wherever the folder goes" * self.has_thumbnails
        return f"{self.similar_cases} fit films{pictures}"

    def as_json(self) -> dict[str, Any]:
        """The same as a JSON object."""
        return to_builtins(asdict(self) | {"model": printable(self.model)})  # type: ignore[no-any-return]


def finish_model(
    model: Path,
    data: Path,
    *,
    output: Path | None = None,
    skip_bad: bool = False,
    with_neighbours: bool = False,
    with_thumbnails: bool = False,
    measure_again: bool = False,
    threads: int = 0,
    workspace: Path = WORKSPACE,
) -> FinishedModel:
    """Give a model what it lacks, without training again: gate, answer sets, worth and level of its map, similar cases.

    Writes a new model folder with the same weights, calibration and operating points. The distance is measured from
    the fit films, the limits come from the calibrate patients, the map is measured on select patients, its level on
    normal fit films; the model is shown no test film.

    Args:
        model: Model folder, or the run that holds one.
        data: The data set that it was trained on: folder of class folders, or a catalogue file.
        output: New model folder; the old one's name with -finished if not given.
        skip_bad: Leave out the films that cannot be read, as the training did.
        with_neighbours: Keep the features of the fit films too, so that similar cases can be shown.
        with_thumbnails: Keep small pictures of the fit films too: patients' images, which go wherever the model goes.
        measure_again: Measure the map once more, on up to 96 select films instead of 32; the new verdict stands.
        threads: 0 takes every usable core.
        workspace: Folder of catalogues and pixel caches.

    Examples:
        hilum model finish runs/best data/chest_xray
        hilum model finish models/old data/chest_xray --output models/new
        hilum model finish runs/best data/chest_xray --with-neighbours
        hilum model finish runs/best data/chest_xray --measure-again
    """
    require_training_half()
    from hilum.training import kept_cases
    from hilum.training.refit import Asked, require_unfinished, write_finished

    folder, asked = open_model_folder(model), Asked(kept_cases(with_neighbours, with_thumbnails), measure_again)
    require_unfinished(folder, asked)
    target = output or _beside(folder.path)
    _require_room(target)
    progress, training = on_stderr(), folder.manifest.training
    catalogue, place = resolve_catalogue(data, workspace, progress)
    films = readable_films(catalogue, skip_bad)
    recipe = folder.manifest.recipe
    split = split_films(films, training.protocol, seed=training.seed, fold=training.fold, block=recipe.get("block", ""))
    split = fewer_fit_patients(films, split, int(recipe.get("patients", 0)))
    split = without_calibrate(split) if training.cross_fitted else split
    rows = split.development_rows
    split, films = replace(split, parts=tuple(split.parts[row] for row in rows)), films.select(rows)
    pixels = open_pixels(films, folder.manifest.side, folder.manifest.geometry, place / "pixels", progress)
    made = provenance.current()
    write_finished(target, folder, pixels, films, split, progress, made, threads, asked)
    return _answer(target)


def _beside(model: Path) -> Path:
    """The name for the new folder; "." and ".." have none of their own to add to."""
    path = Path(os.path.abspath(model))  # noqa: PTH100 -- `resolve` would leave the place of a link
    return path.with_name(f"{path.name}-finished")


def _require_room(target: Path) -> None:
    with explained(target, "write to"):
        is_taken = target.exists() and (not target.is_dir() or any(target.iterdir()))
    if is_taken:
        raise HilumError(
            f"'{printable(target)}' exists already.",
            expected="a new or an empty folder",
            do="Remove it or name another folder with --output.",
        )


def _answer(target: Path) -> FinishedModel:
    """The answer, read from what was written."""
    folder = open_model_folder(target)
    manifest, cases = folder.manifest, read_neighbours(folder)
    assert manifest.conformal is not None
    return FinishedModel(
        model=target,
        model_hash=folder.model_hash,
        gate=manifest.gate,
        conformal=manifest.conformal,
        map_worth=faithfulness_in_words(manifest.faithfulness),
        normal_films=manifest.normal_map.films if manifest.normal_map else None,
        similar_cases=len(cases.films) if cases else None,
        has_thumbnails=bool(cases and cases.thumbnails),
    )


def _from(logit: float | None) -> str:
    return "of any size" if logit is None else f"from {logit:.3f} on"


def _up_to(logit: float | None) -> str:
    return "one of any size" if logit is None else f"one up to {logit:.3f}"
