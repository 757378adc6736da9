"""hilum data fetch: public chest films, or drawn ones, as a folder that every other command takes."""

from __future__ import annotations

import os
from collections import Counter
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from hilum.datasets.download.archives import unpack
from hilum.datasets.download.fetch import Downloaded, Patience, Remote, download
from hilum.datasets.download.medmnist import unfold
from hilum.datasets.download.sources import SOURCES, Source, find_source, kaggle_authorization, place_of_kermany_film
from hilum.datasets.phantom import draw_phantom_films
from hilum.errors import HilumError, nearest
from hilum.files import explained, printable
from hilum.images import IMAGE_SUFFIXES
from hilum.json_files import write_json
from hilum.progress import Progress, on_stderr

if TYPE_CHECKING:
    from rich.console import RenderableType

PHANTOM = "phantom"
DATA = Path("data")
PATIENCE = Patience()
_PHANTOM_SIDE = 320


@dataclass(frozen=True, slots=True)
class FolderCount:
    """Films in one class folder."""

    split: str
    label: str
    films: int


@dataclass(frozen=True, slots=True)
class Fetched:
    """Where the films lie, how many there are, under which licence, and what to do with them next."""

    source: str
    folder: Path
    counts: tuple[FolderCount, ...]
    licence: str
    citation: tuple[str, ...]
    notes: tuple[str, ...]
    next_command: str

    @property
    def films(self) -> int:
        """All films in the folder."""
        return sum(count.films for count in self.counts)

    def __rich__(self) -> RenderableType:
        from rich.console import Group
        from rich.text import Text

        from hilum.terminal import plain_table

        table = plain_table("folder", "films")
        table.columns[1].justify = "right"
        for count in self.counts:
            table.add_row(f"{count.split}/{count.label}", f"{count.films:,}")
        table.add_row("all", f"{self.films:,}")
        lines = [*self.notes, f"Licence: {self.licence}", *(f"Cite: {entry}" for entry in self.citation)]
        head = Text(f"{self.source}: {printable(self.folder)}\n")
        return Group(head, table, Text(""), *map(Text, lines), Text(f"\nNext: {self.next_command}"))

    def as_json(self) -> dict[str, Any]:
        """The same as a JSON object."""
        return asdict(self) | {"folder": printable(self.folder), "films": self.films}


def fetch(
    source: str,
    *,
    output: Path | None = None,
    from_: str | None = None,
    url: str | None = None,
    side: int | None = None,
    patients: int = 240,
    seed: int = 0,
) -> Fetched:
    """Download a public data set, or draw phantom films, into a folder.

    An interrupted download goes on where it stopped. What is there already is not fetched again. An archive that was
    downloaded by hand is taken when it lies beside the output folder under its own name.

    Args:
        source: kermany (5,856 films of children, 1.2 GB), pneumoniamnist (the same films, small) or phantom (drawn).
        output: The new folder; data/SOURCE where it is not given.
        from_: For kermany: mendeley, or kaggle with your token.
        url: Another https address of the same file, such as a mirror.
        side: For pneumoniamnist 28, 64, 128 or 224 pixels; for phantom the width of the films.
        patients: Phantom patients to draw.
        seed: Decides the phantom films.

    Examples:
        hilum data fetch kermany
        hilum data fetch kermany --from kaggle
        hilum data fetch pneumoniamnist --side 64
        hilum data fetch phantom --patients 100 --output phantoms
    """
    progress = on_stderr()
    if source == PHANTOM:
        _refuse_for_phantom(from_, url)
        return _draw(output or DATA / PHANTOM, patients, seed, _PHANTOM_SIDE if side is None else side, progress)
    names = sorted({PHANTOM, *(known.name for known in SOURCES)})
    if source not in names:
        raise HilumError(f"There is no source '{source}'.", expected="a known data set", do=nearest(source, names))
    chosen = find_source(source, from_ or "", side, SOURCES)
    folder = output or DATA / (f"{source}-{chosen.side}" if chosen.side else source)
    if _class_counts(folder):
        return _told(chosen, folder, ("The films were there already: nothing was downloaded.",))
    return _told(chosen, folder, _bring(chosen, url, folder, progress))


def _refuse_for_phantom(from_: str | None, url: str | None) -> None:
    if from_ or url:
        raise HilumError(
            "Phantom films are drawn here, not downloaded.",
            expected="neither --from nor --url",
            do="Leave these options out.",
        )


