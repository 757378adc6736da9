"""hilum audit maps: how far a model's maps can be trusted, method by method."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from hilum import provenance
from hilum.attribution.evidence import Squares
from hilum.audits.asked import Choice, films_for_model
from hilum.datasets import WORKSPACE, Catalogue, open_pixels, resolve_catalogue
from hilum.engine import require_threads
from hilum.errors import TRAINING_HALF, HilumError, require_installed
from hilum.explaining.faithfulness import Agreement, MapsAudit, MethodFaithfulness
from hilum.images.box import LUNG_BOX, area
from hilum.modelfolder import Manifest, salted_film_hash
from hilum.progress import Progress, on_stderr
from hilum.provenance import Provenance
from hilum.runtime import Predictor
from hilum.verbs.audit_files import AuditFiles, require_audits, room_for

if TYPE_CHECKING:
    from rich.console import RenderableType

    from hilum.explaining.curve_figures import AskedFilms
    from hilum.explaining.methods import Method

FILMS: Final = 60
FEWEST: Final = 4
"""Fewer patients give no interval to speak of; with few of them the intervals say how little is known."""

NORMAL_FILMS: Final = 48
"""Whose mean map each random network's maps are held against in `above-normal`; all 200 would triple the passes."""

ABOVE_NORMAL: Final = "above-normal"
"""The one method that needs films of its own: normal ones, for the level that it takes from the map."""

LeftOut = tuple[tuple[str, str], ...]
"""Methods that the model does not offer, each with the reason."""


@dataclass(frozen=True, slots=True)
class MapsAudited:
    """The audit, and where it was written."""

    audit: MapsAudit
    files: AuditFiles

    def __rich__(self) -> RenderableType:
        from hilum.reports.audit_maps import maps_table

        return maps_table(self.audit, self.files.page)

    def as_json(self) -> dict[str, Any]:
        """The audit as JSON values, with the paths of its files."""
        return {"audit": self.audit.as_json(), "files": self.files.as_json()}


def maps(
    model: Path,
    data: Path,
    *,
    method: Sequence[str] = (),
    films: int = FILMS,
    output: Path | None = None,
    seed: int = 0,
    threads: int = 0,
    workspace: Path = WORKSPACE,
) -> MapsAudited:
    """Measure how far the maps of a model can be trusted, each method beside the others.

    Deletion and insertion against random maps and a blob in the centre, maps of networks whose weights were made
    random, the share in a lung box, steadiness under small shifts, agreement. On films of the model's own select
    patients where the data hold them, else on films that it never met, one a patient; never on a test folder. Writes
    index.html, which shows some of the films, and audit.json.

    Args:
        model: Model folder, or the run that holds one.
        data: Folder of class folders, CSV table or catalogue file.
        method: map, above-normal, gradcam, occlusion, integrated-gradients; each that the model offers if not given.
        films: Measure on at most so many films, drawn by the seed; 0 takes one of every patient.
        output: Folder for the two files; under runs/audits if not given.
        seed: Draws films, random maps and random weights.
        threads: Threads of graph and network; 0 takes every usable core.
        workspace: Folder of catalogues and pixel caches.

    Examples:
        hilum audit maps runs/best data/chest_xray
        hilum audit maps runs/best data/chest_xray --method map --method gradcam --films 0
    """
    progress = on_stderr()
    require_audits()
    require_installed(TRAINING_HALF, "An audit of maps", "train")
    require_threads(threads)
    predictor = Predictor.open(model, threads)
    methods, left_out = _methods(predictor, method)
    catalogue, place = resolve_catalogue(data, workspace, progress)
    choice = one_film_a_patient(films_for_model(catalogue, predictor.manifest), films, seed)
    normal = None
    if any(one.name == ABOVE_NORMAL for one in methods):
        normal = normal_films(catalogue, predictor.manifest, choice)
        if not normal.films:
            normal, (methods, left_out) = None, _without_level(methods, left_out, is_asked_for=bool(method))
    files = room_for(output, "maps", catalogue.name)
    made = provenance.current("numpy", "pillow", "onnxruntime", "torch")
    _limit_threads(threads)
    audit = _measure(_Asked(predictor, methods, left_out, choice, normal, place, seed, made), progress)

    from hilum.reports.audit_maps import maps_page

    files.write(maps_page(audit), audit.as_json())
    return MapsAudited(audit, files)


def one_film_a_patient(choice: Choice, most: int, seed: int) -> Choice:
    """Of the films that a model may be asked about, at most so many, no two of one patient.

    Raises:
        HilumError: fewer than `FEWEST` are left.
    """
    from hilum.explaining.chosen import one_a_patient

    rows = one_a_patient(choice.films, most, seed)
    if len(rows) < FEWEST:
        raise HilumError(
            f"Of the {len(choice.films.films):,} films that the model may be asked about, {len(rows)} are to be "
            "taken, one a patient.",
            expected=f"{FEWEST} or more",
            do="Ask for more films, or name data with more patients.",
        )
    words = f"{len(rows):,} of {len(choice.films.films):,}, one a patient, half of each class as far as there are"
    return replace(choice, films=choice.films.select(rows), words=f"{words}: {choice.words}")


