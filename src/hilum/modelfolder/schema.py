"""The contents of `hilum.json`, the contract between the half that trains and the half that reads."""

from __future__ import annotations

from typing import Any

from pydantic import BaseModel, ConfigDict, Field

FORMAT = 1


class _Part(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)


class Calibration(_Part):
    """Platt scaling: calibrated probability = sigmoid(slope * logit + intercept)."""

    slope: float
    intercept: float
    prevalence: float = Field(description="Share of pneumonia among the films it was fitted on.")
    films: int
    patients: int


class StoredOperatingPoint(_Part):
    """A threshold on the calibrated probability, with the goal it was chosen for on the calibrate patients."""

    name: str
    threshold: float
    goal: str
    sensitivity: float = Field(description="On the calibrate patients, where the threshold was chosen.")
    specificity: float = Field(description="Likewise.")
    is_reached: bool = Field(description="False where no threshold reaches the goal on those patients.")


class Served(_Part):
    """Salted hashes of the patients and films that served one purpose."""

    patients: tuple[str, ...]
    films: tuple[str, ...]


class Training(_Part):
    """What the model was made from, and who served what. Test patients are in none of the three."""

    data_name: str
    data_fingerprint: str
    left_out: int = Field(0, description="Films that could not be read and were left out on request.")
    protocol: str
    seed: int
    fold: int
    is_leaky: bool
    are_films_known: bool = Field(True, description="False for weights trained elsewhere, on films not named here.")
    salt: str
    fit: Served = Field(description="Learned the weights.")
    select: Served = Field(description="Chose the epoch.")
    calibrate: Served = Field(description="Gave calibration and thresholds.")
    first_weights: str
    first_weights_sha256: str
    first_weights_licence: str
    kept_epoch: int
    epochs: int
    seconds: float
    machine: str
    precision: str
    threads: int

    @property
    def patients(self) -> frozenset[str]:
        """Salted hashes of every patient that any figure of this model has seen."""
        return frozenset(self.fit.patients) | frozenset(self.select.patients) | frozenset(self.calibrate.patients)

    @property
    def films(self) -> frozenset[str]:
        """Salted hashes of every film that any figure of this model has seen."""
        return frozenset(self.fit.films) | frozenset(self.select.films) | frozenset(self.calibrate.films)


class Parity(_Part):
    """How far network and exported graph were apart on the development films."""

    films: int
    largest_probability_difference: float
    flipped_decisions: int


class Manifest(_Part):
    """`hilum.json`. Anything a reader needs beside the graph, and all that a reviewer asks about its making."""

    format: int = Field(FORMAT, ge=1, le=FORMAT)
    name: str
    hilum_version: str
    created: str
    command: str
    commit: str
    classes: tuple[str, str] = ("pneumonia", "normal")
    side: int
    geometry: str
    calibration: Calibration
    operating_points: tuple[StoredOperatingPoint, ...]
    training: Training
    parity: Parity
    recipe: dict[str, Any]
    versions: dict[str, str]
    licence: str
    activation_map: str = Field(description="How the map is made, or why there is none.")
    population: str
    files: dict[str, str] = Field(description="SHA-256 of every other file of the folder, by name.")
