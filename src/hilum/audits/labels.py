"""The label audit: films whose label a small model doubts, after learning from films of other patients only."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Final

import numpy as np

from hilum.audits.duplicates_labels import Likeness, likenesses
from hilum.audits.features import Seen, see_films
from hilum.audits.probes import FEWEST_PATIENTS, Question, auroc_of
from hilum.audits.shortcuts import question_of
from hilum.datasets.catalogue import Catalogue, FilmRecord
from hilum.datasets.pixels import open_pixels
from hilum.errors import HilumError
from hilum.evaluation import Count
from hilum.metrics import Estimate
from hilum.metrics.arrays import Booleans, Floats
from hilum.modelfolder import Training, salted_film_hash
from hilum.progress import Progress, Silent, track
from hilum.provenance import Provenance
from hilum.runtime import Predictor

TOP: Final = 50
"""Films that are listed where fewer are suspected: those of the largest loss follow the suspected ones."""

GOOD_JUDGE: Final = 0.9
"""An AUROC of the probe below which most of what it doubts is its own fault: with one of 0.65 on phantoms, 5 in 100
suspected labels were those that had been flipped."""

_PENALTY: Final = 0.25
"""Weight of half the squared coefficients against the mean loss of a film.

Measured with 5 % of the labels of 5,232 Kermany films flipped, on features of a frozen MobileNetV2: precision 0.88 and
recall 0.88; with a tenth of the penalty 0.81 and 0.89, with a hundredth 0.55 and 0.86: the probe then learns the flips
by heart."""


@dataclass(frozen=True, slots=True)
class ListedFilm:
    """A film whose label a person should look at.

    Args:
        film: as it stands in the catalogue.
        support: probability of the label that it has, by films of other patients; the smaller, the more doubtful.
        by_model: calibrated probability of pneumonia by the model itself, which may have learned this very label.
        is_suspected: True where confident learning calls the label wrong; False for a film that only has a large loss.
    """

    film: FilmRecord
    support: float
    by_model: float
    is_suspected: bool


@dataclass(frozen=True, slots=True)
class LabelAudit:
    """What the label audit found.

    Args:
        data_name: of the data set.
        fingerprint: of the films that were audited.
        films: that were audited, and their patients.
        kept_back: films of a test folder, which nobody looked at.
        unusable: films that could not be opened.
        taught: of the audited films, how many the model has learned from.
        model: name of the model that gave the features.
        model_hash: of its folder.
        folds: of the cross-validation.
        seed: of the folds.
        auroc: of the cross-validated probabilities against the labels as they are.
        suspected_pneumonia: films labelled pneumonia that confident learning calls wrong.
        suspected_normal: films labelled normal that it calls wrong.
        listed: suspected films, most doubtful first, then those of the largest loss.
        likenesses: pairs of films with different labels that look alike, most alike first.
        made: command, commit, version, time.
    """

    data_name: str
    fingerprint: str
    films: Count
    kept_back: int
    unusable: int
    taught: int
    model: str
    model_hash: str
    folds: int
    seed: int
    auroc: Estimate
    suspected_pneumonia: int
    suspected_normal: int
    listed: tuple[ListedFilm, ...]
    likenesses: tuple[Likeness, ...]
    made: Provenance

    @property
    def suspected(self) -> int:
        """Films whose label confident learning calls wrong."""
        return self.suspected_pneumonia + self.suspected_normal

    def as_json(self) -> dict[str, Any]:
        """The same as a JSON object."""
        return {"kind": "labels", **asdict(self)}


def audit_labels(
    predictor: Predictor,
    catalogue: Catalogue,
    directory: Path,
    made: Provenance,
    *,
    top: int = TOP,
    seed: int = 0,
    progress: Progress = Silent(),
) -> LabelAudit:
    """List the films whose label may be wrong. Films of a test folder are left alone.

    A label of the test corrected by what a model says would favour that model ever after.

    Args:
        predictor: the opened model folder, whose features the probe learns from.
        catalogue: the data set.
        directory: where the catalogue lies; its pixel cache is kept there.
        made: by which command, when.
        top: films to list at the least.
        seed: of the folds.
        progress: where the bars are shown.

    Raises:
        HilumError: too few patients of a class outside of the test folder, or a film cannot be decoded.
    """
    films = catalogue.usable
    films = films.select([row for row, film in enumerate(films.films) if film.split != "test"])
    question = question_of(films, films.is_pneumonia, seed)
    _require_enough(question, films.name)
    seen = see_films(predictor, films, directory / "pixels", progress)
    probability = cross_validated(seen, question, progress)
    suspected = suspects(probability, films.is_pneumonia)
    squares = open_pixels(films, predictor.side, predictor.geometry, directory / "pixels", progress)
    return LabelAudit(
        data_name=films.name,
        fingerprint=films.fingerprint,
        films=Count(len(films.films), len(set(films.patients))),
        kept_back=sum(film.split == "test" for film in catalogue.usable.films),
        unusable=len(catalogue.films) - len(catalogue.usable.films),
        taught=_taught(films, predictor.manifest.training),
        model=predictor.manifest.name,
        model_hash=predictor.model_hash,
        folds=question.folds,
        seed=seed,
        auroc=auroc_of(probability, question),
        suspected_pneumonia=int((suspected & films.is_pneumonia).sum()),
        suspected_normal=int((suspected & ~films.is_pneumonia).sum()),
        listed=_listed(films, probability, predictor.probability(seen.logit), suspected, top),
        likenesses=likenesses(films, squares, progress),
        made=made,
    )


def cross_validated(seen: Seen, question: Question, progress: Progress = Silent()) -> Floats:
    """(n,) probability of pneumonia of each film by a probe that knows no film of its patient."""
    from sklearn.linear_model import LogisticRegression
    from sklearn.preprocessing import StandardScaler

    fold, probability = question.fold(), np.zeros(len(question.is_first))
    for held in track(progress, range(question.folds), "Cross-validation", question.folds):
        rows = fold == held
        scaler = StandardScaler().fit(seen.features[~rows])
        # No class weights: confident learning compares probabilities at the prevalence of the films.
        probe = LogisticRegression(C=1 / (_PENALTY * int((~rows).sum())), max_iter=1000)
        probe.fit(scaler.transform(seen.features[~rows]), question.is_first[~rows])
        probability[rows] = probe.predict_proba(scaler.transform(seen.features[rows]))[:, 1]
    smallest = np.finfo(np.float64).eps
    answer: Floats = np.clip(probability, smallest, 1 - smallest)
    return answer


def suspects(probability: Floats, is_pneumonia: Booleans) -> Booleans:
    """(n,) True where confident learning calls the label wrong.

    Args:
        probability: (n,) of pneumonia, cross-validated.
        is_pneumonia: (n,) the label as it is.

    Source: Northcutt, Jiang and Chuang 2021, "Confident learning: estimating uncertainty in dataset labels", with
    pruning by noise rate, by cleanlab.
    """
    from cleanlab.filter import find_label_issues  # type: ignore[import-untyped]

    by_class = np.column_stack([1 - probability, probability])
    # One process: cleanlab would start as many as there are cores for a fraction of a second of work.
    answer: Booleans = find_label_issues(is_pneumonia.astype(int), by_class, n_jobs=1)
    return answer


def _listed(
    films: Catalogue, probability: Floats, by_model: Floats, suspected: Booleans, top: int
) -> tuple[ListedFilm, ...]:
    support = np.where(films.is_pneumonia, probability, 1 - probability)
    rows: Sequence[int] = np.lexsort((support, ~suspected))[: max(top, int(suspected.sum()))].tolist()
    return tuple(
        ListedFilm(films.films[row], float(support[row]), float(by_model[row]), bool(suspected[row])) for row in rows
    )


def _taught(films: Catalogue, training: Training) -> int:
    known = frozenset(training.fit.films)
    return sum(salted_film_hash(training.salt, film.sha256) in known for film in films.films)


def _require_enough(question: Question, name: str) -> None:
    if min(question.patients(True), question.patients(False)) < FEWEST_PATIENTS:
        raise HilumError(
            f"Outside of its test folder '{name}' has films of {question.patients(True)} patients with pneumonia and "
            f"of {question.patients(False)} without.",
            expected=f"at least {FEWEST_PATIENTS} of each, to learn from some and to ask about others",
            do="Name data with more patients.",
        )