def normal_films(catalogue: Catalogue, manifest: Manifest, choice: Choice) -> Catalogue:
    """Normal fit films of the model where the data hold them, else those of the films asked about; never test films."""
    from hilum.explaining.chosen import spread

    training, films = manifest.training, catalogue.usable
    fit = set(training.fit.films)
    of_fit = [
        row
        for row, film in enumerate(films.films)
        if film.label == "normal" and film.split != "test" and salted_film_hash(training.salt, film.sha256) in fit
    ]
    normal = films.select(of_fit) if of_fit else choice.films.select(np.flatnonzero(~choice.films.is_pneumonia))
    return normal.select(spread(len(normal.films), NORMAL_FILMS))


def _without_level(methods: list[Method], left_out: LeftOut, *, is_asked_for: bool) -> tuple[list[Method], LeftOut]:
    """The methods without `above-normal`, which has no films for its level here.

    Raises:
        HilumError: it was asked for by name.
    """
    missing = HilumError(
        f"The data hold no normal film for the level of '{ABOVE_NORMAL}', neither fit films of the model nor others.",
        expected="normal films beside those with pneumonia",
        do="Name the data set that the model was trained on, or ask for another method: --method map",
    )
    if is_asked_for:
        raise missing
    return [one for one in methods if one.name != ABOVE_NORMAL], (*left_out, (ABOVE_NORMAL, missing.happened))


def _limit_threads(threads: int) -> None:
    """The network takes as many threads as its graph does."""
    import torch

    if threads:
        torch.set_num_threads(threads)


def _methods(predictor: Predictor, names: Sequence[str]) -> tuple[list[Method], LeftOut]:
    """The methods asked for; without names each that can be had here, and why the others cannot."""
    from hilum.explaining.methods import METHODS, method_for

    found: list[Method] = []
    left_out: list[tuple[str, str]] = []
    for name in dict.fromkeys(names or METHODS):
        try:
            found.append(method_for(name, predictor.folder, predictor.engine))
        except HilumError as error:
            if names:
                raise
            left_out.append((name, error.happened))
    return found, tuple(left_out)


@dataclass(frozen=True, slots=True)
class _Asked:
    """What is measured, and on which films.

    Args:
        predictor: the model.
        methods: ready to be asked of it.
        left_out: those that cannot be had, with the reason.
        choice: the films, one a patient.
        normal: films whose mean map is the level of `above-normal`, for random networks anew; None where that is not
            measured.
        place: where the catalogue, its pixel cache and `looks.jsonl` lie.
        seed: of random maps and random weights.
        made: by which command, when.
    """

    predictor: Predictor
    methods: list[Method]
    left_out: LeftOut
    choice: Choice
    normal: Catalogue | None
    place: Path
    seed: int
    made: Provenance


def _measure(asked: _Asked, progress: Progress) -> MapsAudit:
    """Every measure of every method; a look at held-out films is written down before any figure is made."""
    from hilum.explaining.curve_figures import AskedFilms, blob_curves
    from hilum.explaining.measuring import EFFORTS, AskedModel, agreement_of, maps_of, measure_method
    from hilum.explaining.methods import network_evidence
    from hilum.explaining.network import open_network

    predictor, catalogue = asked.predictor, asked.choice.films

    def squares_of(some: Catalogue) -> Squares:
        return np.asarray(open_pixels(some, predictor.side, predictor.geometry, asked.place / "pixels", progress))

    squares, normal = squares_of(catalogue), squares_of(asked.normal) if asked.normal else None
    asked.choice.write_down(predictor, "maps", asked.place, asked.made)
    films = AskedFilms.of(
        squares,
        lambda some: predictor.probability(predictor.logits(some)),
        catalogue.is_pneumonia,
        asked.seed,
    )
    blob, places = blob_curves(films, progress), predictor.manifest.map_places
    model = AskedModel(open_network(predictor.folder), films, catalogue, blob, places)
    drawn = [maps_of(method, films, progress) for method in asked.methods]
    measured = tuple(
        measure_method(one, network_evidence(one.name, normal), model, maps, EFFORTS[one.name], progress)
        for one, maps in zip(asked.methods, drawn, strict=True)
    )
    return _record(asked, films, measured, tuple(agreement_of([one.name for one in asked.methods], drawn, films)))


def _record(
    asked: _Asked, films: AskedFilms, methods: tuple[MethodFaithfulness, ...], agreement: tuple[Agreement, ...]
) -> MapsAudit:
    predictor, catalogue = asked.predictor, asked.choice.films
    pneumonia, answered = int(films.truth.sum()), int(films.is_pneumonia.sum())
    number = len(catalogue.films)
    return MapsAudit(
        data_name=catalogue.name,
        fingerprint=catalogue.fingerprint,
        chosen=asked.choice.words,
        films=number,
        patients=len(set(catalogue.patients)),
        pneumonia=pneumonia,
        normal=number - pneumonia,
        answered_pneumonia=answered,
        answered_normal=number - answered,
        model=predictor.manifest.name,
        model_hash=predictor.model_hash,
        side=predictor.side,
        lung_box=LUNG_BOX,
        lung_box_area=area(LUNG_BOX),
        methods=methods,
        agreement=agreement,
        left_out=asked.left_out,
        seed=asked.seed,
        made=asked.made,
    )
