"""The audit of maps for people: one page with verdict, curves and what forgetting does, and a table for 80 columns."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final

from markupsafe import Markup

from hilum.explaining.faithfulness import (
    ALL_FILMS,
    CENTRE_BLOB,
    CONTROLS,
    RANDOM,
    MapsAudit,
    MethodFaithfulness,
)
from hilum.explaining.verdict import MOST_SIMILAR
from hilum.metrics import Estimate
from hilum.modelfolder.maps import ONE_LOGIT
from hilum.reports import words
from hilum.reports.audit_maps_pictures import draw_cascade, draw_curves, example_picture, film_picture
from hilum.reports.explanation_record import TITLES
from hilum.reports.page import templates

if TYPE_CHECKING:
    from rich.console import RenderableType


@dataclass(frozen=True, slots=True)
class _Strip:
    """One film's map as layer after layer forgets: pictures with what stands below each."""

    path: str
    label: str
    probability: float
    pictures: tuple[tuple[str, Markup], ...]


@dataclass(frozen=True, slots=True)
class _Row:
    """One film with the map of each method beside it."""

    path: str
    label: str
    probability: float
    film: Markup
    maps: tuple[tuple[str, Markup], ...]


def maps_page(audit: MapsAudit) -> str:
    """The audit as one self-contained HTML document; same audit, same bytes.

    Raises:
        HilumError: matplotlib is not installed.
    """
    curves = {one.method: {kind: Markup(draw_curves(one, kind)) for kind in _KINDS} for one in audit.methods}
    cascades = {one.method: Markup(draw_cascade(one)) for one in audit.methods if one.randomisation}
    return (
        templates()
        .get_template("audit_maps.html.j2")
        .render(
            audit=audit,
            words=words,
            titles=TITLES,
            headline=headline(audit),
            films=films_in_words(audit),
            curves=curves,
            cascades=cascades,
            strips={one.method: _strips(one) for one in audit.methods},
            rows=_rows(audit.methods),
            kinds=_KINDS,
            columns=_columns(audit),
            limits=limits(audit),
            most_similar=MOST_SIMILAR,
            controls=CONTROLS,
            methods=methods_of(audit),
        )
    )


_KINDS: Final = {
    "deletion": "Covered in the order of the map: the faster the answer falls, the better",
    "insertion": "Uncovered in the order of the map: the faster the answer comes, the better",
}


def maps_table(audit: MapsAudit, page: Path) -> RenderableType:
    """The verdict of each method, and below that the figures it rests on."""
    from rich.console import Group
    from rich.text import Text

    from hilum.terminal import plain_table

    table = plain_table("measured", *(one.method for one in audit.methods), is_tight=True)
    for name, figures in _columns(audit):
        table.add_row(name, *("" if one is None else one.text(2) for one in figures))
    lines = [f"{audit.model} on {audit.data_name}: {films_in_words(audit)}\n"]
    for one in audit.methods:
        said = "; ".join((*one.verdict.reasons, *one.verdict.unknown))
        lines.append(f"{one.method}: {one.verdict.in_words}{': ' * bool(said)}{said}.")
        lines += [f"  Also: {note}." for note in one.verdict.notes]
    lines += [f"{method} is left out: {reason}" for method, reason in audit.left_out]
    parts: list[RenderableType] = [*map(Text, lines), Text(""), table, Text("")]
    parts += [Text(f"95 % intervals: {'; '.join(methods_of(audit))}."), *map(Text, limits(audit))]
    return Group(*parts, Text(f"\nPage  {page}", no_wrap=True))


def headline(audit: MapsAudit) -> str:
    """The outcome in a sentence or two.

    Methods are named as people write them.
    """
    good, bad, untold = (
        [_title(one) for one in audit.methods if one.verdict.standing == standing]
        for standing in ("passes", "fails", "not shown")
    )
    parts = [f"{_listed(good)} may be shown as an explanation of this model."] if good else []
    if bad:
        parts.append(f"{_listed(bad)} {'is' if len(bad) == 1 else 'are'} not a faithful explanation of this model.")
    if untold:
        verb, few = "is" if len(untold) == 1 else "are", "too few films"
        parts.append(f"{_listed(untold)} {verb} not shown to be an explanation of this model: {few}.")
    return " ".join(parts)


