"""The review page of a label audit: a person looks at the doubted films, ticks, and saves a file of corrections."""

from __future__ import annotations

import csv
import io
from collections.abc import Mapping
from itertools import chain
from pathlib import Path
from typing import TYPE_CHECKING, Final

from jinja2.loaders import PackageLoader
from markupsafe import Markup
from PIL import Image

from hilum.audits.labels import GOOD_JUDGE, LabelAudit
from hilum.datasets.catalogue import FilmRecord
from hilum.datasets.corrections import COLUMNS, LEAVE_OUT
from hilum.errors import HilumError
from hilum.files import printable, spreadsheet_safe
from hilum.images import read_film, to_square
from hilum.progress import Progress, Silent, track
from hilum.reports import words
from hilum.reports.embedded import data_uri, script_hash
from hilum.reports.page import templates

if TYPE_CHECKING:
    from rich.console import RenderableType

_SHOWN: Final = 12
_SHOWN_PAIRS: Final = 3
_SIDE_PX: Final = 448
_QUALITY: Final = 82


def review_page(audit: LabelAudit, pictures: Mapping[str, str], next_step: str) -> str:
    """The page as one self-contained HTML document; the only script in it keeps the ticks and saves them as CSV.

    Args:
        audit: what was found.
        pictures: address of the picture of each film, by its SHA-256, as `film_pictures` makes them.
        next_step: the command that takes the corrections.
    """
    environment = templates()
    loader = environment.loader
    assert isinstance(loader, PackageLoader)
    script = loader.get_source(environment, "audit_labels.js")[0]
    digest = script_hash(script)
    return environment.get_template("audit_labels.html.j2").render(
        audit=audit,
        pictures=pictures,
        next_step=next_step,
        script=Markup(script),
        script_hash=f"sha256-{digest}",
        words=words,
        leave_out=LEAVE_OUT,
        columns=",".join((*COLUMNS, "was")),
        cell=lambda path: spreadsheet_safe(printable(path)),
        other=_other_label,
        limits=limits(audit),
        summary=summary(audit),
        listed={one.film.path for one in audit.listed},
        ticked={film.path for film in _different_films(audit)},
    )


def film_pictures(audit: LabelAudit, root: Path, progress: Progress = Silent()) -> dict[str, str]:
    """A picture of every film that the page shows as a `data:` address, by SHA-256; "" for one that is gone."""
    films = _different_films(audit)
    return {film.sha256: _picture(root / film.path) for film in track(progress, films, "Drawing films", len(films))}


def to_review_csv(audit: LabelAudit) -> str:
    """The listed films as CSV text with an empty column "label": filled in by hand, it is a file of corrections."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow([*COLUMNS, "was", "probability of its label", "probability of pneumonia by the model", "suspected"])
    for one in audit.listed:
        path = spreadsheet_safe(printable(one.film.path))
        suspected = "yes" if one.is_suspected else "no"
        row = [path, "", one.film.sha256, one.film.label, f"{one.support:.4f}", f"{one.by_model:.4f}", suspected]
        writer.writerow(row)
    return text.getvalue()


def labels_table(audit: LabelAudit, page: Path, next_step: str) -> RenderableType:
    """The most doubtful films and the pairs that look alike, for 80 columns."""
    from rich.console import Group
    from rich.text import Text

    from hilum.terminal import plain_table

    table = plain_table("film", "labelled", "support", "suspected", is_tight=True)
    table.columns[2].justify = "right"
    for one in audit.listed[:_SHOWN]:
        path = Text(printable(one.film.path))
        table.add_row(path, one.film.label, f"{one.support:.3f}", "yes" if one.is_suspected else "no")
    left = len(audit.listed) - _SHOWN
    lines = [f"... and {left:,} more films on the page." if left > 0 else "", ""]
    pairs = len(audit.likenesses)
    lines.append(f"Pairs that look alike and have different labels: {pairs:,} (to look at; chest films collide).")
    for pair in audit.likenesses[:_SHOWN_PAIRS]:
        lines.append(f"  {pair.correlation:.3f}  {printable(pair.pneumonia.path)}")
        lines.append(f"         {printable(pair.normal.path)}")
    lines += ["", *limits(audit), "", f"Page  {page}", f"Next  {next_step}"]
    head = f"{audit.data_name}: labels of {words.films_of(audit.films)}"
    probe = f"Judged by a small model of AUROC {audit.auroc.text()}; support: its probability of the label."
    return Group(Text(f"{head}\n{summary(audit)}\n{probe}\n"), table, *map(Text, lines))


def summary(audit: LabelAudit) -> str:
    """What was suspected, in one sentence."""
    if not audit.suspected:
        return f"Confident learning calls the label of none of these {audit.films.films:,} films wrong."
    return (
        f"Confident learning calls {audit.suspected:,} of {audit.films.films:,} labels wrong: "
        f"{audit.suspected_pneumonia:,} of pneumonia, {audit.suspected_normal:,} of normal."
    )


def limits(audit: LabelAudit) -> tuple[str, ...]:
    """What the list does not say, most important first."""
    found = [
        "A doubted label is a question, not an error: hard films are doubted too. A person who reads films decides."
    ]
    if audit.auroc.value is None or audit.auroc.value < GOOD_JUDGE:
        weak = (
            f"The small model tells the classes apart too poorly (AUROC {audit.auroc.text()}) to doubt labels: most of "
            "what it suspects is its own fault. Take the features of a better model."
        )
        found.insert(0, weak)
    if audit.taught:
        found.append(
            f"The model has learned from {audit.taught:,} of these films. Where the layers behind its features were "
            "trained, it may know wrong labels by heart and not doubt them; a frozen network, or one trained on other "
            "films, cannot."
        )
    if audit.kept_back:
        found.append(
            f"The {audit.kept_back:,} films of the test folder were left alone: a test corrected by what a model says "
            "favours that model."
        )
    if audit.unusable:
        found.append(f"{audit.unusable:,} films could not be opened and were not audited.")
    return tuple(found)


def _different_films(audit: LabelAudit) -> list[FilmRecord]:
    """The films in the order of the page; of byte-identical ones the first, which is ticked for all."""
    different: dict[str, FilmRecord] = {}
    of_pairs = (film for pair in audit.likenesses for film in (pair.pneumonia, pair.normal))
    for film in chain((one.film for one in audit.listed), of_pairs):
        different.setdefault(film.sha256, film)
    return list(different.values())


def _other_label(film: FilmRecord) -> str:
    return "normal" if film.label == "pneumonia" else "pneumonia"


def _picture(path: Path) -> str:
    try:
        square = to_square(read_film(path).pixels, _SIDE_PX, "pad")  # in the shape that a person expects of a chest
    except HilumError:
        return ""
    file = io.BytesIO()
    Image.fromarray(square).save(file, "JPEG", quality=_QUALITY)
    return data_uri(file.getvalue())
