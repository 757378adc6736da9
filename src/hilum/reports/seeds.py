"""The table of the five projects in docs/seeds.md: what they published, which command does it, what was measured."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from hilum.errors import HilumError
from hilum.reports.markdown import table
from hilum.reports.results import read_rows
from hilum.reports.rows import evaluations_of
from hilum.reproduction.claims import CLAIMS
from hilum.reproduction.parts import error_at_one_half
from hilum.reproduction.plan import all_rows
from hilum.reproduction.record import RowResult
from hilum.reproduction.summary import over_seeds

_BEGIN: Final = "<!-- made by: make results -->"
_END: Final = "<!-- end -->"


@dataclass(frozen=True, slots=True)
class Project:
    """One of the five projects.

    Args:
        name: number and method.
        claim: key of what it published.
        protocol: of the published figure, in words.
        recipes: that follow it, the project's own network first.
    """

    name: str
    claim: str
    protocol: str
    recipes: tuple[str, ...]


PROJECTS: Final = (
    Project("0. and 4. self-made CNN", "cnn", "not stated", ("cnn-scratch",)),
    Project(
        "0. InceptionV3, tuned entirely",
        "inceptionv3",
        "not stated",
        ("inceptionv3-full", "inceptionv3-full-mobilenetv2"),
    ),
    Project(
        "1. Xception, last 55 or 100 layers",
        "xception",
        "not stated",
        ("xception-last55", "xception-last100", "xception-last55-mobilenetv2", "xception-last100-mobilenetv2"),
    ),
    Project(
        "2. ResNet-50, frozen, one cycle",
        "resnet50",
        "random20 (leaky)",
        ("resnet50-onecycle", "resnet50-onecycle-mobilenetv2"),
    ),
    Project(
        "2. the steps left undone there: frozen for good, unfrozen",
        "resnet50",
        "random20 (leaky)",
        ("resnet50-frozen", "resnet50-unfreeze", "resnet50-unfreeze-mobilenetv2"),
    ),
    Project("3. VGG-19, frozen, 150 px", "vgg19", "not stated", ("vgg19-frozen", "vgg19-frozen-mobilenetv2")),
)
_OURS: Final = ("best", "mobilenetv2-frozen")


def fill_seeds(page: str, directory: Path) -> str:
    """The page with its table made anew from the results.

    Args:
        page: Markdown with the two marks between which the table stands.
        directory: of the results, as for `render_results`.

    Raises:
        HilumError: a mark is missing, or a result cannot be read.
    """
    before, begin, rest = page.partition(_BEGIN)
    _, end, after = rest.partition(_END)
    if not begin or not end:
        raise HilumError(
            "docs/seeds.md has no place for its table.", expected=f"{_BEGIN} and {_END}", do="Put both marks back."
        )
    return f"{before}{_BEGIN}\n\n{seeds_table(directory)}\n\n{_END}{after}"


def seeds_table(directory: Path) -> str:
    """One line a project, and one for recipes of our own."""
    results = read_rows(directory)
    headers = ("project", "published", "its protocol", "command", "measured")
    lines = [
        [
            project.name,
            CLAIMS[project.claim].in_words(),
            project.protocol,
            _commands(project.recipes),
            _measured(project.recipes, results),
        ]
        for project in PROJECTS
    ]
    lines.append(["ours", "", "", _commands(_OURS), _measured(_OURS, results)])
    return "\n".join(table(headers, lines))


def _commands(recipes: Sequence[str]) -> str:
    return "<br>".join(f"`hilum reproduce DATA --only {recipe}`" for recipe in recipes)


def _measured(recipes: Sequence[str], results: Sequence[RowResult]) -> str:
    return "<br>".join(f"`{recipe}`: {_of_recipe(recipe, results)}" for recipe in recipes)


def _of_recipe(recipe: str, results: Sequence[RowResult]) -> str:
    """The figures of a recipe under each of its protocols; where it has none, where it stands.

    What it does on films from elsewhere stands in docs/results.md: it belongs to no protocol.
    """
    of_recipe = [one for one in results if one.record.recipe == recipe and not _is_external(one)]
    means = {one.protocol: one for one in over_seeds(evaluations_of(of_recipe))}
    said = []
    for protocol in dict.fromkeys(row.protocol for row in all_rows() if row.recipe == recipe):
        if protocol in means:
            one = means[protocol]
            leaky = ", leaky" if one.leaks else ""
            verdict = f" ({one.says})" if one.says else ""
            said.append(f"{protocol}{leaky}: error {one.error.mean.text(4)}, seeds {len(one.seeds)}{verdict}")
        else:
            said += [_of_row(one) for one in of_recipe if one.record.protocol == protocol]
    return "; ".join(dict.fromkeys(said)) or "not measured yet"


def _is_external(one: RowResult) -> bool:
    return one.evaluation is not None and one.evaluation.fall is not None


def _of_row(one: RowResult) -> str:
    if one.evaluation is None:
        return one.record.says if one.record.state == "no weights" else f"{one.record.protocol}: {one.record.where}"
    auroc, error = one.evaluation.scores.auroc.text(), error_at_one_half(one.evaluation).text()
    seed = f", seed {one.record.seed}" if one.record.seed else ""
    return f"{one.record.protocol}{seed}: AUROC {auroc}, error {error}"
