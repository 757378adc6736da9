"""An ONNX graph learns to say how unlike the fit films a film is: one more output, made of plain matrix products.

What is looked at, for each film:
    layout    256 values: grey of 16 x 16 fields, its mean and spread taken out
    edges     256 values: how much the grey changes from pixel to pixel within each field, as a logarithm
    texture   mean and spread over the film of each channel in the middle of the network

Layout and edges know what a chest looks like from afar, whatever the network; texture knows what a network, which
needed to tell films of chests apart, sees in them. Together they tell a chest from other pictures far better than
each alone, or than the last features, which keep of a film only what the classes differ in: docs/reference/gate.md.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final

import numpy as np
import numpy.typing as npt

from hilum.engine import FEATURE_DISTANCE
from hilum.errors import HilumError
from hilum.metrics.distance import FeatureDistance

if TYPE_CHECKING:
    import onnx

GATE_FEATURES: Final = "gate_features"

_FINE, _FIELDS = 32, 16
_DARKEST = 4.0  # grey levels added to the spread, so that a blank film does not become noise
_FAINTEST = 0.02  # spreads of grey added to the edges, likewise
_STRIDE = 16
_CHANNELS = (48, 512)
_FLOAT = 1  # onnx.TensorProto.FLOAT, which is not imported for this


def with_gate_features(graph: bytes) -> bytes:
    """The graph with one output more, `gate_features` (n, d), from which a distance can be fitted.

    Raises:
        HilumError: the graph has no feature maps.
    """
    import onnx

    model = onnx.load_model_from_string(graph)
    additions = _Additions(GATE_FEATURES)
    parts = [*_layout_and_edges(additions, _side(model)), *_texture(additions, _middle_maps(model))]
    additions.node("Concat", *parts, called=GATE_FEATURES, axis=1)
    return _extended(model, additions, GATE_FEATURES)


def with_feature_distance(graph: bytes, distance: FeatureDistance) -> bytes:
    """The graph that `with_gate_features` made, with the output `feature_distance` (n,) in place of the features."""
    import onnx

    model = onnx.load_model_from_string(graph)
    del model.graph.output[[output.name for output in model.graph.output].index(GATE_FEATURES)]
    additions = _Additions(FEATURE_DISTANCE)
    away = additions.node("Sub", GATE_FEATURES, additions.constant(distance.centre))
    whitened = additions.node("MatMul", away, additions.constant(distance.whitening))
    squares = additions.node("Mul", whitened, whitened)
    total = additions.node("ReduceSum", squares, additions.axes(1), keepdims=0)
    additions.node("Sqrt", total, called=FEATURE_DISTANCE)
    return _extended(model, additions, FEATURE_DISTANCE)


@dataclass(frozen=True, slots=True)
class _Additions:
    """Nodes and constants that a graph is to get; their names begin with `prefix`."""

    prefix: str
    nodes: list[onnx.NodeProto] = field(default_factory=list)
    constants: list[onnx.TensorProto] = field(default_factory=list)

    def node(self, kind: str, *inputs: str, called: str = "", **attributes: Any) -> str:
        """One operation; the name of its output comes back."""
        from onnx import helper

        output = called or f"{self.prefix}/{kind}_{len(self.nodes)}_{len(self.constants)}"
        self.nodes.append(helper.make_node(kind, list(inputs), [output], **attributes))
        return output

    def constant(self, values: npt.ArrayLike) -> str:
        """A constant in fp32."""
        return self._named(np.asarray(values, dtype=np.float32))

    def axes(self, *axes: int) -> str:
        """Axes, which are an input in this operator set."""
        return self._named(np.array(axes, dtype=np.int64))

    def _named(self, values: npt.NDArray[Any]) -> str:
        from onnx import numpy_helper

        name = f"{self.prefix}/constant_{len(self.nodes)}_{len(self.constants)}"
        self.constants.append(numpy_helper.from_array(values, name))
        return name


def _layout_and_edges(additions: _Additions, side: int) -> tuple[str, str]:
    """(n, 256) each, of the film."""
    coarse = area_means(_FINE, _FIELDS)
    fine = _both_sides(additions, area_means(side, _FINE), additions.node("Cast", "film", to=_FLOAT))
    fields = _flat(additions, _standard(additions, _both_sides(additions, coarse, fine)))
    grey = _standard(additions, fine)
    step = np.eye(_FINE, k=1) - np.eye(_FINE)
    step[-1] = 0  # no pixel follows the last
    down = additions.node("Abs", additions.node("MatMul", additions.constant(step), grey))
    right = additions.node("Abs", additions.node("MatMul", grey, additions.constant(step.T)))
    change = _both_sides(additions, coarse, additions.node("Add", down, right))
    edges = additions.node("Log", additions.node("Add", change, additions.constant(_FAINTEST)))
    return fields, _flat(additions, edges)


def _texture(additions: _Additions, maps: str) -> tuple[str, str]:
    """(n, c) each: mean and spread of each channel over the film."""
    places = additions.axes(2, 3)
    mean = additions.node("ReduceMean", maps, places, keepdims=1)
    spread = _spread(additions, additions.node("Sub", maps, mean), places, keepdims=0)
    return additions.node("ReduceMean", maps, places, keepdims=0), spread


def area_means(side: int, fields: int) -> npt.NDArray[np.float64]:
    """(fields, side) weights whose product with a column of `side` pixels is the mean of each of `fields` pieces.

    >>> area_means(3, 2).round(2).tolist()
    [[0.67, 0.33, 0.0], [0.0, 0.33, 0.67]]
    """
    edges = np.linspace(0, side, fields + 1)
    pixel = np.arange(side)
    covered = np.minimum(pixel + 1, edges[1:, None]) - np.maximum(pixel, edges[:-1, None])
    weights: npt.NDArray[np.float64] = np.clip(covered, 0, None) * fields / side
    return weights


def _both_sides(additions: _Additions, weights: npt.NDArray[np.float64], film: str) -> str:
    rows = additions.node("MatMul", additions.constant(weights), film)
    return additions.node("MatMul", rows, additions.constant(weights.T))


def _standard(additions: _Additions, film: str) -> str:
    """The film with a mean of 0 and a spread of nearly 1."""
    places = additions.axes(2, 3)
    centred = additions.node("Sub", film, additions.node("ReduceMean", film, places, keepdims=1))
    spread = _spread(additions, centred, places, keepdims=1)
    return additions.node("Div", centred, additions.node("Add", spread, additions.constant(_DARKEST)))


def _spread(additions: _Additions, centred: str, places: str, keepdims: int) -> str:
    """Standard deviation over the film of what has a mean of 0."""
    squares = additions.node("Mul", centred, centred)
    return additions.node("Sqrt", additions.node("ReduceMean", squares, places, keepdims=keepdims))


def _flat(additions: _Additions, film: str) -> str:
    return additions.node("Flatten", film, axis=1)


def _side(model: onnx.ModelProto) -> int:
    return int(model.graph.input[0].type.tensor_type.shape.dim[-1].dim_value)


def _middle_maps(model: onnx.ModelProto) -> str:
    """The maps at a sixteenth of the film's side with the fewest channels of those that have enough; the last of these.

    Before it a network sees edges, behind it only what its classes need. Where nothing lies at a sixteenth, the maps
    of the nearest size serve, and where none has 48 to 512 channels, the widest.
    """
    found = _maps(model)
    if not found:
        raise HilumError(
            "The graph has no feature maps to look at.",
            expected="a convolutional network",
            do="Export the model again.",
        )
    wanted = max(1, _side(model) / _STRIDE)
    nearest = min(found, key=lambda one: abs(np.log(one.size / wanted))).size
    at_size = [one for one in found if one.size == nearest]
    fitting = [one for one in at_size if _CHANNELS[0] <= one.channels <= _CHANNELS[1]]
    fewest = min((one.channels for one in fitting), default=max(one.channels for one in at_size))
    return [one for one in at_size if one.channels == fewest][-1].name


@dataclass(frozen=True, slots=True)
class _Maps:
    """Feature maps (n, channels, size, size) of a graph."""

    name: str
    channels: int
    size: int


def _maps(model: onnx.ModelProto) -> list[_Maps]:
    """All of them, in the order in which they are computed."""
    import onnx

    inferred = onnx.shape_inference.infer_shapes(model).graph
    shapes = {value.name: [dim.dim_value for dim in value.type.tensor_type.shape.dim] for value in inferred.value_info}
    names = [name for node in model.graph.node for name in node.output if len(shapes.get(name, ())) == 4]
    found = [_Maps(name, shapes[name][1], shapes[name][2]) for name in names if shapes[name][2] == shapes[name][3]]
    return [one for one in found if one.channels > 3 and one.size > 1]


def _extended(model: onnx.ModelProto, additions: _Additions, output: str) -> bytes:
    from onnx import TensorProto, helper

    model.graph.node.extend(additions.nodes)
    model.graph.initializer.extend(additions.constants)
    shape = ["n", None] if output == GATE_FEATURES else ["n"]
    model.graph.output.append(helper.make_tensor_value_info(output, TensorProto.FLOAT, shape))
    return bytes(model.SerializeToString())
