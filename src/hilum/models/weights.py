"""ImageNet weights: from safetensors on disc, else from the Hub's cache or the Hub. Nothing is unpickled."""

from __future__ import annotations

import json
import logging
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

import torch
from pydantic import BaseModel, ConfigDict, Field, ValidationError
from torch import Tensor

from hilum.errors import HilumError
from hilum.files import explained, printable, sha256_of
from hilum.json_files import read_json
from hilum.models.network import FilmClassifier
from hilum.pretrained import weights_file
from hilum.recipe import Network


@dataclass(frozen=True, slots=True)
class WeightsOrigin:
    """Where the first weights came from; kept in the model folder."""

    source: str
    sha256: str = ""
    licence: str = ""
    fresh: tuple[str, ...] = ()  # parameters that the file did not have, beside the head


class WeightsNotAtHand(HilumError):
    """ImageNet weights were asked for and lie neither on disc nor within reach."""

    exit_status = 3


class _Facts(BaseModel):
    """What the `.json` beside weights may say; its other keys are notes for people."""

    model_config = ConfigDict(frozen=True, strict=True)

    source_repo: str = ""
    licence: str = ""
    missing_keys: list[str] = []
    mean: list[Annotated[float, Field(allow_inf_nan=False)]] = []
    std: list[Annotated[float, Field(gt=0, allow_inf_nan=False)]] = []


def load_pretrained(classifier: FilmClassifier, network: Network, weights: Path | None) -> WeightsOrigin:
    """Put ImageNet weights into a network; its head's last layer starts at zero, so every film at a logit of 0.

    A random head on features of this size starts at logits beyond 10, and the first epochs only undo that.

    Args:
        network: that the classifier was built from.
        weights: a safetensors file under timm's names, a folder that holds the network's (`pretrained.weights_file`),
            or None for the Hub. A `.json` beside the file states licence, mean, std and what is missing.

    Raises:
        HilumError: no such file, other names or shapes, or no network.
    """
    torch.nn.init.zeros_(classifier.head.last.weight)
    if classifier.head.last.bias is not None:
        torch.nn.init.zeros_(classifier.head.last.bias)
    architecture = network.architecture
    if weights is None:
        return _from_hub(classifier, architecture)
    with explained(weights, "read"):
        is_folder = weights.is_dir()
    file = weights
    if is_folder:
        file = weights_file(weights, architecture) or weights / f"{architecture}.safetensors"
    tensors = read_tensors(file)
    facts = _facts_beside(file, classifier.mean.numel())
    fresh = _put(classifier, tensors, architecture, file, tuple(facts.missing_keys))
    if facts.mean and network.scaling == "pretraining":
        classifier.mean.copy_(torch.tensor(facts.mean).view(1, -1, 1, 1))
        classifier.std.copy_(torch.tensor(facts.std).view(1, -1, 1, 1))
    return WeightsOrigin(facts.source_repo or file.name, sha256_of(file), facts.licence, fresh)


def _facts_beside(file: Path, channels: int) -> _Facts:
    """The facts in the `.json` beside a weights file; mean and std stand there for each channel, or not at all."""
    path = file.with_suffix(".json")
    try:
        facts = _Facts.model_validate(read_json(path)) if path.is_file() else _Facts()
        wrong = "" if len(facts.mean) == len(facts.std) and len(facts.mean) in (0, channels) else "mean or std"
    except ValidationError as error:
        wrong = ".".join(map(str, error.errors()[0]["loc"])) or "form"
    if wrong:
        raise HilumError(
            f"'{printable(path)}' has a wrong {wrong}.",
            expected="source_repo and licence as text, missing_keys as a list of names, "
            f"mean and std as {channels} numbers each",
            do="Mend it, or move it away if it belongs to something else.",
        )
    return facts


