"""How well the gate of a model tells chest films from other pictures, with exact bounds.

    python bench/gate.py MODEL --not-chest NOT_CHEST --adults NIH \
        --data data/chest_xray --json gate.json

Every line is a kind of picture: how many, how many refused by a check and how many in all, and the 95 % interval of
Clopper and Pearson of the share refused. The drawn kinds were used while the gate was designed; the folder given as
--not-chest was only measured. Of --data the select films are shown, which gave the gate no number, as they are and with
black and white exchanged. No test film is opened.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Iterable, Iterator
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np
from drawn_pictures import KINDS, draw
from PIL import Image

from hilum.datasets import Catalogue, resolve_catalogue, split_films
from hilum.errors import HilumError
from hilum.images import IMAGE_SUFFIXES
from hilum.metrics import clopper_pearson
from hilum.modelfolder import Manifest
from hilum.progress import Silent
from hilum.runtime import Assessment, Predictor


@dataclass(frozen=True, slots=True)
class Row:
    """One kind of picture; `low` and `high` bound the share that is refused."""

    kind: str
    pictures: int
    unreadable: int
    by_a_check: int
    refused: int
    warned: int
    low: float
    high: float
    kept: tuple[str, ...]

    def __str__(self) -> str:
        share = 100 * self.refused / max(1, self.pictures)
        return (
            f"{self.kind:26}{self.pictures:6}{self.unreadable:12}{self.by_a_check:12}{self.refused:9}"
            f"{share:8.1f} %  ({100 * self.low:5.1f} to {100 * self.high:5.1f}){self.warned:8}"
        )


def judge(kind: str, assessments: Iterable[Assessment]) -> Row:
    """What became of the pictures of one kind; what cannot be read counts as refused, as it gets no answer."""
    all_of_them = list(assessments)
    unreadable = sum(one.status == "unreadable" for one in all_of_them)
    refused = unreadable + sum(one.status == "not assessed" for one in all_of_them)
    checked = sum(bool(one.reasons) and "distance" not in one.reasons[0] for one in all_of_them)
    bounds = clopper_pearson(refused, len(all_of_them))
    return Row(
        kind=kind,
        pictures=len(all_of_them),
        unreadable=unreadable,
        by_a_check=checked,
        refused=refused,
        warned=sum(bool(one.warning) for one in all_of_them),
        low=bounds.low,
        high=bounds.high,
        kept=tuple(Path(one.path).name for one in all_of_them if one.status == "answered"),
    )


def drawn(predictor: Predictor, folder: Path, each: int) -> Iterator[Row]:
    """A row for each kind that hilum draws."""
    for kind in KINDS:
        paths = []
        for number in range(each):
            paths.append(folder / f"{kind}-{number}.png")
            Image.fromarray(draw(kind, number)).save(paths[-1])
        yield judge(f"drawn: {kind}", predictor.assess(paths))


def not_chest(predictor: Predictor, folder: Path) -> Iterator[Row]:
    """A row for each subfolder."""
    for group in sorted(path for path in folder.iterdir() if path.is_dir()):
        yield judge(f"real: {group.name}", predictor.assess(sorted(p for p in group.iterdir() if p.is_file())))


def select_films(predictor: Predictor, data: Path, workspace: Path, scratch: Path) -> Iterator[Row]:
    """The select films of the model's own split: as they are, and with black and white exchanged."""
    films = _select(predictor.manifest, resolve_catalogue(data, workspace, Silent())[0].usable)
    paths = [films.root / film.path for film in films.films]
    yield judge("select films", predictor.assess(paths))
    inverted = []
    for number, path in enumerate(paths):
        inverted.append(scratch / f"inverted-{number}.png")
        with Image.open(path) as image:
            Image.fromarray(255 - np.asarray(image.convert("L"))).save(inverted[-1])
    yield judge("select films, inverted", predictor.assess(inverted))


def _select(manifest: Manifest, catalogue: Catalogue) -> Catalogue:
    training = manifest.training
    split = split_films(catalogue, training.protocol, seed=training.seed, fold=training.fold)
    return catalogue.select(split.rows("select"))


def films_below(folder: Path) -> list[Path]:
    """Every image file."""
    return sorted(path for path in folder.rglob("*") if path.suffix.lower() in IMAGE_SUFFIXES)


def measure(predictor: Predictor, asked: argparse.Namespace, scratch: Path) -> Iterator[Row]:
    """All rows that were asked for."""
    yield from drawn(predictor, scratch, asked.each)
    if asked.not_chest:
        yield from not_chest(predictor, asked.not_chest)
    if asked.data:
        yield from select_films(predictor, asked.data, asked.workspace, scratch)
    for folder in asked.adults:
        yield judge(f"chest: {folder.name}", predictor.assess(films_below(folder)))


def main(words: list[str] | None = None) -> int:
    """Print a table for each model, and write it as JSON where that is asked for."""
    from tempfile import TemporaryDirectory

    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("models", nargs="+", type=Path)
    parser.add_argument("--not-chest", type=Path, help="folder of folders of pictures that are no chest films")
    parser.add_argument("--adults", type=Path, nargs="*", default=[], help="folders of other chest films")
    parser.add_argument("--data", type=Path, help="the data that the models were trained on")
    parser.add_argument("--workspace", type=Path, default=Path("hilum-data"))
    parser.add_argument("--each", type=int, default=150, help="drawn pictures of each kind")
    parser.add_argument("--threads", type=int, default=0)
    parser.add_argument("--json", type=Path)
    asked = parser.parse_args(words)
    tables = {}
    for model in asked.models:
        predictor = Predictor.open(model, asked.threads)
        print(f"\n{predictor.manifest.name} ({predictor.model_hash[:12]})")
        print(f"{'kind':26}{'count':>6}{'unreadable':>12}{'by a check':>12}{'refused':>9}{'':31}{'warned':>8}")
        rows = []
        with TemporaryDirectory() as scratch:
            for row in measure(predictor, asked, Path(scratch)):
                print(row, flush=True)
                rows.append(asdict(row))
        tables[predictor.manifest.name] = rows
    if asked.json:
        asked.json.write_text(json.dumps(tables, indent=1) + "\n", encoding="utf-8")
    return 0


if __name__ == "__main__":
    try:
        sys.exit(main())
    except HilumError as error:
        sys.exit(str(error))
