"""The contents of `hilum.json`, the contract between the half that trains and the half that reads."""

from __future__ import annotations

from typing import Annotated, Any

from msgspec import Meta, Struct

FORMAT = 1


class _Part(Struct, frozen=True, forbid_unknown_fields=True):
    """Values of one manifest; a name that the schema does not have is refused when it is read."""


class Calibration(_Part, frozen=True):
    """Platt scaling: calibrated probability = sigmoid(slope * logit + intercept)."""

    slope: float
    intercept: float
    prevalence: float
    """Share of pneumonia among the films it was fitted on."""
    films: int
    patients: int


class StoredOperatingPoint(_Part, frozen=True):
    """A threshold on the calibrated probability, with the goal it was chosen for on the calibrate patients."""

    name: str
    threshold: float
    goal: str
    sensitivity: float
    """On the calibrate patients, where the threshold was chosen."""
    specificity: float
    """Likewise."""
    is_reached: bool
    """False where no threshold reaches the goal on those patients."""


class Served(_Part, frozen=True):
    """Salted hashes of the patients and films that served one purpose."""

    patients: tuple[str, ...]
    films: tuple[str, ...]


class Training(_Part, frozen=True, kw_only=True):
    """What the model was made from, and who served what. Test patients are in none of the three."""

    data_name: str
    data_fingerprint: str
    left_out: int = 0
    """Films that could not be read and were left out on request."""
    protocol: str
    seed: int
    fold: int
    is_leaky: bool
    are_films_known: bool = True
    """False for weights trained elsewhere, on films not named here."""
    salt: str
    fit: Served
    """Learned the weights."""
    select: Served
    """Chose the epoch."""
    calibrate: Served
    """Gave calibration and thresholds."""
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


class Parity(_Part, frozen=True):
    """How far network and exported graph were apart on the development films."""

    films: int
    largest_probability_difference: float
    flipped_decisions: int


class Manifest(_Part, frozen=True, kw_only=True):
    """`hilum.json`. Anything a reader needs beside the graph, and all that a reviewer asks about its making."""

    format: Annotated[int, Meta(ge=1, le=FORMAT)] = FORMAT
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
    activation_map: str
    """How the map is made, or why there is none."""
    population: str
    files: dict[str, str]
    """SHA-256 of every other file of the folder, by name."""
