"""Keras beside timm: the lists of layers of networks that both know, and saved Keras classifiers read as data.

bodies.py    the layers of each body as rules
layers.py    Keras's list, and the timm modules of its last layers
counts.py    how many parameters Keras counts in each
hdf5.py      HDF5 from outside, read with care
saved.py     a saved model: its description, and a way to its weights
settings.py  the settings of the layers that are understood
graph.py     the description as one list of layers
blocks.py    Keras layers as torch modules
head.py      the end of a classifier, with its evidence by place
classifier.py  a saved Keras classifier as a FilmClassifier: START READING HERE
"""

from hilum.models.keras.layers import BODIES, KerasLayer, ListedBody, keras_body, keras_layers, trained_from

__all__ = ["BODIES", "KerasLayer", "ListedBody", "keras_body", "keras_layers", "trained_from"]
