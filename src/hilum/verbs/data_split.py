"""hilum data split: who serves what under a protocol."""

from __future__ import annotations

import csv
import io
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from hilum.datasets.audit import leaked_share
from hilum.datasets.catalogue import Catalogue
from hilum.datasets.counts import PlaceCount, count_films
from hilum.datasets.splits import PARTS, Split, split_films
from hilum.datasets.workspace import WORKSPACE, resolve_catalogue
from hilum.files import printable, spreadsheet_safe, write_text
from hilum.progress import on_stderr

if TYPE_CHECKING:
    from rich.console import RenderableType


@dataclass(frozen=True, slots=True)
class Division:
    """How a protocol divides a data set.

    Attributes:
        name: of the data set.
        protocol: its name.
        seed: of the draws.
        fold: of the grouped protocol, else 0.
        block: the column of a block, else "".
        is_leaky: True where patients stand on both sides on purpose.
        leaked_share: share of the films of the evaluation part whose patient also serves development.
        evaluation_part: "test" or "validation".
        counts: films and patients of each part.
        unused: films that cannot be used.
        output: the file with the assignment, or "".
    """

    name: str
    protocol: str
    seed: int
    fold: int
    block: str
    is_leaky: bool
    leaked_share: float
    evaluation_part: str
    counts: tuple[PlaceCount, ...]
    unused: int
    output: str

    def __rich__(self) -> RenderableType:
        from rich.console import Group
        from rich.text import Text

        from hilum.verbs.data_tables import counts_table

        choices = f"seed {self.seed}" + (f", fold {self.fold}" if self.protocol == "grouped" else "")
        head = f"{self.name}, protocol {self.protocol}{' (LEAKY)' if self.is_leaky else ''}, {choices}\n"
        lines = ["", f"Development is fit, select and calibrate; figures are measured on {self.evaluation_part}."]
        if self.is_leaky:
            lines.append(
                f"LEAKY: {self.leaked_share:.1%} of the validation films are of patients who also serve development. "
                "Every figure measured like this says so."
            )
        lines += [f"{self.unused:,} films cannot be used: hilum data check"] if self.unused else []
        lines += [f"Assignment {self.output}"] if self.output else []
        return Group(Text(head), counts_table(self.counts, "part"), *map(Text, lines))

    def as_json(self) -> dict[str, Any]:
        """The same as a JSON object."""
        return asdict(self)


def split(
    data: Path,
    *,
    protocol: str = "official",
    seed: int = 0,
    fold: int = 0,
    block: str = "",
    output: Path | None = None,
    workspace: Path = WORKSPACE,
) -> Division:
    """Divide a data set by a protocol and count films, classes and patients of each part.

    Args:
        data: Folder of class folders, CSV table or catalogue file.
        protocol: official (the test folder), grouped (five folds by patient), grouped20 (a fifth of all films, by
            patient), block (patients who stand together), or random20 (a fifth by film: leaky).
        seed: Of every draw.
        fold: 0 to 4, for grouped.
        block: For block in data other than Kermany's: patient or path, whose order makes the block.
        output: Write the part of each film to this CSV file.
        workspace: Folder of all indexes.

    Examples:
        hilum data split data/chest_xray
        hilum data split data/chest_xray --protocol grouped --fold 2
        hilum data split data/chest_xray --output parts.csv
        hilum data split data/ward --protocol block --block patient
    """
    catalogue, _ = resolve_catalogue(data, workspace, on_stderr())
    division = split_films(catalogue, protocol, seed=seed, fold=fold, block=block)
    if output:
        write_text(output, assignment(catalogue, division))
    return Division(
        name=catalogue.name,
        protocol=protocol,
        seed=seed,
        fold=fold,
        block=block,
        is_leaky=division.is_leaky,
        leaked_share=leaked_share(catalogue, division),
        evaluation_part=division.evaluation_part,
        counts=count_films(catalogue, division.parts, PARTS),
        unused=len(catalogue.films) - len(catalogue.usable.films),
        output=printable(output) if output else "",
    )


def assignment(catalogue: Catalogue, division: Split) -> str:
    """CSV text with the part of each film; the protocol and its leak stand in every line."""
    text = io.StringIO(newline="")
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(["path", "label", "subtype", "patient", "part", "protocol", "seed", "fold", "is_leaky"])
    about = (division.protocol, division.seed, division.fold, str(division.is_leaky).lower())
    for film, part in zip(catalogue.films, division.parts, strict=True):
        cells = (film.path, film.label, film.subtype, film.patient, part, *about)
        writer.writerow(map(spreadsheet_safe, cells))
    return text.getvalue()
