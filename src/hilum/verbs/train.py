"""hilum train: a recipe and data in, a run folder with a calibrated model folder out."""

from __future__ import annotations

import signal
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass, replace
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Any

from hilum import provenance
from hilum.datasets import WORKSPACE, Catalogue, Split, open_pixels, resolve_catalogue, split_films
from hilum.errors import HilumError, missing_extra
from hilum.modelfolder import open_model_folder
from hilum.progress import Progress, Silent, on_stderr
from hilum.recipe import Recipe, read_recipe

if TYPE_CHECKING:
    from rich.console import RenderableType

    from hilum.models import FilmClassifier
    from hilum.training import Machine, RunFacts, RunFolder


NOT_BORNE_OUT = (
    "The calibrate patients do not bear out the model's order: its probabilities stay at their prevalence. "
    "Train longer, or with more patients."
)


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

    def __rich__(self) -> RenderableType:
        from rich.text import Text

        return Text(
            f"Trained {self.recipe}: epoch {self.kept_epoch} of {self.epochs} kept, "
            f"{self.seconds:.0f} s on {self.machine}.\n"
            f"Select patients, no test, kept epoch: sensitivity {self.sensitivity:.3f}, "
            f"specificity {self.specificity:.3f}, AUROC {self.auroc:.4f}.\n"
            + ("" if self.is_borne_out else f"{NOT_BORNE_OUT}\n")
            + f"Network and exported graph differ by at most {self.parity:.1e} in probability.\n\n"
            f"Model  {self.model}\n"
            f"Next   hilum evaluate {self.run} DATA\n"
            f"       hilum predict FILM --model {self.run}"
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
    device: str = "auto",
    threads: int = 0,
    workers: int = -1,
    save_every: float = 60.0,
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
        resume: Go on with the run in the output folder.
        set_: Change a key of the recipe, such as train.epochs=3 or seed=1; may be given several times.
        skip_bad: Train without the films that cannot be read, instead of refusing.
        device: auto, cpu, cuda, cuda:N or mps.
        threads: Threads of torch; 0 takes every usable core.
        workers: Processes that augment films; they change no result. -1 chooses.
        save_every: Seconds between two saved states within an epoch.
        workspace: Folder of catalogues and pixel caches.

    Examples:
        hilum train cnn-scratch data/chest_xray
        hilum train mobilenetv2-frozen data/chest_xray --weights weights/
        hilum train cnn-scratch data/chest_xray --set train.epochs=3 --output runs/quick
        hilum train cnn-scratch data/chest_xray --resume
    """
    plan = read_recipe(recipe, set_)
    _require_training_half()
    from hilum import training

    run = training.RunFolder(output or Path("runs") / plan.name)
    run.require_room(resume)
    machine = training.choose_machine(device, plan.precision, threads, workers)
    with training.joined_processes(plan.train.batch_size, machine.device) as processes:
        progress = on_stderr() if processes.writes else Silent()
        films, split, place, left_out = _development(data, workspace, plan, skip_bad, progress)
        classifier, facts = _start(run, plan, films, split, left_out, machine, weights)
        with _stop_on_interrupt() as stop:
            job = training.Job(
                recipe=plan,
                pixels=open_pixels(films, plan.film.side, plan.film.geometry, place / "pixels", progress),
                is_pneumonia=films.is_pneumonia,
                fit_rows=split.rows("fit"),
                select_rows=split.rows("select"),
                machine=facts.machine,
                directory=run.path,
                processes=processes,
                save_every_s=save_every,
                stop=stop,
            )
            trained = training.train_network(classifier, job, progress)
            if processes.writes:
                run.write_history(trained.history)
                training.finish(run, facts, trained, job, films, split, progress)
            processes.wait()
    return _trained_run(run, plan.name)


def _require_training_half() -> None:
    """Say how to install what training needs, before anything else is done."""
    needed = ("torch", "torchvision", "timm", "safetensors", "onnx", "onnxscript", "pyarrow")
    if not all(find_spec(name) for name in needed):
        raise missing_extra("Training", "train")


def _development(
    data: Path, workspace: Path, plan: Recipe, skip_bad: bool, progress: Progress
) -> tuple[Catalogue, Split, Path, int]:
    """The films that develop the model and their parts; test films are left behind here, before any is opened."""
    catalogue, place = resolve_catalogue(data, workspace, progress)
    films = _readable(catalogue, skip_bad)
    split = split_films(films, plan.protocol, seed=plan.seed, fold=plan.fold, block=plan.block)
    rows = split.development_rows
    parts = tuple(split.parts[row] for row in rows)
    return films.select(rows), replace(split, parts=parts), place, len(catalogue.films) - len(films.films)


def _readable(catalogue: Catalogue, skip_bad: bool) -> Catalogue:
    """The films that can be trained on; bad ones are refused by name unless they may be skipped."""
    bad = [film for film in catalogue.films if film.problem]
    if bad and not skip_bad:
        raise HilumError(
            f"{len(bad)} of {len(catalogue.films)} films cannot be used; the first: {bad[0].problem}",
            expected="films that can be read and have a label",
            do="List them with: hilum data check DATA. Mend or remove them, or train without them: --skip-bad",
        )
    return catalogue.usable


def _start(
    run: RunFolder,
    plan: Recipe,
    films: Catalogue,
    split: Split,
    left_out: int,
    machine: Machine,
    weights: Path | None,
) -> tuple[FilmClassifier, RunFacts]:
    """A network with its first weights and what the run is started with; a resumed run keeps what it had."""
    import torch

    from hilum.models import WeightsOrigin, build_network, freeze, load_pretrained
    from hilum.training import RunFacts, films_digest

    torch.manual_seed(plan.seed)
    classifier = build_network(plan.network)
    digest = films_digest(films, split)
    facts = run.resumed(plan, digest)
    if facts is None or not run.has_state:
        origin = WeightsOrigin("random")
        if plan.network.pretrained:
            origin = load_pretrained(classifier, plan.network.architecture, weights)
        facts = RunFacts(
            recipe=plan.model_dump(mode="json"),
            data_name=films.name,
            data_fingerprint=films.fingerprint,
            films=digest,
            left_out=left_out,
            machine=machine,
            weights=origin,
            provenance=provenance.current("torch", "torchvision", "timm", "onnxruntime", "numpy", "pillow"),
        )
        run.begin(facts)
    else:
        facts = replace(facts, machine=facts.machine.again(machine))
    freeze(classifier, plan.network.trained)
    return classifier, facts


def _trained_run(run: RunFolder, name: str) -> TrainedRun:
    """The answer, read from what the run has written."""
    from hilum.training import SMALLEST_SLOPE

    manifest = open_model_folder(run.model).manifest
    kept = run.kept_row(manifest.training.kept_epoch)
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
    )


@contextmanager
def _stop_on_interrupt() -> Iterator[Callable[[], bool]]:
    """Within this context Ctrl-C asks the loop to save and stop; a second Ctrl-C ends the process at once."""
    asked = False

    def ask(*_: object) -> None:
        nonlocal asked
        asked = True
        signal.signal(signal.SIGINT, before)

    try:
        before = signal.signal(signal.SIGINT, ask)
    except ValueError:  # not the main thread: whoever started it decides when to stop
        yield lambda: False
        return
    try:
        yield lambda: asked
    finally:
        signal.signal(signal.SIGINT, before)
