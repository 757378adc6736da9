"""Networks: a self-made CNN or a timm architecture, seen as body and head, and cut into trunk and tail.

small_cnn.py    the self-made residual network
heads.py        what stands behind the last maps: scores, and the evidence of each place
network.py      FilmClassifier: uint8 film -> logit, features, last feature maps
build.py        recipe -> FilmClassifier
weights.py      ImageNet weights from a file, a folder or the Hub
stored.py       the tensors of a model folder, and the way back
freeze.py       which layers are trained, and the evaluation mode of those that are not
cut.py          the frozen trunk and the trained tail
operations.py   what runs between film and answer, operation by operation
summary.py      a network's layers as a table
keras/          Keras's lists of layers, and its files
"""

from hilum.models.build import build_network
from hilum.models.cut import Cut, cut_network
from hilum.models.freeze import freeze, layers_by_depth, set_training_mode, trained_parameters, unfreeze
from hilum.models.network import FilmClassifier, FilmOutputs, LogitOfFilms
from hilum.models.weights import WeightsOrigin, load_pretrained

__all__ = [
    "Cut",
    "FilmClassifier",
    "FilmOutputs",
    "LogitOfFilms",
    "WeightsOrigin",
    "build_network",
    "cut_network",
    "freeze",
    "layers_by_depth",
    "load_pretrained",
    "set_training_mode",
    "trained_parameters",
    "unfreeze",
]
