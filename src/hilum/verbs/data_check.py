"""hilum data check: what stands in the way of honest figures."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from hilum.datasets.audit import Finding, audit, leaked_share
from hilum.datasets.splits import split_films
from hilum.datasets.workspace import WORKSPACE, resolve_catalogue
from hilum.progress import on_stderr

if TYPE_CHECKING:
    from rich.console import RenderableType

_SHOWN_FILMS, _SHOWN_FILMS_OF_A_LEAK = 3, 20


@dataclass(frozen=True, slots=True)
class Checked:
    """The outcome of every check.

    Attributes:
        name: of the data set.
        films: number of films.
        patients: number of patients.
        protocol: the protocol whose sides were checked beside the folders, or "".
        seed: of that protocol.
        fold: of that protocol.
        leaked_share: share of the films of its evaluation part whose patient also serves development; None without one.
        evaluation_part: "test" or "validation"; "" without a protocol.
        has_leak: True where a patient or a file stands on two sides.
        findings: one a check, leaks first.
        notes: what the index ignored or did not know.
    """

    name: str
    films: int
    patients: int
    protocol: str
    seed: int
    fold: int
    leaked_share: float | None
    evaluation_part: str
    has_leak: bool
    findings: tuple[Finding, ...]
    notes: tuple[str, ...]

    @property
    def exit_status(self) -> int:
        """1 where a patient or identical files stand on two sides, of the folders or of the protocol."""
        return int(self.has_leak)

    def __rich__(self) -> RenderableType:
        from rich.console import Group
        from rich.text import Text

        from hilum.terminal import plain_table

        table = plain_table("outcome", "number", "what was looked for")
        table.columns[1].justify = "right"
        for finding in self.findings:
            table.add_row(
                finding.severity.upper() if finding.severity == "leak" else finding.severity,
                f"{finding.count:,}",
                Text(finding.title),
            )
        lines = list[str]()
        if self.leaked_share is not None:
            lines.append(
                f"\nProtocol {self.protocol}, seed {self.seed}: {self.leaked_share:.1%} of the {self.evaluation_part} "
                "films are of patients who also serve development."
            )
        lines += [_in_words(finding) for finding in self.findings if finding.count]
        head = Text(f"{self.name}: {self.films:,} films of {self.patients:,} patients\n")
        notes = ["", *self.notes] if self.notes else []
        return Group(head, table, *map(Text, [*lines, *notes]))

    def as_json(self) -> dict[str, Any]:
        """The same as a JSON object."""
        return asdict(self)


def check(
    data: Path,
    *,
    protocol: str = "",
    seed: int = 0,
    fold: int = 0,
    block: str = "",
    workspace: Path = WORKSPACE,
) -> Checked:
    """Look for everything that makes figures dishonest: leaks, duplicates, conflicts, bad films, empty classes.

    The exit status is 1 where a patient or identical files stand on two sides, of the folders or of the protocol.

    Args:
        data: Folder of class folders, CSV table or catalogue file.
        protocol: Also check the sides of this protocol: official, grouped, grouped20, random20 or block.
        seed: Of the protocol.
        fold: Of the protocol.
        block: Of the protocol, as for hilum data split.
        workspace: Folder of all indexes.

    Examples:
        hilum data check data/chest_xray
        hilum data check data/chest_xray --protocol random20 --json
    """
    progress = on_stderr()
    catalogue, _ = resolve_catalogue(data, workspace, progress)
    division = split_films(catalogue, protocol, seed=seed, fold=fold, block=block) if protocol else None
    outcome = audit(catalogue, division, progress)
    return Checked(
        name=catalogue.name,
        films=len(catalogue.films),
        patients=len(set(catalogue.patients)),
        protocol=protocol,
        seed=seed,
        fold=fold,
        leaked_share=leaked_share(catalogue, division) if division else None,
        evaluation_part=division.evaluation_part if division else "",
        has_leak=outcome.has_leak,
        findings=outcome.findings,
        notes=catalogue.notes,
    )


def _in_words(finding: Finding) -> str:
    """The finding's sentence and the first of its films, one a line."""
    shown = _SHOWN_FILMS_OF_A_LEAK if finding.severity == "leak" else _SHOWN_FILMS
    left = len(finding.films) - shown
    films = [*finding.films[:shown], *([f"and {left:,} more films"] if left > 0 else [])]
    return "\n  ".join([f"\n{finding.title}. {finding.detail}".rstrip(), *films])
