"""How much of the film one place of a map depends on, exactly, from the operations that ran.

Source: Araujo, Norris and Sim 2019, "Computing Receptive Fields of Convolutional Neural Networks", equations 2 and 3;
here with both ends of the field, so that branches of unequal padding are joined without an error.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

from hilum.models.operations import Operation, Value

_POOLS: Final = ("max_pool2d_with_indices", "max_pool2d", "avg_pool2d")
_JOINS_PLACES: Final = (
    "native_group_norm",
    "bmm",
    "baddbmm",
    "_softmax",
    "_scaled_dot_product_flash_attention_for_cpu",
)
_PRODUCTS: Final = ("mm", "addmm", "linear")
_VIEWS: Final = ("view", "_unsafe_view", "reshape")
_REDUCTIONS: Final = ("mean", "amax", "sum", "max", "var", "var_mean")


@dataclass(frozen=True, slots=True)
class Span:
    """Along one axis: place i of the map depends on the film from `first + i * step_px` to `last + i * step_px`.

    Pixels count from 0; both ends belong to it, and padding may put them outside the film.
    """

    first: int
    last: int
    step_px: int

    @property
    def length_px(self) -> int:
        """How many pixels."""
        return self.last - self.first + 1

    def behind(self, kernel: int, stride: int, padding: int, dilation: int) -> Span:
        """Of a map that is made from this one by a window."""
        reach = (kernel - 1) * dilation
        first = self.first - padding * self.step_px
        return Span(first, self.last + (reach - padding) * self.step_px, self.step_px * stride)

    def moved(self, places: int) -> Span:
        """Of a map that begins so many places later."""
        return Span(self.first + places * self.step_px, self.last + places * self.step_px, self.step_px)

    def joined(self, other: Span) -> Span:
        """Of what is made from both."""
        return Span(min(self.first, other.first), max(self.last, other.last), max(self.step_px, other.step_px))


@dataclass(frozen=True, slots=True)
class Field:
    """The receptive field of the places of a map.

    Args:
        down, across: along the film's height and width.
        axes: dimensions of the tensor that they are; None while a product has them folded into its rows.
    """

    down: Span
    across: Span
    axes: tuple[int, int] | None = (2, 3)

    @property
    def side_px(self) -> int:
        """The longer of its two sides."""
        return max(self.down.length_px, self.across.length_px)


WHOLE: Final = None
"""In the place of a field: every place depends on the whole film."""


def receptive_fields(operations: Sequence[Operation]) -> dict[int, Field | None]:
    """The field of every value by its number; `WHOLE` where a place depends on all of the film.

    An operation that is not known to keep places apart counts as one that joins them all: the field may then be stated
    too large, never too small.
    """
    film = Span(0, 0, 1)
    fields: dict[int, Field | None] = {}
    for operation in operations:
        for source in operation.sources:
            fields.setdefault(source.number, Field(film, film))  # only the film itself was not made by an operation
        field = _field_behind(operation, [fields[source.number] for source in operation.sources])
        fields.update({result.number: field for result in operation.results})
    return fields


def _field_behind(operation: Operation, before: Sequence[Field | None]) -> Field | None:
    known = [field for field in before if field is not None]
    if len(known) < len(before) or operation.name in _JOINS_PLACES:
        return WHOLE
    field = known[0]
    for other in known[1:]:
        field = Field(field.down.joined(other.down), field.across.joined(other.across), field.axes)
    name, arguments, source = operation.name, operation.arguments, operation.sources[0]
    if name == "convolution":
        is_transposed = bool(arguments[6])
        return WHOLE if is_transposed else _behind_window(field, arguments[1][2:], *arguments[3:6])
    if name in _POOLS:
        return _behind_pool(field, name, arguments)
    if name == "constant_pad_nd":
        return _behind_padding(field, arguments[1])
    return _behind_other(field, operation, source)


def _behind_window(field: Field, kernel: Any, stride: Any, padding: Any, dilation: Any) -> Field:
    down, across = (
        span.behind(*numbers)
        for span, numbers in zip(
            (field.down, field.across),
            zip(_pair(kernel), _pair(stride), _pair(padding), _pair(dilation), strict=True),
            strict=True,
        )
    )
    return Field(down, across, field.axes)


def _behind_pool(field: Field, name: str, arguments: Sequence[Any]) -> Field:
    kernel = arguments[1]
    stride = arguments[2] if len(arguments) > 2 and arguments[2] else kernel
    padding = arguments[3] if len(arguments) > 3 else 0
    dilation = arguments[4] if len(arguments) > 4 and not name.startswith("avg") else 1
    return _behind_window(field, kernel, stride, padding, dilation)


def _behind_padding(field: Field, widths: Sequence[int]) -> Field | None:
    """`widths` begin with the last dimension: left, right, top, bottom."""
    if field.axes != (2, 3):
        return WHOLE
    left, top = widths[0], widths[2] if len(widths) > 2 else 0
    return Field(field.down.moved(-top), field.across.moved(-left), field.axes)


def _behind_other(field: Field, operation: Operation, source: Value) -> Field | None:
    """Of what has no window: places stay apart where the map's height and width stay."""
    name, shape = operation.name, operation.result.shape
    places = _places(field, source.shape)
    if places == (1, 1):
        return field  # nothing is left to join
    if name == "permute" and field.axes:
        order = [axis % len(source.shape) for axis in operation.arguments[1]]
        return Field(field.down, field.across, (order.index(field.axes[0]), order.index(field.axes[1])))
    if name in _VIEWS:
        return _behind_view(field, shape, places)
    if name in _PRODUCTS:
        return field if field.axes is None else WHOLE
    if name in _REDUCTIONS:
        return _behind_reduction(field, operation, source)
    if name == "slice" and field.axes and operation.arguments[1] in field.axes:
        return _behind_slice(field, operation.arguments)
    return field if _places(field, shape) == places else WHOLE


