"""hilum lr-find: which learning rate a recipe should be trained with, before it is trained."""

from __future__ import annotations

import shlex
from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from hilum import provenance
from hilum.datasets import WORKSPACE
from hilum.errors import HilumError
from hilum.files import printable, write_together
from hilum.json_files import as_json
from hilum.progress import Progress, on_stderr
from hilum.recipe import Recipe, read_recipe
from hilum.verbs.prepare import Development, development_films, first_network, require_training_half

if TYPE_CHECKING:
    from rich.console import RenderableType

    from hilum.training import Job, Machine
    from hilum.training.lr_range import RangeTest

HARDLY_FELL = 0.05
"""Share by which the loss must fall for its slope to say something."""


@dataclass(frozen=True, slots=True)
class SuggestedRate:
    """Two learning rates to choose from, and where the test is written down.

    Args:
        steps: that were taken before the loss diverged.
        fell_by: share by which the smoothed loss fell.
        command: that trains with the rate `valley`.
    """

    recipe: str
    valley: float
    steepest: float
    learning_rate: float
    steps: int
    fell_by: float
    picture: str
    table: str
    command: str

    def __rich__(self) -> RenderableType:
        from rich.text import Text

        warning = (
            ""
            if self.fell_by > HARDLY_FELL
            else f"\nThe loss fell by {max(0.0, self.fell_by):.0%} only: both rates mean little. "
            "Look at the picture, or take more --steps.\n"
        )
        return Text(
            f"{self.recipe}: {self.steps} steps, the loss fell by {max(0.0, self.fell_by):.0%}; "
            "the weights are as they were.\n\n"
            f"  valley    {self.valley:.1e}   half-way down the longest fall: safe to start with\n"
            f"  steepest  {self.steepest:.1e}   where the loss falls fastest"
            f"{'; here in the noise of small rates' if self.steepest < self.valley / 30 else ''}\n"
            f"  recipe    {self.learning_rate:.1e}   what the recipe has now\n{warning}\n"
            f"Picture  {self.picture}\n"
            f"Table    {self.table}\n"
            f"Next     {self.command}"
        )

    def as_json(self) -> dict[str, Any]:
        """The same as a JSON object."""
        return asdict(self)


def lr_find(
    recipe: str,
    data: Path,
    *,
    weights: Path | None = None,
    output: Path | None = None,
    set_: Sequence[str] = (),
    steps: int = 100,
    skip_bad: bool = False,
    device: str = "auto",
    threads: int = 0,
    workers: int = -1,
    workspace: Path = WORKSPACE,
) -> SuggestedRate:
    """Suggest a learning rate: one step at each rate from 1e-7 to 10, until the loss diverges.

    The recipe's own network, films, losses and optimizer take the steps; nothing is trained by it. Test patients are
    never opened.

    Args:
        recipe: Name of a packaged recipe, or a TOML file.
        data: Folder of class folders, or a catalogue file.
        weights: Safetensors file, or folder of them, with the first weights; else the Hub.
        output: Folder for picture and table; runs/RECIPE-lr-find if not given.
        set_: Change a key of the recipe, such as train.batch_size=64; may be given several times.
        steps: Between the smallest rate and the largest, 20 or more.
        skip_bad: Leave films out that cannot be read, instead of refusing.
        device: auto, cpu, cuda, cuda:N or mps.
        threads: Threads of torch; 0 takes every usable core.
        workers: Processes that augment films; they change no result. -1 chooses.
        workspace: Folder of catalogues and pixel caches.

    Examples:
        hilum lr-find cnn-scratch data/chest_xray
        hilum lr-find mobilenetv2-frozen data/chest_xray --weights weights/ --steps 200
    """
    plan = read_recipe(recipe, set_)
    if steps < 20:
        raise HilumError(f"Got {steps} steps.", expected="20 or more", do="Leave --steps out to take 100.")
    require_training_half()
    from hilum import training
    from hilum.training.lr_range import range_test

    machine = training.choose_machine(device, plan.precision, threads, workers)
    progress = on_stderr()
    development = development_films(data, workspace, plan, skip_bad, progress)
    if workers < 0 and len(development.split.rows("fit")) < steps * plan.train.batch_size / 2:
        machine = replace(machine, workers=0)  # they would be started anew for each of many short epochs
    classifier, _ = first_network(plan, weights)
    folder = output or Path("runs") / f"{plan.name}-lr-find"
    job = _job(plan, development, machine, folder, progress)
    test = range_test(classifier, training.FilmFeed(classifier, job), job, progress, steps=steps)
    return _written(test, folder, machine.kind, plan, _next_command(recipe, data, weights, set_, _rounded(test.valley)))


def _job(plan: Recipe, development: Development, machine: Machine, folder: Path, progress: Progress) -> Job:
    """What the recipe would be trained with."""
    from hilum.training import Job

    return Job(
        recipe=plan,
        pixels=development.pixels(plan, progress),
        is_pneumonia=development.films.is_pneumonia,
        fit_rows=development.split.rows("fit"),
        select_rows=development.split.rows("select"),
        machine=machine,
        directory=folder,
    )


def _written(test: RangeTest, folder: Path, machine: str, plan: Recipe, command: str) -> SuggestedRate:
    """Write picture and table together, and say what they say."""
    from hilum.training.lr_range import draw_range

    picture, table = folder / "lr-find.png", folder / "lr-find.json"
    found = SuggestedRate(
        recipe=plan.name,
        valley=_rounded(test.valley),
        steepest=_rounded(test.steepest),
        learning_rate=plan.train.learning_rate,
        steps=len(test.rates),
        fell_by=test.fell_by,
        picture=printable(picture),
        table=printable(table),
        command=command,
    )
    content = found.as_json() | {
        "rates": test.rates.tolist(),
        "losses": test.losses.tolist(),
        "smoothed": test.smoothed.tolist(),
        "machine": machine,
        "provenance": asdict(provenance.current("torch", "torchvision", "timm")),
        "settings": plan.model_dump(mode="json"),
    }
    write_together({picture: draw_range(test, plan.name), table: as_json(content)})
    return found


def _rounded(rate: float) -> float:
    """Two significant digits: a sweep says no more."""
    return float(f"{rate:.1e}")


def _next_command(recipe: str, data: Path, weights: Path | None, set_: Sequence[str], rate: float) -> str:
    kept = [change for change in set_ if not change.startswith("train.learning_rate=")]
    words = ["hilum", "train", recipe, printable(data)]
    words += ["--weights", printable(weights)] if weights else []
    words += [word for change in (*kept, f"train.learning_rate={rate:g}") for word in ("--set", change)]
    return shlex.join(words)
