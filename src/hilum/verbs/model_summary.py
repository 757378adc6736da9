"""hilum model summary: a recipe's network, block by block, and which layers are trained."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

from hilum.errors import HilumError, require_installed
from hilum.recipe import Recipe, read_recipe
from hilum.terminal import plain_table

if TYPE_CHECKING:
    from rich.console import RenderableType
    from rich.table import Table

    from hilum.models import FilmClassifier
    from hilum.models.summary import BlockRow


@dataclass(frozen=True, slots=True)
class KerasRow:
    """One layer of Keras's own list.

    Args:
        number: its place in `keras.applications.NAME(include_top=False).layers`, from 0.
        modules: timm modules with the same parameters.
        parameters, statistics: as Keras counts them.
        is_trained: True where the recipe trains it.
    """

    number: int
    name: str
    kind: str
    modules: tuple[str, ...]
    parameters: int
    statistics: int
    is_trained: bool


@dataclass(frozen=True, slots=True)
class KerasList:
    """Keras's list of the body's layers, and what of it is trained, counted as Keras counts."""

    body: str
    last_layers: int
    trainable: int
    frozen: int
    statistics: int
    rows: tuple[KerasRow, ...]


@dataclass(frozen=True, slots=True)
class Summary:
    """A recipe's network.

    Args:
        cut_after: the layer behind which work ends that is frozen for the whole run, or "".
        trainable, frozen: parameters that a gradient reaches, and those that it could.
        statistics: running means and variances of norms, which none reaches.
        keras: None where Keras's list of this network is not known, or plays no part.
        shows_layers: True where the whole list is to be shown.
    """

    recipe: str
    architecture: str
    side: int
    what_is_trained: str
    blocks: tuple[BlockRow, ...]
    cut_after: str
    trainable: int
    frozen: int
    statistics: int
    keras: KerasList | None
    shows_layers: bool

    def __rich__(self) -> RenderableType:
        from rich.console import Group
        from rich.text import Text

        total = self.trainable + self.frozen
        parts: list[RenderableType] = [
            Text(f"{self.recipe}: {self.architecture} on films of {self.side} px, trained: {self.what_is_trained}\n"),
            _block_table(self.blocks),
            Text(
                f"\nParameters   {total:>12,}\n  trained    {self.trainable:>12,}  {self.trainable / total:.1%}\n"
                f"  frozen     {self.frozen:>12,}  {self.frozen / total:.1%}\n"
                f"Statistics   {self.statistics:>12,}  of batch norms, reached by no gradient"
            ),
        ]
        if self.cut_after:
            trunk = [row.name for row in self.blocks if row.is_trunk]
            where = f"{trunk[-1]} ({self.cut_after})" if trunk else self.cut_after
            parts.append(Text(f"Cut          behind {where}: the trunk above it can be computed once for each view"))
        if self.keras:
            parts += [Text(""), Text(_keras_in_words(self.keras))]
            parts += [Text(""), _keras_table(self.keras)] if self.shows_layers else []
        return Group(*parts)

    def as_json(self) -> dict[str, Any]:
        """The same as a JSON object; Keras's list is always whole."""
        return asdict(self)


def summary(recipe: str, *, layers: bool = False, set_: Sequence[str] = ()) -> Summary:
    """Show a recipe's network block by block: maps, parameters, what is trained and where the trunk ends.

    Needs no weights. Where the recipe trains the last layers of Keras's list, that list is mapped to the network.

    Args:
        recipe: Name of a packaged recipe, or a TOML file.
        layers: Show every layer of Keras's list with the module that holds its parameters.
        set_: Change a key of the recipe, such as network.last_layers=100; may be given several times.

    Examples:
        hilum model summary xception-last55
        hilum model summary xception-last55 --layers
        hilum model summary mobilenetv2-frozen --set network.trained=all
    """
    plan = read_recipe(recipe, set_)
    require_installed(("torch", "timm"), "Building a network", "train")
    from hilum.models import build_network, freeze
    from hilum.models.summary import block_rows

    classifier = build_network(plan.network, plan.film.side)
    freeze(classifier, plan.network)
    blocks, cut_after = block_rows(classifier, plan.film.side, _stays_frozen(plan))
    trainable = sum(row.trained for row in blocks)
    return Summary(
        recipe=plan.name,
        architecture=plan.network.architecture,
        side=plan.film.side,
        what_is_trained=_what_is_trained(plan),
        blocks=blocks,
        cut_after=cut_after,
        trainable=trainable,
        frozen=sum(row.parameters for row in blocks) - trainable,
        statistics=sum(row.statistics for row in blocks),
        keras=_keras_list(plan, classifier, layers),
        shows_layers=layers,
    )


