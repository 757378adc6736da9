"""hilum model import: a classifier that Keras saved in, a calibrated model folder out."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, Literal

from hilum import provenance
from hilum.datasets import WORKSPACE, Catalogue, Split, open_pixels, resolve_catalogue, split_films
from hilum.errors import TRAINING_HALF, HilumError, require_installed
from hilum.files import explained, printable, sha256_of
from hilum.progress import Progress, on_stderr
from hilum.verbs.prepare import readable_films

if TYPE_CHECKING:
    from rich.console import RenderableType

    from hilum.modelfolder import Manifest
    from hilum.models.keras.classifier import ImportedNetwork, Scaling
    from hilum.models.keras.saved import SavedModel
    from hilum.training.imported import ImportFacts

PICKLES: Final = frozenset({".joblib", ".pkl", ".pickle", ".sav", ".dill", ".cloudpickle"})
TORCH_PICKLES: Final = frozenset({".pt", ".pth", ".ckpt", ".bin"})
UNKNOWN_VERSION = "of unknown version"
SCALED_TWICE = (
    "The network rescales grey levels by itself, and scaling '{}' came before that. Unless the notebook did both, its "
    "answers are wrong: import it again without --scaling."
)
NOT_BORNE_OUT = (
    "The calibrate patients contradict the model's order, so its probabilities stay at their prevalence. "
    "Check --positive and --scaling."
)


@dataclass(frozen=True, slots=True)
class ImportedModel:
    """What the file held and where its model folder lies."""

    model: Path
    file: str
    keras_version: str
    body: str
    layers: int
    parameters: int
    side: int
    scaling: str
    is_scaled_twice: bool
    positive: int
    left_out_layers: Sequence[str]
    calibrate_films: int
    calibrate_patients: int
    is_borne_out: bool
    parity: float

    def __rich__(self) -> RenderableType:
        from rich.text import Text

        from hilum.modelfolder.card import UNKNOWN_FILMS

        left_out = f" Left out, as they act while training only: {', '.join(self.left_out_layers)}." * bool(
            self.left_out_layers
        )
        return Text(
            f"Imported {self.file}: {self.body or 'a network'} with its head, {self.layers} layers, "
            f"{self.parameters:,} parameters, saved by Keras {self.keras_version or UNKNOWN_VERSION}.{left_out}\n"
            f"Films of {self.side} px, scaling '{self.scaling}'; answer {self.positive} means pneumonia.\n"
            f"Calibrated on {self.calibrate_films} films of {self.calibrate_patients} calibrate patients; network and "
            f"exported graph differ by at most {self.parity:.1e} in probability.\n"
            + (f"{SCALED_TWICE.format(self.scaling)}\n" if self.is_scaled_twice else "")
            + ("" if self.is_borne_out else f"{NOT_BORNE_OUT}\n")
            + f"{UNKNOWN_FILMS}\n\n"
            f"Model  {printable(self.model)}\n"
            f"Next   hilum evaluate {printable(self.model)} DATA\n"
            f"       hilum predict FILM --model {printable(self.model)}"
        )

    def as_json(self) -> dict[str, Any]:
        """The same as a JSON object."""
        return asdict(self) | {"model": printable(self.model)}


def import_model(
    file: Path,
    *,
    data: Path | None = None,
    positive: int | None = None,
    scaling: Literal["unit", "tf", "caffe", "torch", "none"] | None = None,
    side: int = 0,
    output: Path | None = None,
    seed: int = 0,
    skip_bad: bool = False,
    threads: int = 0,
    workspace: Path = WORKSPACE,
) -> ImportedModel:
    """Turn a classifier that Keras saved into a model folder with the same answers, calibrated.

    Reads .keras and .h5 files as data: no code in them is run; pickles and joblib files are refused. The network is a
    body of convolutions (VGG19, InceptionV3, Xception, ResNet50, MobileNetV2 or one of your own) with a dense head of
    one sigmoid or two softmax nodes. Calibration and thresholds come from the calibrate patients of the data.

    Args:
        file: A whole model saved by Keras 2 or 3, .keras or .h5.
        data: Folder of class folders, or a catalogue file, whose calibrate patients give calibration and thresholds.
        positive: Which answer means pneumonia: 0 or 1, for one sigmoid node the label that it was trained with.
        scaling: Grey levels as the network got them: unit (/255), tf (-1 to 1), caffe (minus ImageNet means), torch
            (ImageNet mean and spread) or none (0 to 255); leave it out where the network rescales by itself.
        side: Side of the films in pixels, where the file leaves it open.
        output: Model folder; models/NAME if not given.
        seed: Decides which patients calibrate.
        skip_bad: Calibrate without the films that cannot be read, instead of refusing.
        threads: Threads of torch; 0 takes every usable core.
        workspace: Folder of catalogues and pixel caches.

    Examples:
        hilum model import pneumonia_vgg19.h5 --data data/chest_xray --positive 1 --scaling unit
        hilum model import xception.keras --data data/chest_xray --positive 1 --scaling tf --output models/xception
    """
    _refuse_pickles(file)
    _require_libraries()
    data, positive = _answered(file, data, positive)
    folder = output or Path("models") / _slug(file.stem)
    _require_room(folder)
    progress = on_stderr()
    saved, network = _read(file, scaling, positive, side)
    films, split, place, left_out = _calibrate_films(data, workspace, seed, skip_bad, progress)
    pixels = open_pixels(films, network.side, "squash", place / "pixels", progress)
    from hilum.training.imported import write_imported

    facts = _facts(file, _slug(folder.name), saved, positive, films, left_out, threads)
    manifest = write_imported(folder, network, facts, pixels, films, split, progress)
    return _answer(file, saved, network, folder, manifest)


def _refuse_pickles(file: Path) -> None:
    """Stop before anything is opened whose opening runs code; told by the name, as nobody may look inside."""
    suffix, shown = file.suffix.lower(), printable(file)
    if suffix in PICKLES:
        raise HilumError(
            f"'{shown}' is a pickle: opening it runs whatever code was put into it.",
            expected="a .keras or .h5 file, which is data",
            do="In the notebook that wrote it, with the network loaded there, type: model.save('model.keras')",
        )
    if suffix in TORCH_PICKLES:
        raise HilumError(
            f"'{shown}' is a torch pickle: opening it runs whatever code was put into it.",
            expected="a .keras or .h5 file, which is data; or a timm network's weights as .safetensors",
            do="Where it was made, type: safetensors.torch.save_file(model.state_dict(), 'weights.safetensors'); "
            "then: hilum train RECIPE DATA --weights weights.safetensors",
        )


def _require_libraries() -> None:
    """Say how to install what importing needs, before anything else is done."""
    require_installed((*TRAINING_HALF, "h5py"), "Importing a Keras model", "keras")


def _answered(file: Path, data: Path | None, positive: int | None) -> tuple[Path, int]:
    """Data and positive answer, which no file states and nobody should guess."""
    if positive not in (0, 1):
        raise HilumError(
            f"Which answer of '{printable(file)}' means pneumonia is not known."
            if positive is None
            else f"Got --positive {positive}.",
            expected="--positive 0 or --positive 1",
            do="Look at class_indices in the notebook: with folders NORMAL and PNEUMONIA it is 1.",
        )
    if data is None:
        raise HilumError(
            f"There are no films to calibrate '{printable(file)}' on.",
            expected="--data DATA: calibration and thresholds of a model folder come from its calibrate patients",
            do="Name the folder of class folders, or a catalogue file.",
        )
    return data, positive


def _require_room(folder: Path) -> None:
    with explained(folder, "write to"):
        is_taken = folder.exists() and (not folder.is_dir() or any(folder.iterdir()))
    if is_taken:
        raise HilumError(
            f"'{printable(folder)}' exists already.",
            expected="a new or an empty folder",
            do="Remove it or name another folder with --output.",
        )


def _read(file: Path, scaling: Scaling | None, positive: int, side: int) -> tuple[SavedModel, ImportedNetwork]:
    """What the file says, and the network in torch; the file is closed again."""
    from hilum.models.keras.classifier import import_classifier
    from hilum.models.keras.saved import opened_model

    with opened_model(file) as saved:
        return saved, import_classifier(saved, scaling, positive, side)


def _calibrate_films(
    data: Path, workspace: Path, seed: int, skip_bad: bool, progress: Progress
) -> tuple[Catalogue, Split, Path, int]:
    """The films of the calibrate patients under the official protocol; test films are left behind unopened."""
    catalogue, place = resolve_catalogue(data, workspace, progress)
    films = readable_films(catalogue, skip_bad)
    split = split_films(films, "official", seed=seed)
    rows = split.rows("calibrate")
    calibrating = replace(split, parts=tuple(split.parts[row] for row in rows))
    return films.select(rows), calibrating, place, len(catalogue.films) - len(films.films)


def _facts(
    file: Path, name: str, saved: SavedModel, positive: int, films: Catalogue, left_out: int, threads: int
) -> ImportFacts:
    """Where the network came from and what calibrates it."""
    from hilum.training.device import choose_machine
    from hilum.training.imported import ImportFacts

    return ImportFacts(
        name=name,
        source=f"imported from {printable(file.name)} (Keras {saved.keras_version or UNKNOWN_VERSION})",
        sha256=sha256_of(file),
        description=saved.description,
        positive=positive,
        data_name=films.name,
        data_fingerprint=films.fingerprint,
        left_out=left_out,
        machine=choose_machine("cpu", "fp32", threads),
        provenance=provenance.current("torch", "h5py", "onnxruntime", "numpy", "pillow"),
    )


def _slug(name: str) -> str:
    """A name for folders and pages.

    >>> _slug("My VGG (2).final")
    'my-vgg-2-final'
    """
    return re.sub(r"[^a-z0-9]+", "-", name.lower()).strip("-")[:100] or "imported"


def _answer(file: Path, saved: SavedModel, network: ImportedNetwork, folder: Path, manifest: Manifest) -> ImportedModel:
    from hilum.training import SMALLEST_SLOPE

    return ImportedModel(
        model=folder,
        file=printable(file),
        keras_version=saved.keras_version,
        body=network.body,
        layers=network.layers,
        parameters=sum(parameter.numel() for parameter in network.classifier.parameters()),
        side=network.side,
        scaling=network.scaling,
        is_scaled_twice=network.is_scaled_twice,
        positive=manifest.recipe["positive"],
        left_out_layers=network.left_out,
        calibrate_films=manifest.calibration.films,
        calibrate_patients=manifest.calibration.patients,
        is_borne_out=manifest.calibration.slope > SMALLEST_SLOPE,
        parity=manifest.parity.largest_probability_difference,
    )
