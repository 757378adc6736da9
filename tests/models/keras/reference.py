"""Small classifiers saved by Keras itself, with their answers. A Python with Keras runs it: reference.py FOLDER KIND.

KIND is "3" for Keras 3 or "2" for tf_keras. For every classifier the folder then holds NAME.h5, NAME.keras and NAME.npz
with films and probabilities, and layers.json with Keras's own lists of the bodies' layers.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Iterator
from importlib import import_module
from pathlib import Path
from typing import Any

import numpy as np

FILMS = 24
MEANS = {"caffe": (103.939, 116.779, 123.68), "tf": (127.5, 127.5, 127.5)}
SPREADS = {"unit": 255.0, "tf": 127.5}


class Reference:
    """Builds classifiers with one Keras, all random numbers from one generator."""

    def __init__(self, keras: Any) -> None:
        self.keras, self.layers, self.bodies = keras, keras.layers, keras.applications
        self.generator = np.random.default_rng(0)

    def body(self, name: str, side: int, **options: Any) -> Any:
        """A body of keras.applications with random weights."""
        made = getattr(self.bodies, name)(include_top=False, weights=None, input_shape=(side, side, 3), **options)
        self.draw(made, self.generator.random((FILMS, side, side, 3), dtype=np.float32))
        return made

    def draw(self, network: Any, inputs: Any) -> None:
        """Weights that keep a film's differences alive through the network, and norms with statistics of their own."""
        for layer in every_layer(network):
            for weight in layer.weights:
                shape, name = tuple(weight.shape), weight.name.split("/")[-1].split(":")[0]
                if "kernel" in name:
                    lone = name == "depthwise_kernel" or type(layer).__name__ == "DepthwiseConv2D"
                    fan_in = np.prod(shape[: 2 if lone else -1])
                    weight.assign(self.generator.normal(0, np.sqrt(2 / fan_in), shape).astype("float32"))
                elif name == "gamma":
                    weight.assign(self.generator.uniform(0.7, 1.3, shape).astype("float32"))
                elif name in ("beta", "bias"):
                    weight.assign(self.generator.normal(0, 0.1, shape).astype("float32"))
            if type(layer).__name__ == "BatchNormalization":
                layer.momentum = 0.0
        network(inputs, training=True)
        for layer in every_layer(network):
            if type(layer).__name__ == "BatchNormalization":
                layer.momentum = 0.99

    def vgg19(self) -> Any:
        """Seed 3: a frozen body inside a chain, flattened, two dense layers."""
        body = self.body("VGG19", 75)
        body.trainable = False
        dense = self.layers.Dense
        return self.keras.Sequential([body, self.layers.Flatten(), dense(256, "relu"), dense(1, "sigmoid")])

    def inception_v3(self) -> Any:
        """Seed 0: body and head in one network."""
        body = self.body("InceptionV3", 139)
        pooled = self.layers.GlobalAveragePooling2D()(body.output)
        return self.keras.Model(body.input, self.layers.Dense(1, activation="sigmoid")(pooled))

    def xception(self) -> Any:
        """Seed 1: body inside a network, two nodes."""
        film = self.keras.Input((96, 96, 3))
        pooled = self.layers.GlobalAveragePooling2D()(self.body("Xception", 96)(film, training=False))
        return self.keras.Model(film, self.layers.Dense(2, activation="softmax")(self.layers.Dropout(0.3)(pooled)))

    def resnet50(self) -> Any:
        """A body that pools by itself, an even side, a norm in the head."""
        body, dense = self.body("ResNet50", 96, pooling="avg"), self.layers.Dense
        norm, dropout = self.layers.BatchNormalization(), self.layers.Dropout(0.5)
        return self.keras.Sequential([body, dense(32, "relu"), norm, dropout, dense(1, "sigmoid")])

    def mobilenet_v2(self) -> Any:
        """Augmentation and rescaling inside the network; the activation is a layer of its own."""
        film = self.keras.Input((96, 96, 3))
        scaled = self.layers.Rescaling(1 / 127.5, offset=-1)(self.layers.RandomFlip()(film))
        maps = self.body("MobileNetV2", 96)(scaled, training=False)
        scores = self.layers.Dense(1)(self.layers.GlobalMaxPooling2D()(maps))
        return self.keras.Model(film, self.layers.Activation("sigmoid")(scores))

    def own_cnn(self) -> Any:
        """Layers that no body has, on grey films."""
        layers = self.layers
        chain = [
            self.keras.Input((64, 64, 1)),
            layers.Conv2D(16, 3, activation="relu"),
            layers.MaxPooling2D(),
            layers.Conv2D(32, 3, padding="same", strides=2, activation="elu"),
            layers.BatchNormalization(),
            layers.AveragePooling2D(3, 2, padding="same"),
            layers.SeparableConv2D(24, 5, padding="same", activation="gelu", depth_multiplier=2),
            layers.Dropout(0.2),
            layers.Flatten(),
            layers.Dense(12, activation="tanh"),
            layers.Dense(2, activation="softmax"),
        ]
        return self.keras.Sequential(chain)

    def films(self, side: int) -> Any:
        """(n, side, side) uint8: patches of grey, coarse and fine, dark and bright."""
        drawn = []
        for number in range(FILMS):
            patch = (4, 8, 16)[number % 3]
            grey = self.generator.integers(0, 256, (side // patch + 1,) * 2).repeat(patch, 0).repeat(patch, 1)
            drawn.append(grey[:side, :side] * (number + 6) / (FILMS + 6))
        return np.stack(drawn).astype(np.uint8)

    def spread(self, classifier: Any, inputs: Any) -> None:
        """Turn the last layer so that the answers spread over 0 to 1."""
        last = [layer for layer in classifier.layers if type(layer).__name__ == "Dense"][-1]
        activation, last.activation = last.activation, self.keras.activations.linear
        before = self.keras.Model(classifier.inputs, last.output)(inputs, training=False)
        scores = np.asarray(before)
        logit = scores[:, 0] - scores[:, 1] if scores.shape[1] == 2 else scores[:, 0]
        kernel, bias = last.get_weights()
        gain, centre = 1.5 / logit.std(), logit.mean()
        shift = np.array([centre / 2, -centre / 2]) if len(bias) == 2 else np.array([centre])
        last.set_weights([kernel * gain, ((bias - shift) * gain).astype("float32")])
        last.activation = activation


def every_layer(network: Any) -> Iterator[Any]:
    """Layers, and the layers of networks among them."""
    for layer in network.layers:
        yield from every_layer(layer) if hasattr(layer, "layers") else [layer]


def scaled(films: Any, scaling: str, channels: int) -> Any:
    """(n, side, side, channels) as the notebook would give them to the network."""
    values = films[..., None].astype("float32").repeat(channels, -1)
    return (values - np.array(MEANS.get(scaling, (0.0,)), "float32")) / np.float32(SPREADS.get(scaling, 1.0))


def save(reference: Reference, name: str, build: Callable[[], Any], scaling: str, folder: Path) -> None:
    """Build, save in both formats, and keep films and answers."""
    classifier = build()
    _, side, _, channels = classifier.input_shape
    films = reference.films(side)
    inputs = scaled(films, scaling, channels)
    if name == "own_cnn":
        reference.draw(classifier, inputs)
    reference.spread(classifier, inputs)
    classifier.save(folder / f"{name}.h5")
    classifier.save(folder / f"{name}.keras")
    np.savez(folder / f"{name}.npz", films=films, probability=np.asarray(classifier(inputs, training=False)))


def layer_lists(keras: Any) -> dict[str, Any]:
    """Keras's own lists: name, class, parameters, those that no gradient reaches, and shapes of the weights."""
    lists = {}
    for name in ("Xception", "InceptionV3", "ResNet50", "VGG19", "MobileNetV2"):
        keras.backend.clear_session()
        body = getattr(keras.applications, name)(include_top=False, weights=None, input_shape=(160, 160, 3))
        lists[name] = [
            {
                "name": layer.name,
                "kind": type(layer).__name__,
                "parameters": layer.count_params(),
                "statistics": int(sum(np.prod(weight.shape) for weight in layer.non_trainable_weights)),
                "shapes": [list(weight.shape) for weight in layer.weights],
            }
            for layer in body.layers
        ]
    return lists


def main(folder: Path, kind: str) -> None:
    """Write everything into the folder."""
    keras = import_module("keras" if kind == "3" else "tf_keras")
    reference = Reference(keras)
    (folder / "layers.json").write_text(json.dumps(layer_lists(keras)))
    save(reference, "vgg19", reference.vgg19, "caffe", folder)
    save(reference, "inception_v3", reference.inception_v3, "tf", folder)
    save(reference, "xception", reference.xception, "tf", folder)
    save(reference, "resnet50", reference.resnet50, "unit", folder)
    save(reference, "mobilenet_v2", reference.mobilenet_v2, "none", folder)
    save(reference, "own_cnn", reference.own_cnn, "unit", folder)


if __name__ == "__main__":
    main(Path(sys.argv[1]), sys.argv[2])