def read_tensors(file: Path) -> dict[str, Tensor]:
    """All tensors of a safetensors file, by name."""
    from safetensors import SafetensorError
    from safetensors.torch import load_file

    if file.suffix != ".safetensors":
        raise HilumError(
            f"'{printable(file)}' is not a safetensors file.",
            expected="weights that cannot carry code: NAME.safetensors",
            do="Convert them where they came from; pickle files (.pt, .pth, .bin, .h5, .joblib) are never opened.",
        )
    with explained(file, "read"):
        if not file.is_file():
            raise FileNotFoundError(2, "No such file or directory")
        try:
            return load_file(file)
        except (SafetensorError, json.JSONDecodeError) as error:
            raise HilumError(
                f"'{printable(file)}' is damaged: {error}.",
                expected="a complete safetensors file",
                do="Fetch it again.",
            ) from error


def _put(
    classifier: FilmClassifier, tensors: dict[str, Tensor], architecture: str, file: Path, may_miss: tuple[str, ...]
) -> tuple[str, ...]:
    """Copy the body's tensors in as fp32; the names that stay fresh come back."""
    own = classifier.body.state_dict()
    wanted = {name for name in own if not name.endswith("num_batches_tracked")}
    found = sorted(wanted & tensors.keys())
    wrong = [name for name in found if own[name].shape != tensors[name].shape]
    missing = sorted(wanted - tensors.keys())
    unexpected = [name for name in missing if name not in may_miss]
    if wrong or unexpected:
        name = (wrong or unexpected)[0]
        raise HilumError(
            f"'{printable(file)}' has no '{name}' of the shape that {architecture} needs.",
            expected=f"the weights of timm's '{architecture}'",
            do="Name the file that belongs to this network.",
        )
    for name in found:
        _require_numbers(tensors[name], name, file)
    classifier.body.load_state_dict({name: tensors[name].float() for name in found}, strict=False)
    return tuple(missing)


def _require_numbers(tensor: Tensor, name: str, file: Path) -> None:
    """Refuse whole numbers, which are codes of quantised weights, and values that are no numbers."""
    if not tensor.is_floating_point():
        happened = f"'{printable(file)}' holds '{name}' as {str(tensor.dtype).removeprefix('torch.')}."
    elif not torch.isfinite(tensor.float()).all():
        happened = f"'{printable(file)}' holds values that are no numbers in '{name}'."
    else:
        return
    raise HilumError(happened, expected="finite floating-point weights", do="Fetch or make the file again.")


def _from_hub(classifier: FilmClassifier, architecture: str) -> WeightsOrigin:
    """Weights as timm names them on the Hub: from the cache where they lie there, else by download."""
    import timm
    from huggingface_hub import hf_hub_download
    from huggingface_hub.errors import (
        EntryNotFoundError,
        HfHubHTTPError,
        LocalEntryNotFoundError,
        RepositoryNotFoundError,
    )

    settings = timm.get_pretrained_cfg(architecture)
    # timm names its repositories so; for a few old networks it does not say it.
    repository = getattr(settings, "hf_hub_id", None) or (
        settings and settings.tag and f"timm/{architecture}.{settings.tag}"
    )
    if not repository:
        raise WeightsNotAtHand(
            f"timm names no Hub weights for '{architecture}'.",
            expected="a network with published weights",
            do="Give a file: --weights FILE.safetensors, or train from random weights: --set network.pretrained=false",
        )
    logging.getLogger("huggingface_hub").setLevel(logging.ERROR)  # its retries would fill the terminal
    try:
        try:
            file = Path(hf_hub_download(repository, "model.safetensors", local_files_only=True))
        except LocalEntryNotFoundError:
            file = Path(hf_hub_download(repository, "model.safetensors"))
    except (LocalEntryNotFoundError, RepositoryNotFoundError, EntryNotFoundError, HfHubHTTPError, OSError) as error:
        raise WeightsNotAtHand(
            f"The ImageNet weights of '{architecture}' ({repository}) are not in the cache, nor to be had now.",
            expected="the weights at hand, or a way to the Hub",
            do="Go online once, or give a file: --weights FILE.safetensors, "
            "or train from random weights: --set network.pretrained=false",
        ) from error
    fresh = _put(classifier, read_tensors(file), architecture, file, ())
    return WeightsOrigin(repository, sha256_of(file), getattr(settings, "license", None) or "", fresh)
