"""hilum demo: the whole story on films that hilum draws, each step through the verb that a user would call."""

from __future__ import annotations

import shlex
import shutil
import sys
import time
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from hilum.datasets import read_catalogue
from hilum.datasets.phantom import DESCRIPTION
from hilum.errors import TRAINING_HALF, HilumError, require_installed
from hilum.files import explained, printable

if TYPE_CHECKING:
    from rich.console import RenderableType

    from hilum.verbs.evaluate import Evaluated
    from hilum.verbs.predict import Predictions

# The packaged recipe, made small enough for two minutes; everything else about the run is real.
SMALLER = (
    "film.side=96",
    "network.widths=[16, 32, 64, 128]",
    "train.epochs=14",
    "train.batch_size=16",
    "train.label_smoothing=0",
    "augment.zoom=0.9",
    "augment.rotation_degrees=5",
    "augment.shift=0.02",
    "augment.brightness=0.1",
    "augment.contrast=0.1",
)
_MADE = ("films.parquet", "looks.jsonl", "run", "report", "pictures", "maps", "pixels", "films")


@dataclass(frozen=True, slots=True)
class Demonstration:
    """What the demo made, and where to look."""

    folder: Path
    report: Path
    grid: Path
    maps: tuple[Path, ...]
    evaluated: Evaluated
    predicted: Predictions
    seconds: float

    def __rich__(self) -> RenderableType:
        from rich.console import Group
        from rich.text import Text

        looks = [("the report", self.report), ("the films", self.grid), *(("a map", path) for path in self.maps)]
        folder = shlex.quote(str(self.folder))
        commands = [
            f"hilum evaluate {folder}/run {folder}/films --prevalence 0.05",
            f"hilum predict {folder}/films/test/PNEUMONIA --model {folder}/run",
            "hilum train cnn-scratch YOUR_FOLDER     # with NORMAL and PNEUMONIA inside",
        ]
        return Group(
            self.evaluated,
            Text(""),
            Text("Three held-out films"),
            self.predicted,
            Text(
                f"\nDone in {self.seconds:.0f} s, on drawn films: these figures say nothing about patients.\n\nLook at"
            ),
            *(Text(f"  {what:<11} {path}") for what, path in looks),
            Text("\nThen type"),
            *(Text(f"  {command}") for command in commands),
        )

    def as_json(self) -> dict[str, Any]:
        """Paths and seconds as a JSON object."""
        paths = {"folder": self.folder, "report": self.report, "grid": self.grid}
        return {name: printable(path) for name, path in paths.items()} | {
            "maps": [printable(path) for path in self.maps],
            "predictions": asdict(self.predicted)["predictions"],
            "seconds": self.seconds,
        }


def demo(*, output: Path = Path("demo"), patients: int = 400, seed: int = 0) -> Demonstration:
    """Tell the whole story in about two minutes: draw films, check them, train, judge, report, predict.

    Every step is a command that works the same on real films; the demo says which.

    Args:
        output: Folder for everything; an older demo in it is replaced.
        patients: Patients to draw.
        seed: Decides the films, the split and the training.

    Examples:
        hilum demo
        hilum demo --output /tmp/demo --patients 100
    """
    require_installed([*TRAINING_HALF, "matplotlib"], "The demo", "train")
    from hilum.verbs.data_check import check
    from hilum.verbs.data_fetch import fetch
    from hilum.verbs.data_index import index
    from hilum.verbs.data_show import show
    from hilum.verbs.evaluate import evaluate
    from hilum.verbs.predict import predict
    from hilum.verbs.train import train

    started = time.monotonic()
    films, catalogue, run = output / "films", output / "films.parquet", output / "run"
    _clear(output)
    _say(1, "hilum data fetch phantom", f"{patients} patients drawn by hilum, no download")
    fetch("phantom", output=films, patients=patients, seed=seed)
    _say(2, "hilum data index, check, show", "one row a film; leaks and duplicates; a picture")
    index(films, output=catalogue)
    check(catalogue)
    shown = show(catalogue, output=output / "pictures")
    _say(3, "hilum train cnn-scratch", "a small network from random weights; patients never cross parts")
    train("cnn-scratch", catalogue, output=run, set_=[*SMALLER, f"seed={seed}"])
    _say(4, "hilum evaluate", "the test patients, for the first time; intervals from patients")
    evaluated = evaluate(run, catalogue, output=output / "report")
    _say(5, "hilum predict", "three held-out films, without torch, with maps")
    predicted = predict(_three(catalogue, films), model=run, maps=output / "maps")
    return Demonstration(
        folder=output,
        report=evaluated.page,
        grid=Path(shown.films_picture),
        maps=tuple(sorted((output / "maps").glob("*.png"))),
        evaluated=evaluated,
        predicted=predicted,
        seconds=time.monotonic() - started,
    )


def _say(number: int, command: str, meaning: str) -> None:
    """Announce a step; the verbs show their own progress."""
    sys.stderr.write(f"\n{number}  {command}\n   {meaning}\n")
    sys.stderr.flush()


def _clear(output: Path) -> None:
    """Remove what an older demo left, its films last; whatever else lies in the folder is not touched."""
    with explained(output, "write to"):
        there = [name for name in _MADE if (output / name).exists()]
        if there and not (output / "films" / DESCRIPTION).exists():
            raise HilumError(
                f"'{printable(output)}' holds '{there[0]}', but no demo.",
                expected="a new folder, or one with an older demo",
                do="Name another folder with --output.",
            )
        for path in (output / name for name in there):
            shutil.rmtree(path) if path.is_dir() else path.unlink()


def _three(catalogue: Path, folder: Path) -> list[Path]:
    """One test film of each kind: bacterial, viral, normal."""
    films = read_catalogue(catalogue).usable.films
    first = {film.subtype: folder / film.path for film in reversed(films) if film.split == "test"}
    return [first[subtype] for subtype in ("bacteria", "virus", "normal") if subtype in first]
