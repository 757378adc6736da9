"""hilum study transfer: the same network with and without ImageNet weights, from few patients and from many."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from hilum.datasets import WORKSPACE, Catalogue, Split, resolve_catalogue, split_films
from hilum.datasets.fewer import fewer_fit_patients, fit_patients
from hilum.errors import TRAINING_HALF, HilumError, nearest, require_installed
from hilum.files import printable, write_together
from hilum.interrupts import stop_on_interrupt
from hilum.json_files import as_json
from hilum.progress import on_stderr
from hilum.recipe import Recipe, packaged_recipes, read_recipe
from hilum.reports.svg import require_drawing
from hilum.reports.transfer import draw_transfer, transfer_table
from hilum.reproduction.child import Interrupted
from hilum.reproduction.record import RowRecord
from hilum.reproduction.row import Means, RowFolder, look, run_row
from hilum.reproduction.transfer import Bundle, Curve, TransferRun, bundles, read_curve, transfer_runs
from hilum.verbs.reproduce import options_of, timer

if TYPE_CHECKING:
    from rich.console import RenderableType

_SIZES: Final = ("50", "200", "1000", "all")


@dataclass(frozen=True, slots=True)
class TransferStudy:
    """The curves of the finished runs, where the others stand, and the files."""

    data_name: str
    all_patients: int
    curves: tuple[Curve, ...]
    unfinished: tuple[tuple[str, str], ...]
    failed: bool
    picture: Path
    json: Path
    note: str

    @property
    def bundles(self) -> tuple[Bundle, ...]:
        """The curves by patients and first weights."""
        return bundles(self.curves)

    @property
    def exit_status(self) -> int:
        """1 where a run failed."""
        return int(self.failed)

    def __rich__(self) -> RenderableType:
        lines = [self.note, f"Picture  {self.picture}"] if self.curves else [self.note]
        return transfer_table(self.bundles, self.all_patients, self.unfinished, lines)

    def as_json(self) -> dict[str, Any]:
        """Every curve, and what the table says of it."""
        return {
            "data_name": self.data_name,
            "all_patients": self.all_patients,
            "curves": [asdict(curve) for curve in self.curves],
            "summary": [
                {
                    "patients": one.patients or self.all_patients,
                    "is_pretrained": one.is_pretrained,
                    "seeds": [curve.run.seed for curve in one.curves],
                    "auroc_after_first_epoch": one.mean.start,
                    "auroc_at_the_end": one.mean.end,
                    "median_images_to_auroc_0.95": one.images_to_level,
                }
                for one in self.bundles
            ],
            "unfinished": [{"run": name, "where": where} for name, where in self.unfinished],
            "files": {"picture": printable(self.picture), "json": printable(self.json)},
            "note": self.note,
        }


def transfer(
    data: Path,
    *,
    recipe: str = "best",
    patients: Sequence[str] = _SIZES,
    seeds: Sequence[int] = (0, 1, 2),
    weights: Path | None = None,
    minutes: float | None = None,
    output: Path = Path("runs/study-transfer"),
    set_: Sequence[str] = (),
    device: str = "auto",
    threads: int = 0,
    workers: int = -1,
    workspace: Path = WORKSPACE,
) -> TransferStudy:
    """Draw what ImageNet weights buy: a higher start, a steeper slope, a higher end, from few patients and from many.

    The same network is trained with and without them. Curves are the AUROC of the select patients, who are the same for
    every size; no test film is looked at. Fewer patients get more epochs, by the root of their ratio. Finished runs are
    not run again, stopped ones go on. Writes transfer.png and transfer.json.

    Args:
        data: Folder of class folders, or a catalogue file.
        recipe: Packaged recipe of a network with pretrained weights.
        patients: Fit patients, a number or all; may be given several times.
        seeds: Of the patients drawn, the first weights and the order; may be given several times.
        weights: Folder of safetensors files with ImageNet weights; else the Hub.
        minutes: Stop after so many minutes, at the next state that can be gone on from; 0 draws what there is.
        output: Folder of the runs and of both files.
        set_: Change a key of the recipe; may be given several times.
        device: auto, cpu, cuda, cuda:N or mps.
        threads: Threads of torch; 0 takes every usable core.
        workers: Processes that augment films; -1 chooses.
        workspace: Folder of catalogues and pixel caches.

    Examples:
        hilum study transfer data/chest_xray --weights weights/
        hilum study transfer data/chest_xray --patients 50 --patients all --seeds 0
        hilum study transfer data/chest_xray --weights weights/ --minutes 60
    """
    sizes = _sizes(patients)
    plan = _plan(recipe, set_)
    is_over = timer(minutes)
    require_installed(TRAINING_HALF, "Training", "train")
    require_drawing()
    catalogue, _ = resolve_catalogue(data, workspace, on_stderr())
    films = catalogue.usable
    split = split_films(films, plan.protocol, seed=plan.seed, fold=plan.fold, block=plan.block)
    all_patients = fit_patients(films, split)
    for size in sizes:
        fewer_fit_patients(films, split, size)  # refused now rather than hours later
    runs = transfer_runs(recipe, sizes, tuple(dict.fromkeys(seeds)), all_patients, set_)
    means = Means(data, weights, tuple(set_), options_of(device, threads, workers), workspace, is_judged=False)
    with stop_on_interrupt() as is_interrupted:
        for number, run in enumerate(runs, start=1):
            if is_interrupted() or is_over():
                break
            _say(f"Run {number} of {len(runs)}: {run.name}")
            run_row(run.row, RowFolder(output / run.name), _of(means, run), lambda: is_interrupted() or is_over())
        study = _study(films, plan, runs, means, output)
        if is_interrupted():
            raise Interrupted(
                f"Stopped by Ctrl-C: {study.note}",
                expected="all runs to end",
                do="Run the same command again to go on.",
            )
    return study


def _study(films: Catalogue, plan: Recipe, runs: Sequence[TransferRun], means: Means, output: Path) -> TransferStudy:
    """What the folders hold, drawn and written."""
    records = {run: look(run.row, RowFolder(output / run.name), _of(means, run)) for run in runs}
    done = [run for run, record in records.items() if record.state == "done"]
    splits = {
        seed: split_films(films, plan.protocol, seed=seed, fold=plan.fold, block=plan.block)
        for seed in {run.seed for run in runs}
    }
    curves = tuple(_curve(run, films, splits[run.seed], plan, output) for run in done)
    picture, json = output / "transfer.png", output / "transfer.json"
    all_patients = fit_patients(films, splits[runs[0].seed])
    study = TransferStudy(
        data_name=films.name,
        all_patients=all_patients,
        curves=curves,
        unfinished=tuple((run.name, record.where) for run, record in records.items() if record.state != "done"),
        failed=any(record.state in ("failed", "stale") for record in records.values()),
        picture=picture,
        json=json,
        note=_note(records.values(), len(runs)),
    )
    drawn = {picture: draw_transfer(bundles(curves), all_patients, films.name, plan.name)} if curves else {}
    write_together({**drawn, json: as_json(study.as_json())})
    return study


def _curve(run: TransferRun, films: Catalogue, split: Split, plan: Recipe, output: Path) -> Curve:
    fit = fewer_fit_patients(films, split, run.patients).rows("fit")
    return read_curve(run, RowFolder(output / run.name).run / "history.csv", len(fit), plan.train.batch_size)


def _of(means: Means, run: TransferRun) -> Means:
    """The means of one run: the user's changes first, so that the study's own stand."""
    return replace(means, changes=(*means.changes, *run.changes()))


def _plan(recipe: str, changes: Sequence[str]) -> Recipe:
    """The recipe, which must be a packaged one whose network has pretrained weights."""
    if recipe not in packaged_recipes():
        raise HilumError(
            f"There is no packaged recipe '{recipe}'.",
            expected="the name of one",
            do=nearest(recipe, packaged_recipes()),
        )
    plan = read_recipe(recipe, changes)
    if not plan.network.pretrained:
        raise HilumError(
            f"The recipe '{recipe}' starts from random weights.",
            expected="a network with ImageNet weights, which the study leaves out in turn",
            do="Choose another, for instance: --recipe best",
        )
    return plan


def _sizes(words: Sequence[str]) -> tuple[int, ...]:
    """Numbers of patients, 0 for all."""
    sizes = []
    for word in words:
        if word != "all" and not (word.isdecimal() and int(word) > 0):
            raise HilumError(
                f"Got '{word}' patients.", expected="a number above 0, or all", do="For instance: --patients 50"
            )
        sizes.append(0 if word == "all" else int(word))
    return tuple(dict.fromkeys(sizes))


def _note(records: Sequence[RowRecord] | Any, runs: int) -> str:
    done = sum(record.state == "done" for record in records)
    return f"{done} of {runs} runs done." + ("" if done == runs else " Run the same command again to go on.")


def _say(line: str) -> None:
    """Announce a run; the command it runs shows its own progress."""
    sys.stderr.write(f"\n{line}\n")
    sys.stderr.flush()
