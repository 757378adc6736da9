"""The contents of `hilum.json`, the contract between the half that trains and the half that reads."""

from __future__ import annotations

from typing import Annotated, Any, Final, Literal

from msgspec import Meta, Struct

from hilum.attribution.places import Places

FORMAT = 1

MapKind = Literal["exact", "gradient"]
"""Whether a map is the logit's own decomposition over places, or a gradient's first guess at one."""

FailedTest = Literal["randomisation", "random maps"]
"""Which test a map has not passed: it stays when the weights are made random, or is not shown to beat random maps."""

Standing = Literal["passes", "fails", "not shown"]

NOT_FAITHFUL: Final = "not a faithful explanation of this model"
NOT_SHOWN: Final = "not shown: too few films"


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
    cross_fitted: Annotated[int, Meta(ge=0)] = 0
    """Networks that gave these in the place of the kept one, each asked about patients that it had not learned from:
    the calibrate patients are then the fit patients. 0 where they are patients that the kept one has not met."""
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


class MeasuredFigure(_Part, frozen=True):
    """A figure with its 95 % interval over patients; None where there is none."""

    value: float | None
    low: float | None
    high: float | None


class Faithfulness(_Part, frozen=True, kw_only=True):
    """What the model's own map is worth, measured on select films when the folder was made; see `hilum audit maps`."""

    method: str
    """The map that was measured: that of the graph's output `activation_map`."""
    reasons: tuple[str, ...]
    """Why the map is not a faithful explanation of the model; empty where nothing speaks against it."""
    notes: tuple[str, ...]
    """What is to be said beside it."""
    failed: tuple[FailedTest, ...] = ()
    """The tests that `reasons` tell of; older folders have none."""
    unknown: tuple[str, ...] = ()
    """What could not be told from so few films: the map is then neither shown to be one nor shown not to be."""
    films: int
    """Select films, one a patient."""
    rank: MeasuredFigure
    """Absolute rank correlation with the map of the network whose weights are all random: low is good."""
    sizes: MeasuredFigure
    """Rank correlation of the sizes of both maps' values, their signs left aside: low is good."""
    chance: float | None
    """The same with the map turned and moved at random."""
    deletion_gain: MeasuredFigure
    """Area under the deletion curve of a random map minus that of the map: above 0 is good."""
    insertion_gain: MeasuredFigure
    """Area under the insertion curve of the map minus that of a random map: above 0 is good."""
    blob_deletion_gain: MeasuredFigure
    """As `deletion_gain`, over a blob in the centre of the film."""
    blob_insertion_gain: MeasuredFigure
    """As `insertion_gain`, over a blob in the centre of the film."""

    @property
    def is_faithful(self) -> bool:
        """True where it passes: nothing speaks against the map, and nothing is unknown."""
        return self.standing == "passes"

    @property
    def standing(self) -> Standing:
        """What was found, in a word; what is not shown is no failure."""
        return standing_of(self.reasons, self.unknown)


class NormalMap(_Part, frozen=True, kw_only=True):
    """The mean activation map of normal fit films; the method `above-normal` is the map minus this.

    The mean over places of that difference is the logit minus the mean logit of these films.
    """

    rows: tuple[tuple[float, ...], ...]
    """h rows of w numbers, as the graph's output `activation_map` has them."""
    films: int


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
    """How the map is made, or why there is none; in words for people."""
    map_kind: MapKind | None = None
    """None in older folders: `activation_map` then says it, see `hilum.modelfolder.maps.has_exact_map`."""
    map_places: Places | None = None
    """Where on the film its places look; None in older folders: it is then stretched from edge to edge."""
    normal_map: NormalMap | None = None
    """None in older folders, where the map is not exact, and where there were too few normal fit films."""
    population: str
    faithfulness: Faithfulness | None = None
    """None in older folders, and where there were too few select films, or too few of a class."""
    files: dict[str, str]
    """SHA-256 of every other file of the folder, by name."""


def faithfulness_in_words(found: Faithfulness | None) -> str:
    """The label that stands beside a model's maps."""
    if found is None:
        return "not measured (hilum model finish measures it)"
    if found.standing == "passes":
        return f"passes the tests of {found.films} select films"
    if found.standing == "not shown":
        return f"{NOT_SHOWN} ({found.films}): {'; '.join(found.unknown)}"
    return f"{failing_label(found.failed, found.films)}: {'; '.join(found.reasons)}"


def standing_of(reasons: tuple[str, ...], unknown: tuple[str, ...]) -> Standing:
    """What follows where these reasons speak against a map and these things are not known of it."""
    if reasons:
        return "fails"
    return "not shown" if unknown else "passes"


def failing_label(failed: tuple[FailedTest, ...], films: int) -> str:
    """The label of a map that has not passed, with the tests that say so.

    The second kind can be corrected by a measure on more films, the first hardly.

    >>> failing_label(("random maps",), 32)
    'not a faithful explanation of this model (not shown to beat random maps on 32 films)'
    """
    words = {
        "randomisation": "fails the randomisation test",
        "random maps": f"not shown to beat random maps on {films} films",
    }
    return f"{NOT_FAITHFUL} ({' and '.join(words[one] for one in failed)})" if failed else NOT_FAITHFUL
