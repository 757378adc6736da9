"""The tensors of `model.safetensors`, and the way back: tensors -> the network that they were taken from."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
import torch
from torch import Tensor

from hilum.errors import HilumError, require_installed
from hilum.files import printable
from hilum.models.build import build_network
from hilum.models.network import FilmClassifier
from hilum.recipe import Network

if TYPE_CHECKING:
    from hilum.models.keras.classifier import Scaling


def stored_tensors(classifier: FilmClassifier) -> dict[str, Tensor]:
    """The tensors by name: under timm's names where timm builds the same network, else under our own.

    timm keeps the scaling of a film elsewhere; there mean and std are not among them.
    """
    if not classifier.is_plain_timm:
        return dict(classifier.state_dict())
    prefix = _timm_head(classifier)
    head = {f"{prefix}{name}": tensor for name, tensor in classifier.head.last.state_dict().items()}
    return classifier.body.state_dict() | head


def restore_network(
    network: Network,
    side: int,
    tensors: Mapping[str, Tensor],
    mean: Sequence[float] = (),
    std: Sequence[float] = (),
) -> FilmClassifier:
    """The network whose `stored_tensors` these are, in evaluation mode; torch's random state stays as it is.

    Args:
        network: the recipe's, that it was built from.
        side: of the films in pixels.
        tensors: all of them and no other.
        mean, std: a channel each, where the tensors do not hold them; the architecture's own if not given.

    Raises:
        HilumError: a tensor is missing, unexpected, or of another shape.
    """
    with torch.random.fork_rng(devices=[]):  # the first weights are drawn, and then overwritten
        classifier = build_network(network, side)
    named = _under_our_names(classifier, tensors)
    if classifier.is_plain_timm:
        channels = classifier.mean.shape
        named["mean"] = torch.tensor(mean).view(channels) if mean else classifier.mean
        named["std"] = torch.tensor(std).view(channels) if std else classifier.std
    return _filled(classifier, named)


def restore_imported(
    description: dict[str, Any], scaling: Scaling, side: int, tensors: Mapping[str, Tensor]
) -> FilmClassifier:
    """The same of a network that Keras described.

    Args:
        description: of its layers, as Keras serialises it.
        scaling: of grey levels, by the name that it was imported with.

    Raises:
        HilumError: the description is not one that can be rebuilt, or the tensors are not its own.
    """
    require_installed(("h5py",), "A network that Keras saved", "keras")
    from hilum.models.keras.classifier import import_classifier
    from hilum.models.keras.saved import SavedModel

    saved = SavedModel("config.json", "", description, _Unknown())
    return _filled(import_classifier(saved, scaling, positive=1, side=side).classifier, tensors)


class _Unknown:
    """Stands for a Keras file's weights where the tensors themselves come afterwards."""

    def arrays(self, origin: object, shapes: Mapping[str, tuple[int, ...]]) -> dict[str, np.ndarray]:
        """Zeros of the shapes asked for."""
        return {name: np.zeros(shape, np.float32) for name, shape in shapes.items()}


def _timm_head(classifier: FilmClassifier) -> str:
    """What the names of the last layer begin with in timm."""
    cfg: dict[str, str] = classifier.body.pretrained_cfg  # type: ignore[assignment]
    return f"{cfg['classifier']}."


def _under_our_names(classifier: FilmClassifier, tensors: Mapping[str, Tensor]) -> dict[str, Tensor]:
    if not classifier.is_plain_timm:
        return dict(tensors)
    prefix = _timm_head(classifier)
    return {
        f"head.last.{name.removeprefix(prefix)}" if name.startswith(prefix) else f"body.{name}": tensor
        for name, tensor in tensors.items()
    }


def _filled(classifier: FilmClassifier, tensors: Mapping[str, Tensor]) -> FilmClassifier:
    """The classifier with exactly these tensors."""
    own = classifier.state_dict()
    if strangers := sorted(tensors.keys() - own.keys()):
        raise _misfit(f"hold '{printable(strangers[0])}', which the network does not have")
    for name, tensor in own.items():
        if name not in tensors:
            raise _misfit(f"have no '{name}'")
        if tensors[name].shape != tensor.shape:
            raise _misfit(f"hold '{name}' with the shape {tuple(tensors[name].shape)}, not {tuple(tensor.shape)}")
    classifier.load_state_dict(dict(tensors))
    return classifier.eval()


def _misfit(happened: str) -> HilumError:
    return HilumError(
        f"The stored weights {happened}.",
        expected="the tensors of the network that the recipe names, all of them and no other",
        do="Copy or export the model again.",
    )
