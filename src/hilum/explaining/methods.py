"""The methods by name: what each needs, which layer it looks at, and the evidence it gives for a film.

Nothing of the training half is imported before a method asks for it: `map`, `above-normal` and `occlusion` ask the
graph alone.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, Literal, get_args

from hilum.attribution.evidence import EvidenceMap, Logits, Square, Squares
from hilum.attribution.graph_map import graph_map
from hilum.attribution.occlusion import occlusion_map
from hilum.attribution.places import Places, placed
from hilum.engine import Engine
from hilum.errors import TRAINING_HALF, HilumError, nearest, require_installed
from hilum.files import printable
from hilum.modelfolder import Manifest, ModelFolder
from hilum.modelfolder.maps import beyond_normal, has_exact_map, level_of_normal, require_exact_map

if TYPE_CHECKING:
    from hilum.explaining.layers import NetworkLayer
    from hilum.models import FilmClassifier

MethodName = Literal["map", "above-normal", "gradcam", "occlusion", "integrated-gradients"]
METHODS: Final[tuple[MethodName, ...]] = get_args(MethodName)
LAST_MAPS: Final = "last feature maps"

IN_WORDS: Final[dict[MethodName, str]] = {
    "map": "What each place says: the head's weights over the last feature maps. The mean over all places is the "
    "logit, up to a constant: exact, but where a place has its zero means nothing.",
    "above-normal": "What each place says beyond normal films: the map minus the mean map of normal training films. "
    "The mean over all places is the logit minus the mean logit of those films: exact.",
    "gradcam": "Grad-CAM: the layer's maps, each weighed by the mean of the logit's gradient over its places. "
    "Evidence against is kept.",
    "occlusion": "How far the logit falls when a patch of the film's mean grey covers the place.",
    "integrated-gradients": "The logit's gradient by each pixel, integrated from an even film of the film's mean grey.",
}

UNPLACED: Final = (
    "An older folder: it may be drawn up to half a place too far down and right, which hilum model finish mends."
)


@dataclass(frozen=True, slots=True)
class Explained:
    """The evidence of one film, and what has to be said beside it, or ""."""

    evidence: EvidenceMap
    note: str = ""


@dataclass(frozen=True, slots=True)
class Method:
    """A method, ready to be asked of one model.

    Args:
        layer: that it looks at; "" where it asks the film itself.
        in_words: one or two sentences for people.
        explained: (side, side) uint8 -> the evidence, with what has to be said beside it.
    """

    name: MethodName
    layer: str
    in_words: str
    explained: Callable[[Square], Explained]

    def evidence(self, square: Square) -> EvidenceMap:
        """(h, w) the evidence alone; (side, side), each place where it looks, for map, above-normal and gradcam."""
        return self.explained(square).evidence


def offered_methods(manifest: Manifest) -> tuple[MethodName, ...]:
    """The methods that a model can be asked for; what is not installed is refused later."""
    has_map = has_exact_map(manifest)
    missing = {"map": not has_map, "above-normal": not (has_map and manifest.normal_map)}
    return tuple(name for name in METHODS if not missing.get(name))


def method_for(name: str, folder: ModelFolder, engine: Engine, layer: str | None = None) -> Method:
    """A method by name, for one model.

    Args:
        folder: of the model; its network is opened only for a method that needs gradients.
        engine: of its graph.
        layer: for Grad-CAM, as `hilum explain --method activations` lists them; its last feature maps if not given.

    Raises:
        HilumError: no such method or layer, a layer named for a method that has none to choose, a model that has no
            exact map, or keeps no mean map of normal films, or libraries that are not installed.
    """
    method = _known(name)
    _require_choice(method, layer)
    if method in ("map", "above-normal"):
        return _of_graph(method, folder.manifest, engine)
    if method == "occlusion":
        return Method(method, "", IN_WORDS[method], lambda square: Explained(occlusion_map(engine, square)))
    require_libraries(method)
    from hilum.explaining.network import open_network

    classifier = open_network(folder)
    if method == "gradcam":
        return _grad_cam(classifier, layer, folder.manifest.side)
    return Method(method, "", IN_WORDS[method], lambda square: _integrated(classifier, square))


def network_evidence(
    name: str, normal: Squares | None = None
) -> Callable[[FilmClassifier, Squares], Sequence[EvidenceMap]]:
    """The same method as it is asked of a network at hand, for instance of one whose weights were made random.

    Args:
        normal: (n, side, side) normal films, for `above-normal`: each network is held against its own mean map of them.
            Held against that of the trained one, a random network's map would still hold what was learned.

    Raises:
        HilumError: no such method, or libraries that are not installed.
    """
    method = _known(name)
    require_libraries(method)
    from hilum.explaining.gradcam import above_normal, exact_map, grad_cam

    if method == "above-normal":
        assert normal is not None
        return lambda classifier, squares: list(above_normal(classifier, squares, normal))
    if method == "map":
        return lambda classifier, squares: list(exact_map(classifier, squares))
    if method == "gradcam":
        return lambda classifier, squares: list(grad_cam(classifier, squares))
    of_one = _occlusion_of_network if method == "occlusion" else _integrated_of_network
    return lambda classifier, squares: [of_one(classifier, square) for square in squares]


def require_libraries(method: MethodName) -> None:
    """Refuse a method whose libraries are missing; none is imported."""
    if method in ("gradcam", "integrated-gradients"):
        require_installed(TRAINING_HALF, f"The method '{method}'", "train")


def _known(name: str) -> MethodName:
    for method in METHODS:
        if method == name:
            return method
    raise HilumError(
        f"There is no method '{printable(name)}'.",
        expected=f"{', '.join(METHODS[:-1])} or {METHODS[-1]}",
        do=nearest(name, list(METHODS)),
    )


def _require_choice(method: MethodName, layer: str | None) -> None:
    if layer is not None and method != "gradcam":
        raise HilumError(
            f"The method '{method}' has no layer to choose, and '{printable(layer)}' was named.",
            expected="a layer for 'gradcam' alone",
            do="Leave --layer out, or ask for --method gradcam.",
        )


def _of_graph(method: MethodName, manifest: Manifest, engine: Engine) -> Method:
    """The graph's own map, as it is or minus what its places say of normal films."""
    require_exact_map(manifest)
    level = level_of_normal(manifest) if method == "above-normal" else None
    return Method(
        method,
        LAST_MAPS,
        IN_WORDS[method],
        lambda square: _graph_map(engine, square, level, manifest.map_places),
    )