def _what_is_trained(plan: Recipe) -> str:
    """[network] in words."""
    network = plan.network
    what = {
        "all": "all layers",
        "head": "the head",
        "last": f"the head and the last {network.last_layers} layers of Keras's list",
    }[network.trained]
    what += ", and all batch norms" * (network.norms == "trained")
    then = plan.train.unfreeze_epoch
    return f"{what}; then all layers, after epoch {then}" if then else what


def _stays_frozen(plan: Recipe) -> bool:
    """True where a cache of frozen layers is not refused for what becomes of them; see `recipe.conflicts`."""
    return plan.network.norms == "frozen" and plan.train.unfreeze_epoch == 0


def _keras_list(plan: Recipe, classifier: FilmClassifier, is_asked: bool) -> KerasList | None:
    """Keras's list, where the recipe counts in it or somebody asks for it."""
    from hilum.models.keras import keras_body
    from hilum.models.keras.counts import count_layers

    network = plan.network
    if network.trained != "last":
        if not is_asked:
            return None
        try:
            keras_body(network.architecture)
        except HilumError:
            return None
    counts = count_layers(network.architecture, classifier.body)
    rows = tuple(
        KerasRow(
            number=number,
            name=count.layer.name,
            kind=count.layer.kind,
            modules=count.layer.modules,
            parameters=count.parameters,
            statistics=count.statistics,
            is_trained=_is_trained(classifier, count.layer.modules),
        )
        for number, count in enumerate(counts)
    )
    trainable = sum(row.parameters for row in rows if row.is_trained)
    return KerasList(
        body=keras_body(network.architecture).keras_name,
        last_layers=network.last_layers,
        trainable=trainable,
        frozen=sum(row.parameters for row in rows) - trainable,
        statistics=sum(row.statistics for row in rows),
        rows=rows,
    )


def _is_trained(classifier: FilmClassifier, modules: Sequence[str]) -> bool:
    """True where the layer's parameters learn; a layer without parameters never does."""
    return any(one.requires_grad for name in modules for one in classifier.body.get_submodule(name).parameters())


def _block_table(blocks: Sequence[BlockRow]) -> Table:
    """Trunk, then tail, a line between them."""
    table = plain_table("layers", "map", ">parameters", "state", is_tight=True)
    for position, row in enumerate(blocks):
        if position and blocks[position - 1].is_trunk and not row.is_trunk:
            table.add_section()
        state = f"{row.state} (trunk)" if row.is_trunk else row.state
        table.add_row(row.name, _shape(row.output), f"{row.parameters:,}", state)
    return table


def _shape(shape: Sequence[int]) -> str:
    return " x ".join(map(str, shape))


def _keras_in_words(keras: KerasList) -> str:
    """Which of Keras's layers learn, and how many parameters that are to Keras."""
    start = len(keras.rows) - keras.last_layers
    first = next((row for row in keras.rows[start:] if row.modules), None)
    counted = (
        f"Of Keras's {len(keras.rows)} layers of {keras.body} without its top the last {keras.last_layers} are "
        f"trained: numbers {start} ({keras.rows[start].name}) to {len(keras.rows) - 1} ({keras.rows[-1].name})."
        if keras.last_layers
        else f"Keras counts {len(keras.rows)} layers in {keras.body} without its top."
    )
    begins = f" The first with parameters is {first.name}, here {' and '.join(first.modules)}." if first else ""
    return (
        f"{counted}{begins} By Keras's count of the body, {keras.trainable:,} parameters are trainable and "
        f"{keras.frozen + keras.statistics:,} are not, {keras.statistics:,} of them statistics of batch norms."
    )


def _keras_table(keras: KerasList) -> Table:
    table = plain_table(">no.", "Keras layer", "module here", ">count", "state", is_tight=True)
    for row in keras.rows:
        if row.number and keras.last_layers and row.number == len(keras.rows) - keras.last_layers:
            table.add_section()
        state = ("trained" if row.is_trained else "frozen") if row.modules else ""
        count = f"{row.parameters + row.statistics:,}" if row.modules else ""
        table.add_row(str(row.number), row.name, "\n".join(row.modules), count, state)
    return table