def films_in_words(audit: MapsAudit) -> str:
    """Which films were looked at, and how the model answers them."""
    return (
        f"{audit.films:,} films of {audit.patients:,} patients ({audit.chosen}), {audit.pneumonia:,} labelled "
        f"pneumonia and {audit.normal:,} normal; the model answers {audit.answered_pneumonia:,} with pneumonia and "
        f"{audit.answered_normal:,} with normal"
    )


def methods_of(audit: MapsAudit) -> tuple[str, ...]:
    """How the intervals were made."""
    figures = [figure for _, row in _columns(audit) for figure in row if figure is not None]
    return tuple(dict.fromkeys(one.method for one in figures))


def limits(audit: MapsAudit) -> tuple[str, ...]:
    """What these figures do not say."""
    return (
        ONE_LOGIT,
        "A map that passes says what this network answers by. Whether that is a sign of the disease, it does not say.",
        "Covered and blurred films are unlike any that the network was trained on: read the gains over the controls, "
        "which share that fault, and not the areas.",
        f"The lung box is the same on all films and covers {words.percent(audit.lung_box_area)} of them: an even map "
        "has that share inside.",
    )


def _columns(audit: MapsAudit) -> list[tuple[str, list[Estimate | None]]]:
    """Every figure by name, with one value a method; all but the first two are better where they are higher."""
    methods = audit.methods
    ends = [one.randomisation.last if one.randomisation else None for one in methods]
    rows: list[tuple[str, list[Estimate | None]]] = [
        ("likeness with all weights random", [end.rank if end else None for end in ends]),
        ("the same of sizes", [end.sizes if end else None for end in ends]),
    ]
    for control in (RANDOM, CENTRE_BLOB):
        gains = [one.gain(control, ALL_FILMS) for one in methods]
        rows.append((f"deletion, gain on {control}", [one.deletion if one else None for one in gains]))
        rows.append((f"insertion, gain on {control}", [one.insertion if one else None for one in gains]))
    return [
        *rows,
        ("share in the lung box", [one.lung_box for one in methods]),
        ("of that for pneumonia", [one.lung_box_for for one in methods]),
        ("stability under shifts", [one.stability for one in methods]),
    ]


def _strips(method: MethodFaithfulness) -> tuple[_Strip, ...]:
    """The map of one film of each class through the cascade; none where there was no such test."""
    if method.randomisation is None:
        return ()
    names = [f"{step.layers} random, down to {step.down_to}" for step in method.randomisation.steps]
    return tuple(
        _Strip(
            path=one.path,
            label=one.label,
            probability=one.probability,
            pictures=(
                ("trained", example_picture(method.method, one.square, one.evidence)),
                *(
                    (name, example_picture(method.method, one.square, evidence))
                    for name, evidence in zip(names, one.cascade, strict=True)
                ),
            ),
        )
        for one in {one.label: one for one in reversed(method.examples) if one.cascade}.values()
    )


def _rows(methods: Sequence[MethodFaithfulness]) -> tuple[_Row, ...]:
    """Each example film once, with the map of every method that has it."""
    films = {one.path: one for method in methods for one in method.examples}
    return tuple(
        _Row(
            path=path,
            label=film.label,
            probability=film.probability,
            film=film_picture(film.square),
            maps=tuple(
                (method.method, example_picture(method.method, one.square, one.evidence))
                for method in methods
                for one in method.examples
                if one.path == path
            ),
        )
        for path, film in films.items()
    )


def _title(method: MethodFaithfulness) -> str:
    return TITLES.get(method.method, method.method)


def _listed(names: Sequence[str]) -> str:
    """Names as a sentence begins with them: the first keeps its capital, the others lose theirs where they can."""
    lower = [name if name.isupper() or "-CAM" in name else name[:1].lower() + name[1:] for name in names]
    shown = [names[0], *lower[1:]]
    return shown[0] if len(shown) == 1 else f"{', '.join(shown[:-1])} and {shown[-1]}"