def _draw(folder: Path, patients: int, seed: int, side: int, progress: Progress) -> Fetched:
    draw_phantom_films(folder, patients=patients, seed=seed, side=side, progress=progress)
    return Fetched(
        source=PHANTOM,
        folder=folder,
        counts=_class_counts(folder),
        licence="none needed: drawn by hilum, no patient is shown",
        citation=(),
        notes=(
            f"{patients} phantom patients, seed {seed}; the place of every opacity is in opacities.csv.",
            "For trying out commands: no figure measured on them says anything about patients.",
        ),
        next_command=f"hilum data index {printable(folder)}",
    )


def _bring(source: Source, url: str | None, folder: Path, progress: Progress) -> tuple[str, ...]:
    """Download, check and unpack; gives the sentences that the user should know."""
    _require_free(folder)
    archive = folder.absolute().with_name(source.filename)
    # The token is for Kaggle alone: another address never sees it, and a file that is there needs none.
    needs_token = source.origin == "kaggle" and not url and not archive.exists()
    remote = Remote(
        url=url or source.url,
        size_bytes=source.size_bytes,
        checksum=source.checksum,
        authorization=kaggle_authorization(os.environ, Path.home()) if needs_token else "",
        ways_out=_ways_out(source, archive),
    )
    arrived = download(remote, archive, PATIENCE, progress)
    if archive.suffix == ".npz":
        unfold(archive, folder, progress)
    else:
        unpack(archive, folder, place=place_of_kermany_film, progress=progress)
        if not arrived.was_there:
            with explained(archive, "remove"):
                archive.unlink()
    write_json(folder / "source.json", _provenance(source, remote, arrived))
    return tuple(_notes(arrived))


def _require_free(folder: Path) -> None:
    """Refuse a folder that holds something else, before anything is downloaded."""
    with explained(folder, "read"):
        is_free = not folder.exists() or (folder.is_dir() and not any(folder.iterdir()))
    if not is_free:
        raise HilumError(
            f"'{printable(folder)}' exists already and holds no films that hilum fetched.",
            expected="a new or an empty folder",
            do=f"Name another one with --output, or index what is there: hilum data index {printable(folder)}",
        )


def _notes(arrived: Downloaded) -> list[str]:
    checksum = f"{arrived.checksum.algorithm.upper()} {arrived.checksum.hexdigest}"
    if arrived.is_first:
        return [
            f"{arrived.path.name} has the {checksum}. Its origin publishes none to compare with: this one is kept, and "
            "later downloads are checked against it."
        ]
    return [f"{arrived.path.name} has the expected {checksum}."]


def _provenance(source: Source, remote: Remote, arrived: Downloaded) -> dict[str, Any]:
    """What `source.json` says beside the films."""
    return {
        "source": source.name,
        "page": source.page,
        "url": remote.url.partition("?")[0],
        "file": source.filename,
        "checksum": f"{arrived.checksum.algorithm}:{arrived.checksum.hexdigest}",
        "licence": source.licence,
        "citation": list(source.citation),
    }


def _ways_out(source: Source, archive: Path) -> str:
    by_hand = "" if archive.suffix == ".npz" else "; or unpack it yourself and run: hilum data index DIR"
    return (
        "Run the same command again to go on; or name a mirror with --url; or download "
        f"{source.filename} from {source.page} in a browser, put it at '{printable(archive)}' "
        f"and run the same command{by_hand}."
    )


def _told(source: Source, folder: Path, notes: tuple[str, ...]) -> Fetched:
    counts = _class_counts(folder)
    films = sum(count.films for count in counts)
    if films != source.films:
        notes = (*notes, f"{source.films:,} films were expected and {films:,} are there: the source may have changed.")
    return Fetched(
        source=source.name,
        folder=folder,
        counts=counts,
        licence=source.licence,
        citation=source.citation,
        notes=notes,
        next_command=f"hilum data index {printable(folder)}",
    )


def _class_counts(folder: Path) -> tuple[FolderCount, ...]:
    """Films in every folder train|val|test / NORMAL|PNEUMONIA that has any, positive class first."""
    with explained(folder, "read"):
        found = Counter(
            path.parent.relative_to(folder).parts
            for path in folder.glob("*/*/*")
            if path.suffix.lower() in IMAGE_SUFFIXES
        )
    order = [(split, label) for split in ("train", "val", "test") for label in ("PNEUMONIA", "NORMAL")]
    return tuple(FolderCount(split, label, found[split, label]) for split, label in order if found[split, label])