def _graph_map(engine: Engine, square: Square, level: EvidenceMap | None, places: Places | None) -> Explained:
    evidence = graph_map(engine, square)
    note = _coarseness(evidence) if places else f"{_coarseness(evidence)} {UNPLACED}"
    return Explained(placed(evidence if level is None else beyond_normal(evidence, level), places, engine.side), note)


def _coarseness(evidence: EvidenceMap) -> str:
    """How many places stand behind the smooth picture."""
    return f"{evidence.shape[0]} x {evidence.shape[1]} places, drawn smoothly."


def _grad_cam(classifier: FilmClassifier, layer: str | None, side: int) -> Method:
    from hilum.explaining.gradcam import grad_cam
    from hilum.explaining.places import places_of, places_of_maps

    if layer is None:
        module, places = None, places_of_maps(classifier, side)
    else:
        found = _layer_with_maps(classifier, layer, side)
        module, places = found.ends_in, places_of(found.sees)

    def explained(square: Square) -> Explained:
        (evidence,) = grad_cam(classifier, square[None], module)
        return Explained(placed(evidence, places, side), _coarseness(evidence))

    return Method("gradcam", layer or LAST_MAPS, IN_WORDS["gradcam"], explained)


def _layer_with_maps(classifier: FilmClassifier, layer: str, side: int) -> NetworkLayer:
    """The layer of this name, which ends in a module of its own."""
    from hilum.explaining.layers import layer_named, network_layers

    layers = network_layers(classifier, side)
    found = layer_named(layers, layer)
    runs = Counter(one.ends_in for one in layers)
    with_maps = [one.name for one in layers if one.ends_in and runs[one.ends_in] == 1 and max(one.map_shape) > 1]
    if layer not in with_maps:
        shape = " x ".join(map(str, found.output))
        raise HilumError(
            f"The layer '{printable(layer)}' cannot be asked: "
            + (
                f"its output of {shape} has no places."
                if max(found.map_shape) == 1
                else "a function makes it, or a module that runs more than once."
            ),
            expected="a layer in front of the head that is a module of its own and has maps",
            do=f"The last is '{with_maps[-1]}'; without --layer the last feature maps are taken.",
        )
    return found


def _integrated(classifier: FilmClassifier, square: Square) -> Explained:
    from hilum.explaining.integrated_gradients import integrated_gradients

    found = integrated_gradients(classifier, square)
    return Explained(found.evidence, found.in_words)


def _integrated_of_network(classifier: FilmClassifier, square: Square) -> EvidenceMap:
    return _integrated(classifier, square).evidence


def _occlusion_of_network(classifier: FilmClassifier, square: Square) -> EvidenceMap:
    return occlusion_map(_NetworkLogits(classifier), square)


@dataclass(frozen=True, slots=True)
class _NetworkLogits:
    """A network in the place of its graph."""

    classifier: FilmClassifier

    def logits(self, films: Squares) -> Logits:
        """(n,) logits of (n, side, side) uint8 films."""
        from hilum.explaining.hooks import unchanged
        from hilum.exporting import network_logits

        with unchanged(self.classifier):
            return network_logits(self.classifier, films)
