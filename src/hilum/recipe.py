"""A recipe is one TOML file: read, checked and frozen before anything runs.

Every key is described here and nowhere else; unknown keys are refused with the nearest known one.
"""

from __future__ import annotations

import tomllib
from collections.abc import Iterable
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from hilum.errors import HilumError, nearest
from hilum.files import printable, read_text

PACKAGED = Path(__file__).parent / "recipes"

NAME = r"^[a-z0-9][a-z0-9-]*$"
Fraction = Annotated[float, Field(ge=0, lt=1)]
Width = Annotated[int, Field(ge=1, le=4096)]
Protocol = Literal["official", "grouped", "grouped20", "random20", "block"]


class _Section(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)  # TOML has inf and nan


class Network(_Section):
    """[network]: which layers there are, where their weights come from and which of them are trained."""

    architecture: str = Field(description="'small-cnn' or the name of a timm network, such as 'mobilenetv2_100'.")
    pretrained: bool = Field(False, description="Start from ImageNet weights; the head always starts afresh.")
    trained: Literal["all", "head"] = Field(
        "all", description="Layers that are trained; frozen ones run in evaluation mode."
    )
    head_nodes: Literal[1, 2] = Field(1, description="Outputs of the head: one logit, or one score a class.")
    dropout: Fraction = Field(0.0, description="Share of the features dropped before the head while training.")
    widths: tuple[Width, ...] = Field(
        (24, 48, 96, 192), min_length=1, description="Channels of each stage of 'small-cnn'."
    )


class FilmShape(_Section):
    """[film]: how a film becomes the square that the network sees."""

    side: int = Field(224, ge=28, le=1024, description="Side of the square in pixels.")
    geometry: Literal["squash", "pad"] = Field(
        "squash",
        description="'squash' ignores the aspect ratio, which gives the Kermany label away; 'pad' keeps it.",
    )


class Augment(_Section):
    """[augment]: random changes of a training film; each is drawn afresh for every film and epoch."""

    zoom: Annotated[float, Field(gt=0, le=1)] = Field(
        0.8, description="Smallest share of the film's area that a crop keeps."
    )
    aspect: Fraction = Field(
        0.25, description="Crop sides vary by this share, so that the aspect ratio teaches nothing."
    )
    rotation_degrees: float = Field(0.0, ge=0, le=180, description="Largest rotation to either side.")
    shift: Fraction = Field(0.0, description="Largest shift, as a share of the side.")
    flip: bool = Field(False, description="Mirror half of the films left to right.")
    brightness: Fraction = Field(0.0, description="Brightness factor varies by this share.")
    contrast: Fraction = Field(0.0, description="Contrast factor varies by this share.")


class Train(_Section):
    """[train]: how the layers learn."""

    epochs: int = Field(ge=1, le=100_000, description="Passes over the fit patients.")
    batch_size: int = Field(32, ge=2, le=65_536, description="Films a step, over all processes together.")
    optimizer: Literal["adamw", "adam", "sgd"] = Field("adamw", description="Rule of the update; sgd has momentum 0.9.")
    learning_rate: float = Field(gt=0, le=100, description="Largest learning rate of the schedule.")
    schedule: Literal["one-cycle", "cosine", "constant"] = Field(
        "one-cycle", description="Learning rate over the steps."
    )
    weight_decay: float = Field(0.0, ge=0, le=100, description="Decay of weights that have more than one dimension.")
    class_weights: bool = Field(True, description="Weigh films so that both classes count the same in the loss.")
    label_smoothing: Annotated[float, Field(ge=0, lt=0.5)] = Field(
        0.0, description="Each label moves by half of this towards the other class."
    )
    keep: Literal["auroc", "loss", "last"] = Field(
        "loss", description="Epoch that is kept: best AUROC or loss on the select patients, or the last."
    )


class Recipe(_Section):
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
    precision: Literal["auto", "fp32", "bf16"] = Field(
        "auto",
        description="Arithmetic of the training step; auto takes bf16 only where the processor has units for it.",
    )
    network: Network
    film: FilmShape = FilmShape()
    augment: Augment = Augment()
    train: Train


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
        return Recipe.model_validate(values)
    except ValidationError as error:
        raise _in_words(error.errors()[0], where) from None


def recipe_keys() -> dict[str, str]:
    """Every key a recipe may have, dotted, with its description: what docs/reference/recipes.md lists."""
    keys = {}
    for name, field in Recipe.model_fields.items():
        if isinstance(field.annotation, type) and issubclass(field.annotation, _Section):
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
