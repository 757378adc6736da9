"""Networks: a self-made CNN or a timm architecture, seen as trunk, pooled features and head.

small_cnn.py    the self-made residual network
network.py      FilmClassifier: uint8 film -> logit, features, last feature maps
weights.py      ImageNet weights from a file, a folder or the Hub
freeze.py       which layers are trained, and the evaluation mode of those that are not
"""

from hilum.models.freeze import freeze, set_training_mode, trained_parameters
from hilum.models.network import FilmClassifier, FilmOutputs, build_network
from hilum.models.weights import WeightsOrigin, load_pretrained

__all__ = [
    "FilmClassifier",
    "FilmOutputs",
    "WeightsOrigin",
    "build_network",
    "freeze",
    "load_pretrained",
    "set_training_mode",
    "trained_parameters",
]
