"""hilum data show: counts and example films as pictures."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from importlib.util import find_spec
from pathlib import Path
from textwrap import fill
from typing import TYPE_CHECKING, Any

import numpy as np

from hilum.datasets.catalogue import LABELS, Catalogue
from hilum.datasets.counts import PlaceCount, count_films
from hilum.datasets.pictures import draw_counts, draw_examples, examples
from hilum.datasets.pictures_views import FilmViews, draw_views
from hilum.datasets.workspace import WORKSPACE, resolve_catalogue
from hilum.errors import HilumError, missing_extra, require_installed
from hilum.files import printable, write_together
from hilum.images import read_film, to_square
from hilum.progress import on_stderr
from hilum.recipe import Recipe, read_recipe

if TYPE_CHECKING:
    from rich.console import RenderableType


@dataclass(frozen=True, slots=True)
class Shown:
    """The pictures of a data set.

    Attributes:
        name: of the data set.
        counts: films and patients of each folder.
        counts_picture: PNG with the counts.
        films_picture: PNG with example films of both classes.
        views_picture: PNG with what a recipe's augmentation makes of some, where one was asked for.
    """

    name: str
    counts: tuple[PlaceCount, ...]
    counts_picture: str
    films_picture: str
    views_picture: str = ""

    def __rich__(self) -> RenderableType:
        from rich.console import Group
        from rich.text import Text

        from hilum.verbs.data_tables import counts_table

        files = f"\nCounts  {self.counts_picture}\nFilms   {self.films_picture}"
        files += f"\nViews   {self.views_picture}" if self.views_picture else ""
        return Group(Text(f"{self.name}\n"), counts_table(self.counts), Text(files))

    def as_json(self) -> dict[str, Any]:
        """The same as a JSON object."""
        return asdict(self)


def show(
    data: Path,
    *,
    augment: str = "",
    set_: Sequence[str] = (),
    output: Path | None = None,
    seed: int = 0,
    workspace: Path = WORKSPACE,
) -> Shown:
    """Draw the counts per class and folder, and a grid of example films of both classes.

    Films of a test folder are counted but not shown.

    Args:
        data: Folder of class folders, CSV table or catalogue file.
        augment: Recipe, by name or file, whose augmentation is drawn too: films as rows, views as columns.
        set_: Change a key of that recipe, such as augment.rotation_degrees=10; may be given several times.
        output: Folder for the PNG files; beside the catalogue if not given.
        seed: Draws the example films.
        workspace: Folder of all indexes.

    Examples:
        hilum data show data/chest_xray
        hilum data show data/chest_xray --output pictures/ --seed 1
        hilum data show data/chest_xray --augment cnn-scratch --set augment.fill=edge
    """
    plan = read_recipe(augment, set_) if augment else None
    require_installed(["matplotlib"], "A picture", "judge")
    catalogue, place = resolve_catalogue(data, workspace, on_stderr())
    if not catalogue.usable.films:
        raise HilumError(
            f"None of the {len(catalogue.films)} films of '{catalogue.name}' can be used.",
            expected="films to show",
            do="See what is wrong with them: hilum data check DATA",
        )
    folder = output or place
    pictures = {
        folder / "counts.png": draw_counts(catalogue),
        folder / "films.png": draw_examples(catalogue, seed),
    }
    if plan:
        pictures[folder / "views.png"] = _drawn_views(catalogue, plan, seed)
    write_together(pictures)
    return Shown(catalogue.name, count_films(catalogue), *(printable(path) for path in pictures))


def _drawn_views(catalogue: Catalogue, plan: Recipe, seed: int) -> bytes:
    """A PNG of two films of each class, as they are and as the recipe's augmentation changes them."""
    if not all(find_spec(name) for name in ("torch", "torchvision", "timm")):
        raise missing_extra("Augmentation", "train")
    from hilum.training.views import views_of

    records = [film for label in LABELS for film in examples(catalogue, label, seed)[:2]]
    if not records:
        raise HilumError(
            f"'{catalogue.name}' has no film outside of its test folder.",
            expected="films that may be looked at",
            do="Name data with films to train on.",
        )
    films = np.stack(
        [
            to_square(read_film(catalogue.root / film.path).pixels, plan.film.side, plan.film.geometry)
            for film in records
        ]
    )
    count = min(5, plan.augment.views or 5)
    views = views_of(films, plan, count)
    rows = [FilmViews(*row) for row in zip(records, films, views, strict=True)]
    kind = "view" if plan.augment.views else "epoch"
    names = [f"{kind} {number}" for number in range(1, count + 1)]
    return draw_views(rows, f"What {plan.name} shows the network", _changes(plan), names)


def _changes(plan: Recipe) -> str:
    """The augmentation in words, as far as it differs from none."""
    keys, none = plan.augment, {"zoom": 1.0, "views": 0, "fill": "black", "mixup": 0.0}
    changed = [
        name.replace("_degrees", "") + ("" if value is True else f" {value:g}" if name != "fill" else f" {value}")
        for name, value in keys.model_dump().items()
        if value and value != none.get(name)
    ]
    blended = "; mixup, which blends two films, is not drawn" if keys.mixup else ""
    return fill(f"{plan.film.side} px, {plan.film.geometry}: {', '.join(changed) or 'no change'}{blended}", 100)
