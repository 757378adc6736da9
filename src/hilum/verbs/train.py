"""hilum train: a recipe and data in, a run folder with a calibrated model folder out."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from hilum import provenance
from hilum.datasets import WORKSPACE
from hilum.files import size_in_bytes
from hilum.interrupts import stop_on_interrupt
from hilum.metrics.conformal import ALPHA, fewest_patients
from hilum.modelfolder import open_model_folder
from hilum.progress import Progress, Silent, on_stderr
from hilum.recipe import Recipe, read_recipe
from hilum.verbs.prepare import Development, development_films, first_network, require_training_half

if TYPE_CHECKING:
    from rich.console import RenderableType

    from hilum.datasets import Split
    from hilum.models import FilmClassifier, WeightsOrigin
    from hilum.training import CrossFitted, Feed, Job, KeptCases, Machine, Place, RunFacts, RunFolder
    from hilum.training.processes import Processes


NOT_BORNE_OUT = (
    "The calibrate patients do not bear out the model's order: its probabilities stay at their prevalence. "
    "Train longer, or with more patients."
)

ENOUGH_PATIENTS = fewest_patients(ALPHA)
"""Of each class, for answer sets that close."""


@dataclass(frozen=True, slots=True)
class TrainedRun:
    """Where a finished run lies and how it went; the figures are those of the select patients."""

    run: Path
    model: Path
    recipe: str
    kept_epoch: int
    epochs: int
    sensitivity: float
    specificity: float
    auroc: float
    seconds: float
    machine: str
    parity: float
    is_borne_out: bool
    fewest_calibrate_patients: int
    cross_fitted: int

    def __rich__(self) -> RenderableType:
        from rich.text import Text

        return Text(
            f"Trained {self.recipe}: epoch {self.kept_epoch} of {self.epochs} kept, "
            f"{self.seconds:.0f} s on {self.machine}.\n"
            f"Select patients, no test, kept epoch: sensitivity {self.sensitivity:.3f}, "
            f"specificity {self.specificity:.3f}, AUROC {self.auroc:.4f}.\n"
            + ("" if self.is_borne_out else f"{NOT_BORNE_OUT}\n")
            + self._few_in_words
            + f"Network and exported graph differ by at most {self.parity:.1e} in probability.\n\n"
            f"Model  {self.model}\n"
            f"Next   hilum evaluate {self.run} DATA\n"
            f"       hilum predict FILM --model {self.run}"
        )

    @property
    def _few_in_words(self) -> str:
        """What to do where calibration and answer sets rest on few patients; nothing where they do not."""
        if self.cross_fitted or self.fewest_calibrate_patients >= ENOUGH_PATIENTS:
            return ""
        return (
            f"Only {self.fewest_calibrate_patients} calibrate patients of one class: its answer stays open on every "
            "film. Train with --cross-fit 5 to calibrate on the fit patients.\n"
        )

    def as_json(self) -> dict[str, Any]:
        """The same as a JSON object."""
        return asdict(self) | {"run": str(self.run), "model": str(self.model)}


def train(
    recipe: str,
    data: Path,
    *,
    output: Path | None = None,
    weights: Path | None = None,
    resume: bool = False,
    set_: Sequence[str] = (),
    skip_bad: bool = False,
    cross_fit: int = 0,
    device: str = "auto",
    threads: int = 0,
    workers: int = -1,
    save_every: float = 60.0,
    memory_limit: str = "0",
    cache_limit: str = "20GB",
    tensorboard: bool = False,
    with_neighbours: bool = False,
    with_thumbnails: bool = False,
    workspace: Path = WORKSPACE,
) -> TrainedRun:
    """Train a recipe and write a run folder with the calibrated model folder inside.

    Patients are divided into fit (learn), select (choose the epoch) and calibrate (calibration, thresholds); test
    patients are never opened. Ctrl-C saves; a run that ended early goes on with --resume, to the same weights.

    Args:
        recipe: Name of a packaged recipe, or a TOML file.
        data: Folder of class folders, or a catalogue file.
        output: Run folder; runs/RECIPE if not given.
        weights: Safetensors file, or folder of them, with the first weights; else the Hub.
        resume: Go on with the run in the output folder. What the model folder keeps of fit films (--with-neighbours,
            --with-thumbnails) is asked anew.
        set_: Change a key of the recipe, such as train.epochs=3 or seed=1; may be given several times.
        skip_bad: Train without the films that cannot be read, instead of refusing.
        cross_fit: For small data: number of folds, such as 5. No patients are kept back for calibration; so many more
            networks are trained, each without a fold, and their answers to it calibrate the one that is kept.
        device: auto, cpu, cuda, cuda:N or mps.
        threads: Threads of torch; 0 takes every usable core.
        workers: Processes that augment films; they change no result. -1 chooses.
        save_every: Seconds between two saved states within an epoch.
        memory_limit: Most memory that training may take, such as 4GB: batches are learned from in pieces that fit, and
            count as before. 0 sets no limit.
        cache_limit: Room on disc for what frozen layers say, over all runs of the workspace, such as 500MB or 20GB.
        tensorboard: Write the fit history for TensorBoard too, into the run folder.
        with_neighbours: Keep the features of the fit films in the model folder, so that similar cases can be shown.
        with_thumbnails: Keep small pictures of the fit films too: patients' images, which go wherever the model goes.
        workspace: Folder of catalogues and pixel caches.

    Examples:
        hilum train cnn-scratch data/chest_xray
        hilum train mobilenetv2-frozen data/chest_xray --weights weights/
        hilum train cnn-scratch data/chest_xray --set train.epochs=3 --output quick
        hilum train cnn-scratch data/chest_xray --with-neighbours
        hilum train mobilenetv2-frozen data/forty-patients --cross-fit 5
        hilum train cnn-scratch data/chest_xray --resume
    """
    plan, room, memory = read_recipe(recipe, set_), size_in_bytes(cache_limit), size_in_bytes(memory_limit)
    require_training_half()
    from hilum import training

    run = training.RunFolder(output or Path("runs") / plan.name)
    run.require_room(resume)
    machine = training.choose_machine(device, plan.precision, threads, workers)
    with training.joined_processes(plan.train.batch_size, machine.device) as processes, stop_on_interrupt() as stop:
        progress = on_stderr() if processes.writes else Silent()
        development = development_films(data, workspace, plan, skip_bad, progress)
        development, folds = development.cross_fitted(cross_fit)
        kept = training.kept_cases(with_neighbours, with_thumbnails)
        start = _Start(run, plan, development, processes, progress, kept, cross_fit)
        classifier, facts = start.begun_or_resumed(machine, weights, memory)
        with _watchers(run, plan, tensorboard and processes.writes) as watchers:
            job = training.Job(
                recipe=plan,
                pixels=development.pixels(plan, progress),
                is_pneumonia=development.films.is_pneumonia,
                fit_rows=development.split.rows("fit"),
                select_rows=development.split.rows("select"),
                machine=facts.machine,
                directory=run.path,
                processes=processes,
                save_every_s=save_every,
                stop=stop,
                on_epoch=watchers,
            )
            place = training.Place(development.place / "activations", room)
            cross_fitted = _cross_fitted(folds, job, place, weights, progress)
            trained = training.train_network(classifier, _feed(classifier, job, place, progress), job, progress)
        if processes.writes:
            run.write_history(trained.history)
            training.draw_history(trained.history, run.path / training.CURVES, plan)
            training.finish(run, facts, trained, job, development.films, development.split, progress, cross_fitted)
        processes.wait()
    return _trained_run(run, plan.name)


@dataclass(frozen=True, slots=True)
class _Start:
    """What a run begins or goes on with."""

    run: RunFolder
    plan: Recipe
    development: Development
    processes: Processes
    progress: Progress
    neighbours: KeptCases
    cross_fit: int

    def begun_or_resumed(self, machine: Machine, weights: Path | None, memory: int) -> tuple[FilmClassifier, RunFacts]:
        """A network with its first weights and what the run is started with; a resumed run keeps what it had.

        What the model folder keeps of the fit films is no part of that: the last command decides.
        """
        from hilum.training import films_digest

        films = films_digest(self.development.films, self.development.split)
        facts = self.run.resumed(self.plan, films, self.cross_fit)
        is_resumed = facts is not None and self.run.has_state
        classifier, origin = first_network(self.plan, weights, is_resumed=is_resumed)
        if facts is not None:
            facts = self._keeping(facts)
        if facts is not None and is_resumed:
            return classifier, replace(facts, machine=facts.machine.again(machine))
        fitted = self._fitted(machine, classifier, memory)
        facts = replace(self._facts(films, fitted, origin), neighbours=self.neighbours)
        if self.processes.writes:
            self.run.begin(facts)
        self.processes.wait()
        return classifier, facts

    def _keeping(self, facts: RunFacts) -> RunFacts:
        """What the run was started with, but with what this command keeps; written down and said where it differs."""
        from hilum.training import kept_in_words

        if facts.neighbours == self.neighbours:
            return facts
        now = replace(facts, neighbours=self.neighbours)
        if self.processes.writes:
            self.run.begin(now)
            sys.stderr.write(
                f"Of the fit films the model folder will keep {kept_in_words(now.neighbours)}, as this command asks; "
                f"before, it would have kept {kept_in_words(facts.neighbours)}.\n"
            )
            sys.stderr.flush()
        return now

    def _fitted(self, machine: Machine, classifier: FilmClassifier, memory: int) -> Machine:
        """The machine, with batches in pieces that stay under `memory` bytes; 0 sets no limit."""
        from hilum.training import largest_micro_batch

        if not memory:
            return machine
        piece = largest_micro_batch(classifier, self.plan, machine, memory, self.progress)
        return replace(machine, micro_batch=piece)

    def _facts(self, films: str, machine: Machine, origin: WeightsOrigin) -> RunFacts:
        from hilum.training import RunFacts

        return RunFacts(
            recipe=self.plan.model_dump(mode="json"),
            data_name=self.development.films.name,
            data_fingerprint=self.development.films.fingerprint,
            films=films,
            left_out=self.development.left_out,
            machine=machine,
            weights=origin,
            provenance=provenance.current("torch", "torchvision", "timm", "onnxruntime", "numpy", "pillow"),
            cross_fit=self.cross_fit,
        )


def _cross_fitted(
    folds: Sequence[Split], job: Job, place: Place, weights: Path | None, progress: Progress
) -> CrossFitted | None:
    """What a network for each fold says of the patients that it has not learned from; None without folds."""
    from hilum import training

    def learn(one: Job) -> FilmClassifier:
        has_state = (one.directory / training.STATE).exists()
        classifier, _ = first_network(one.recipe, weights, is_resumed=has_state)
        return training.train_network(classifier, _feed(classifier, one, place, progress), one, progress).classifier

    if not folds:
        return None
    at_once = min(training.JUDGED_AT_ONCE, job.machine.micro_batch or training.JUDGED_AT_ONCE)
    return training.cross_fit(folds, job, learn, at_once, progress)


def _feed(classifier: FilmClassifier, job: Job, place: Place, progress: Progress) -> Feed:
    """Films through the whole network, or what its frozen layers said of them."""
    from hilum import training

    if not job.recipe.cache.enabled:
        return training.FilmFeed(classifier, job)
    return training.cached_feed(classifier, job, place, progress)


@contextmanager
def _watchers(run: RunFolder, plan: Recipe, tensorboard: bool) -> Iterator[tuple[Callable[..., object], ...]]:
    """What is told of every epoch: the picture of the curves, and TensorBoard where it is asked for."""
    from hilum.training import Curves, Tracker

    if not tensorboard:
        yield (run.write_history, Curves(run.path, plan))
        return
    with Tracker(run.path) as tracker:
        yield (run.write_history, Curves(run.path, plan), tracker)


def _trained_run(run: RunFolder, name: str) -> TrainedRun:
    """The answer, read from what the run has written."""
    from hilum.training import SMALLEST_SLOPE

    manifest = open_model_folder(run.model).manifest
    kept, sets = run.kept_row(manifest.training.kept_epoch), manifest.conformal
    return TrainedRun(
        run=run.path,
        model=run.model,
        recipe=name,
        kept_epoch=manifest.training.kept_epoch,
        epochs=manifest.training.epochs,
        sensitivity=kept.sensitivity,
        specificity=kept.specificity,
        auroc=kept.auroc,
        seconds=manifest.training.seconds,
        machine=manifest.training.machine,
        parity=manifest.parity.largest_probability_difference,
        is_borne_out=manifest.calibration.slope > SMALLEST_SLOPE,
        fewest_calibrate_patients=min(sets.pneumonia_patients, sets.normal_patients) if sets else 0,
        cross_fitted=manifest.training.cross_fitted,
    )
