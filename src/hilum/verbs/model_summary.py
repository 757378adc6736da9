"""hilum model summary: the network of a recipe or a model, block by block, which layers are trained, their names."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from hilum.errors import HilumError, require_installed
from hilum.files import printable
from hilum.modelfolder import ModelFolder, open_model_folder
from hilum.recipe import Recipe, packaged_recipes, read_recipe, recipe_from
from hilum.terminal import plain_table

if TYPE_CHECKING:
    from rich.console import RenderableType
    from rich.table import Table

    from hilum.models import FilmClassifier
    from hilum.models.summary import BlockRow, Work


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
class LayerRow:
    """One layer as hilum counts them: what `--layer` of `hilum explain` takes.

    Args:
        number: from 1, in running order.
        output: (c, h, w) or (c,) of what it says of one film.
        receptive_field_px: the longer side of what one place sees; None for the whole film.
        multiply_adds: for one film.
    """

    number: int
    name: str
    kind: str
    output: tuple[int, ...]
    receptive_field_px: int | None
    multiply_adds: int


@dataclass(frozen=True, slots=True)
class Summary:
    """The network of a recipe, or of a model.

    Args:
        recipe: its name, or that of the model.
        cut_after: the layer behind which work ends that is frozen for the whole run, or "".
        trainable, frozen: parameters that a gradient reaches, and those that it could; None where another program
            trained the network.
        statistics: running means and variances of norms, which none reaches.
        work: multiply-adds and memory for one film.
        keras: None where Keras's list of this network is not known, or plays no part.
        layers: those that `--layer` of `hilum explain` takes.
        shows_layers: True where the lists of layers are to be shown.
    """

    recipe: str
    architecture: str
    side: int
    what_is_trained: str
    blocks: tuple[BlockRow, ...]
    cut_after: str
    trainable: int | None
    frozen: int | None
    statistics: int
    work: Work
    keras: KerasList | None
    layers: tuple[LayerRow, ...]
    shows_layers: bool

    def __rich__(self) -> RenderableType:
        from rich.console import Group
        from rich.text import Text

        parts: list[RenderableType] = [
            Text(f"{self.recipe}: {self.architecture} on films of {self.side} px, trained: {self.what_is_trained}\n"),
            _block_table(self.blocks),
            Text(self._parameters_in_words()),
            Text(_work_in_words(self.work)),
        ]
        if self.cut_after:
            trunk = [row.name for row in self.blocks if row.is_trunk]
            where = f"{trunk[-1]} ({self.cut_after})" if trunk else self.cut_after
            parts.append(Text(f"Cut          behind {where}: the trunk above it can be computed once for each view"))
        if self.keras:
            parts += [Text(""), Text(_keras_in_words(self.keras))]
            parts += [Text(""), _keras_table(self.keras)] if self.shows_layers else []
        if self.shows_layers:
            parts += [
                Text(f"\nThe {len(self.layers)} layers that hilum explain --layer takes\n"),
                _layer_table(self.layers),
            ]
        else:
            parts.append(
                Text(f"Layers       {len(self.layers):>12,}  that hilum explain --layer takes; --layers lists them")
            )
        return Group(*parts)

    def as_json(self) -> dict[str, Any]:
        """The same as a JSON object; the lists of layers are always whole."""
        return asdict(self)

    def _parameters_in_words(self) -> str:
        lines = [f"\nParameters   {sum(row.parameters for row in self.blocks):>12,}"]
        for name, count in (("trained", self.trainable), ("frozen", self.frozen)):
            if count is not None:
                total = (self.trainable or 0) + (self.frozen or 0)
                lines.append(f"  {name:<11}{count:>12,}  {count / total:.1%}")
        return "\n".join([*lines, f"Statistics   {self.statistics:>12,}  of batch norms, reached by no gradient"])


def summary(recipe: str, *, layers: bool = False, set_: Sequence[str] = ()) -> Summary:
    """Show a network block by block: maps, parameters, multiply-adds, what is trained, where the trunk ends.

    Below stand the multiply-adds and the memory that one film costs. A recipe needs no weights. Where it trains the
    last layers of Keras's list, that list is mapped to the network.

    Args:
        recipe: Name of a packaged recipe, a TOML file, or a run or model folder.
        layers: List every layer that hilum explain --layer takes: name, kind, output, how much of the film one place
            sees, multiply-adds. Before it stands Keras's own list, with the module that holds a layer's parameters.
        set_: Change a key of the recipe, such as network.last_layers=100; may be given several times.

    Examples:
        hilum model summary xception-last55
        hilum model summary xception-last55 --layers
        hilum model summary mobilenetv2-frozen --set network.trained=all
        hilum model summary runs/cnn-scratch --layers
    """
    folder = _folder(recipe, set_)
    if folder and "network" not in folder.manifest.recipe:
        return _imported_summary(folder, layers)
    plan = recipe_from(folder.manifest.recipe, printable(folder.path)) if folder else read_recipe(recipe, set_)
    require_installed(("torch", "timm"), "Building a network", "train")
    from hilum.models import build_network, freeze
    from hilum.models.summary import block_rows

    classifier = build_network(plan.network, plan.film.side)
    freeze(classifier, plan.network)
    blocks, cut_after, work = block_rows(classifier, plan.film.side, _stays_frozen(plan))
    trainable = sum(row.trained for row in blocks)
    return Summary(
        recipe=folder.manifest.name if folder else plan.name,
        architecture=plan.network.architecture,
        side=plan.film.side,
        what_is_trained=_what_is_trained(plan),
        blocks=blocks,
        cut_after=cut_after,
        trainable=trainable,
        frozen=sum(row.parameters for row in blocks) - trainable,
        statistics=sum(row.statistics for row in blocks),
        work=work,
        keras=_keras_list(plan, classifier, layers),
        layers=_layer_rows(classifier, plan.film.side),
        shows_layers=layers,
    )


def _folder(recipe: str, changes: Sequence[str]) -> ModelFolder | None:
    """The model folder that is named in place of a recipe; a packaged recipe of the same name goes first."""
    if recipe in packaged_recipes() or not Path(recipe).is_dir():
        return None
    if changes:
        raise HilumError(
            f"'{printable(Path(recipe))}' is a model, and a key of its recipe was to be changed.",
            expected="changes of a recipe that has not been trained yet",
            do="Leave --set out, or name the recipe.",
        )
    return open_model_folder(Path(recipe))


def _imported_summary(folder: ModelFolder, shows_layers: bool) -> Summary:
    """Of a network that another program trained: nobody here knows which of its layers learned."""
    require_installed(("torch",), "Opening a network", "train")
    from hilum.explaining.network import open_network
    from hilum.models.summary import block_rows

    classifier, side = open_network(folder), folder.manifest.side
    blocks, _, work = block_rows(classifier, side, False)
    return Summary(
        recipe=folder.manifest.name,
        architecture="a network that Keras saved",
        side=side,
        what_is_trained="not known",
        blocks=tuple(replace(row, state="not known", trained=0) for row in blocks),
        cut_after="",
        trainable=None,
        frozen=None,
        statistics=sum(row.statistics for row in blocks),
        work=work,
        keras=None,
        layers=_layer_rows(classifier, side),
        shows_layers=shows_layers,
    )


def _layer_rows(classifier: FilmClassifier, side: int) -> tuple[LayerRow, ...]:
    from hilum.explaining.layers import network_layers

    return tuple(
        LayerRow(one.number, one.name, one.kind, one.output, one.receptive_field_px, one.multiply_adds)
        for one in network_layers(classifier, side)
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
    table = plain_table("layers", "map", ">parameters", ">mult-adds", "state", is_tight=True)
    for position, row in enumerate(blocks):
        if position and blocks[position - 1].is_trunk and not row.is_trunk:
            table.add_section()
        state = f"{row.state} (trunk)" if row.is_trunk else row.state
        table.add_row(row.name, _shape(row.output), f"{row.parameters:,}", _millions(row.multiply_adds), state)
    return table


def _work_in_words(work: Work) -> str:
    """What one film costs."""
    return (
        f"\nOne film     {_millions(work.multiply_adds):>12}  multiply-adds\n"
        f"Memory       {_megabytes(work.weights_bytes):>12}  weights\n"
        f"             {_megabytes(work.most_at_once_bytes):>12}  at most at once, to answer one film\n"
        f"             {_megabytes(work.activations_bytes):>12}  all maps of a film; training all layers keeps them"
    )


def _millions(count: int) -> str:
    """Multiply-adds in millions.

    >>> _millions(10_838_016), _millions(1_280), _millions(0), _millions(19_632_062_464)
    ('10.8 M', '0.001 M', '0', '19,632.1 M')
    """
    if not count:
        return "0"
    return f"{count / 1e6:,.1f} M" if count >= 100_000 else f"{max(count / 1e6, 0.001):.3f} M"


def _megabytes(size_bytes: int) -> str:
    return f"{size_bytes / 1e6:,.1f} MB"


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


def _layer_table(layers: Sequence[LayerRow]) -> Table:
    table = plain_table(">no.", "layer", "kind", "output", ">sees px", ">mult-adds", is_tight=True)
    for row in layers:
        sees = "all" if row.receptive_field_px is None else f"{row.receptive_field_px:,}"
        table.add_row(str(row.number), row.name, row.kind, _shape(row.output), sees, _millions(row.multiply_adds))
    return table
