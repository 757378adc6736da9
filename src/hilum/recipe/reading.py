"""From a TOML file to a `Recipe`; unknown keys are refused with the nearest known one."""

from __future__ import annotations

import tomllib
from collections.abc import Iterable
from pathlib import Path
from typing import Any, Literal

from pydantic import Field, ValidationError

from hilum.errors import HilumError, nearest
from hilum.files import printable, read_text
from hilum.recipe.conflicts import refuse_conflicts
from hilum.recipe.keys import NAME, Augment, Cache, FilmShape, Network, Protocol, Section, Train

PACKAGED = Path(__file__).parents[1] / "recipes"


class Recipe(Section):
    """One experiment, complete: what is trained, on what, how, and what to expect of it."""

    name: str = Field(pattern=NAME, max_length=100, description="Name of the recipe and of its run folder.")
    summary: str = Field(description="What the recipe does, in one sentence.")
    source: str = Field(description="The published work that it follows, or 'hilum'.")
    expected: str = Field(description="Time and figure to expect, and where they were measured.")
    protocol: Protocol = Field("official", description="How patients are divided; see docs/reference/protocols.md.")
    fold: int = Field(0, ge=0, le=4, description="Which fold is held out under the protocol 'grouped'.")
    block: str = Field(
        "", description="Column whose order makes the block of the protocol 'block' on data other than Kermany's."
    )
    seed: int = Field(
        0, ge=0, lt=2**32, description="Decides the split, the first weights, the order and the augmentation."
    )
    patients: int = Field(
        0, ge=0, le=1_000_000, description="Learn from so many fit patients only, drawn by the seed; 0: from all."
    )
    precision: Literal["auto", "fp32", "bf16"] = Field(
        "auto",
        description="Arithmetic of the training step; auto takes bf16 only where the processor has units for it.",
    )
    network: Network
    film: FilmShape = FilmShape()
    augment: Augment = Augment()
    train: Train
    cache: Cache = Cache()


def packaged_recipes() -> list[str]:
    """Names of the recipes that come with hilum, sorted."""
    return sorted(path.stem for path in PACKAGED.glob("*.toml"))


def read_recipe(name_or_file: str, changes: Iterable[str] = ()) -> Recipe:
    """The recipe of that name, or in that TOML file, with `changes` such as "train.epochs=3" made to it.

    Raises:
        HilumError: no such recipe, not TOML, an unknown key, or a value out of range.
    """
    path = Path(name_or_file)
    if path.suffix != ".toml":
        path = PACKAGED / f"{name_or_file}.toml"
        if not path.is_file():
            raise HilumError(
                f"There is no recipe '{name_or_file}'.",
                expected="the name of a recipe or a file that ends in .toml",
                do=nearest(name_or_file, packaged_recipes()),
            )
    try:
        values = tomllib.loads(read_text(path))
    except tomllib.TOMLDecodeError as error:
        raise HilumError(
            f"'{printable(path)}' is not TOML: {error}.", expected="a recipe", do="Mend that line."
        ) from error
    for change in changes:
        _apply(values, change)
    return recipe_from(values, printable(path))


def recipe_from(values: dict[str, Any], where: str) -> Recipe:
    """The recipe in a dictionary; `where` names its origin in an error."""
    try:
        recipe = Recipe.model_validate(values)
    except ValidationError as error:
        raise _in_words(error.errors()[0], where) from None
    refuse_conflicts(recipe, where)
    return recipe


def recipe_keys() -> dict[str, str]:
    """Every key a recipe may have, dotted, with its description: what docs/reference/recipes.md lists."""
    keys = {}
    for name, field in Recipe.model_fields.items():
        if isinstance(field.annotation, type) and issubclass(field.annotation, Section):
            for inner, inner_field in field.annotation.model_fields.items():
                keys[f"{name}.{inner}"] = inner_field.description or ""
        else:
            keys[name] = field.description or ""
    return keys


def _apply(values: dict[str, Any], change: str) -> None:
    """Make one change of the form "section.key=value"; the value is read as TOML, else as plain text."""
    key, equals, text = change.partition("=")
    if not equals:
        raise HilumError(f"Got the change '{change}'.", expected="KEY=VALUE", do="For instance: --set train.epochs=3")
    try:
        value = tomllib.loads(f"value = {text}")["value"]
    except tomllib.TOMLDecodeError:
        value = text
    *sections, last = key.strip().split(".")
    for section in sections:
        values = values.setdefault(section, {})
        if not isinstance(values, dict):
            raise HilumError(
                f"'{section}' in '{change}' is not a section.",
                expected="SECTION.KEY=VALUE",
                do=f"To change '{section}' itself: --set {section}=VALUE",
            )
    values[last] = value


def _in_words(problem: Any, where: str) -> HilumError:
    """One sentence for the first thing that is wrong with a recipe."""
    key = ".".join(part for part in problem["loc"] if isinstance(part, str))  # no number of an item in a list
    if problem["type"] == "extra_forbidden":
        return HilumError(f"{where} has an unknown key '{key}'.", expected="known keys only", do=_keys_hint(key))
    if problem["type"] == "missing":
        meaning = recipe_keys().get(key, "that section").rstrip(".")
        return HilumError(f"{where} has no '{key}'.", expected=meaning[0].lower() + meaning[1:], do=f"Add '{key}'.")
    shown = repr(problem["input"]) if len(repr(problem["input"])) <= 60 else f"{repr(problem['input'])[:60]}..."
    return HilumError(
        f"{where} has {key} = {shown}.",
        expected=_expected(problem),
        do=f"About '{key}': {recipe_keys().get(key, 'see docs/reference/recipes.md')}",
    )


def _expected(problem: Any) -> str:
    """What pydantic expected, as the rest of a sentence that begins with "Expected"."""
    limits = problem.get("ctx", {})
    words = {
        "too_short": f"at least {limits.get('min_length')}",
        "string_pattern_mismatch": "small letters, digits and hyphens, a letter or digit first",
        "string_too_long": f"at most {limits.get('max_length')} letters",
        "model_type": "a section",
        "tuple_type": "a list",
        "bool_parsing": "true or false",
        "bool_type": "true or false",
    }
    message = problem["msg"].removeprefix("Input should be ")
    message = f"a number {message}" if message.startswith(("greater", "less")) else message
    return words.get(problem["type"], message[0].lower() + message[1:])


def _keys_hint(key: str) -> str:
    """The known key of the same section that is nearest to a misspelt one."""
    section, _, last = key.rpartition(".")
    start = f"{section}." if section else ""
    return nearest(last, sorted({name[len(start) :].split(".")[0] for name in recipe_keys() if name.startswith(start)}))