def _behind_view(field: Field, shape: tuple[int, ...], places: tuple[int, int] | None) -> Field | None:
    if places is None:  # folded: a view of four dimensions unfolds it to where torch had it, channels last
        return Field(field.down, field.across, (1, 2)) if len(shape) == 4 else field
    if _places(field, shape) == places:
        return field
    is_folded = field.axes == (1, 2) and len(shape) == 2 and shape[0] % (places[0] * places[1]) == 0
    return Field(field.down, field.across, None) if is_folded else WHOLE


def _behind_reduction(field: Field, operation: Operation, source: Value) -> Field | None:
    axes = operation.arguments[1] if len(operation.arguments) > 1 else None
    if not isinstance(axes, tuple) or field.axes is None:
        return WHOLE
    reduced = {axis % len(source.shape) for axis in axes}
    kept = len(operation.result.shape) == len(source.shape)
    return field if kept and not reduced & set(field.axes) else WHOLE


def _behind_slice(field: Field, arguments: Sequence[Any]) -> Field | None:
    start = arguments[2] if len(arguments) > 2 and arguments[2] else 0
    step = arguments[4] if len(arguments) > 4 else 1
    if start < 0 or field.axes is None:
        return WHOLE

    def cut(span: Span) -> Span:
        later = span.moved(start)
        return Span(later.first, later.last, later.step_px * step)

    if arguments[1] == field.axes[0]:
        return Field(cut(field.down), field.across, field.axes)
    return Field(field.down, cut(field.across), field.axes)


def _places(field: Field, shape: tuple[int, ...]) -> tuple[int, int] | None:
    """(height, width) of a tensor's map; None where it has none, or where its places are folded."""
    if field.axes is None or len(shape) != 4:
        return None
    return shape[field.axes[0]], shape[field.axes[1]]


def _pair(number: Any) -> tuple[int, int]:
    """Torch writes one number for both axes, or one each."""
    numbers = tuple(number) if isinstance(number, tuple | list) else (number,)
    return (numbers[0], numbers[-1])
