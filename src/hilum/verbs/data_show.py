"""hilum data show: counts and example films as pictures."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from hilum.datasets.counts import PlaceCount, count_films
from hilum.datasets.pictures import draw_counts, draw_examples
from hilum.datasets.workspace import WORKSPACE, resolve_catalogue
from hilum.errors import HilumError
from hilum.files import printable, write_together
from hilum.progress import on_stderr

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
    """

    name: str
    counts: tuple[PlaceCount, ...]
    counts_picture: str
    films_picture: str

    def __rich__(self) -> RenderableType:
        from rich.console import Group
        from rich.text import Text

        from hilum.verbs.data_tables import counts_table

        files = f"\nCounts  {self.counts_picture}\nFilms   {self.films_picture}"
        return Group(Text(f"{self.name}\n"), counts_table(self.counts), Text(files))

    def as_json(self) -> dict[str, Any]:
        """The same as a JSON object."""
        return asdict(self)


def show(data: Path, *, output: Path | None = None, seed: int = 0, workspace: Path = WORKSPACE) -> Shown:
    """Draw the counts per class and folder, and a grid of example films of both classes.

    Films of a test folder are counted but not shown.

    Args:
        data: Folder of class folders, CSV table or catalogue file.
        output: Folder for the two PNG files; beside the catalogue if not given.
        seed: Draws the example films.
        workspace: Folder of all indexes.

    Examples:
        hilum data show data/chest_xray
        hilum data show data/chest_xray --output pictures/ --seed 1
    """
    catalogue, place = resolve_catalogue(data, workspace, on_stderr())
    if not catalogue.usable.films:
        raise HilumError(
            f"None of the {len(catalogue.films)} films of '{catalogue.name}' can be used.",
            expected="films to show",
            do="See what is wrong with them: hilum data check DATA",
        )
    counts, films = (output or place) / "counts.png", (output or place) / "films.png"
    write_together({counts: draw_counts(catalogue), films: draw_examples(catalogue, seed)})
    return Shown(catalogue.name, count_films(catalogue), printable(counts), printable(films))
