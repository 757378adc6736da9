"""hilum.json, from how a network was made and what its calibrate patients gave."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal

from hilum.datasets import Split
from hilum.modelfolder import Manifest, Training
from hilum.modelfolder.maps import map_kind_of
from hilum.models import WeightsOrigin
from hilum.provenance import Provenance
from hilum.training.assemble import Assembled
from hilum.training.device import Machine


@dataclass(frozen=True, slots=True)
class Making:
    """How a network was made, wherever that was.

    Args:
        recipe: or what is known in its place.
        side: of the films in pixels.
        data_name, data_fingerprint: of the data whose patients are used.
        left_out: films of those data that cannot be read.
        kept_epoch, epochs, seconds: of the training; 0 where it was elsewhere.
        are_films_known: False for weights trained elsewhere, on films that nobody names.
        evidence_in_words: what the activation map shows.
    """

    name: str
    recipe: dict[str, Any]
    side: int
    geometry: Literal["squash", "pad"]
    data_name: str
    data_fingerprint: str
    left_out: int
    weights: WeightsOrigin
    machine: Machine
    provenance: Provenance
    licence: str
    population: str
    evidence_in_words: str
    kept_epoch: int = 0
    epochs: int = 0
    seconds: float = 0.0
    are_films_known: bool = True


def manifest_of(making: Making, split: Split, assembled: Assembled, hashes: dict[str, str]) -> Manifest:
    """hilum.json of the model folder whose files have these hashes."""
    return Manifest(
        name=making.name,
        hilum_version=making.provenance.hilum_version,
        created=making.provenance.created,
        command=making.provenance.command,
        commit=making.provenance.commit,
        side=making.side,
        geometry=making.geometry,
        calibration=assembled.calibration,
        operating_points=assembled.operating_points,
        gate=assembled.gate,
        conformal=assembled.conformal,
        training=_training(making, split, assembled),
        map_places=assembled.map_places,
        normal_map=assembled.normal_map,
        faithfulness=assembled.faithfulness,
        parity=assembled.parity,
        recipe=making.recipe,
        versions=making.provenance.versions,
        licence=making.licence,
        activation_map=making.evidence_in_words,
        map_kind=map_kind_of(making.evidence_in_words),
        population=making.population,
        files=hashes,
    )


def _training(making: Making, split: Split, assembled: Assembled) -> Training:
    """What it was made from, and who served what."""
    return Training(
        data_name=making.data_name,
        data_fingerprint=making.data_fingerprint,
        left_out=making.left_out,
        protocol=split.protocol,
        seed=split.seed,
        fold=split.fold,
        is_leaky=split.is_leaky,
        are_films_known=making.are_films_known,
        salt=assembled.salt,
        **assembled.served,
        cross_fitted=assembled.cross_fitted,
        first_weights=making.weights.source,
        first_weights_sha256=making.weights.sha256,
        first_weights_licence=making.weights.licence,
        kept_epoch=making.kept_epoch,
        epochs=making.epochs,
        seconds=making.seconds,
        machine=making.machine.kind,
        precision=making.machine.precision,
        threads=making.machine.threads,
    )
