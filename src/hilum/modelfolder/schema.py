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
    sensitivity_low: float | None = None
    """Its 95 % interval over the calibrate patients; older folders have none."""
    sensitivity_high: float | None = None
    specificity_low: float | None = None
    specificity_high: float | None = None


class Gate(_Part, frozen=True, kw_only=True):
    """How far from the fit films a film may lie, by the graph's output `feature_distance`."""

    warn_above: float
    """Such a film is unlike the training films: it is answered, with a warning."""
    refuse_above: float
    """Such a picture is taken for no chest film: it is not assessed."""
    warned: float
    """Share of the calibrate films that lie above the first, as they are."""
    refused: float
    """Share of the calibrate films that lie above the second, as they are."""
    refused_varied: float
    """The same of the calibrate films as another machine or hand might have given them."""
    films: int
    """Calibrate films that gave the limits."""
    patients: int
    fit_films: int
    """Fit films that the distance is measured from; each was also shown once in a varied form."""


class Conformal(_Part, frozen=True, kw_only=True):
    """Which answers a logit leaves open; see `hilum.metrics.conformal.ConformalSets`."""

    alpha: float
    """Chance, for each class, that the answers left open do not hold the truth, where patients are exchangeable."""
    pneumonia_from: float | None
    """The lowest logit that leaves pneumonia open; None for any, as too few calibrate patients have it."""
    normal_to: float | None
    """The highest logit that leaves normal open; None for any."""
    pneumonia_patients: int
    normal_patients: int


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
    """Gave calibration, thresholds, the answers left open, and the limits of the gate."""
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


class Finished(_Part, frozen=True, kw_only=True):
    """What gave a model its gate and its answer sets after it had been made; see `hilum model finish`."""

    command: str
    commit: str
    hilum_version: str
    created: str
    """When, in UTC."""


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
    gate: Gate | None = None
    """None where too few patients could give one, or the folder is older: every picture is answered."""
    conformal: Conformal | None = None
    """None in older folders."""
    finished: Finished | None = None
    """None where gate and answer sets are as old as the model, or there are none."""
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
