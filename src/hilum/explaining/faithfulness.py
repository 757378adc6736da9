"""What was measured of a model's maps; values only, without torch. What follows from it says `verdict.py`."""

from __future__ import annotations

from dataclasses import asdict, dataclass, replace
from typing import Any, Final

from hilum.attribution.evidence import EvidenceMap, Square
from hilum.metrics import Estimate
from hilum.modelfolder.schema import NOT_SHOWN, FailedTest, Standing, failing_label, standing_of
from hilum.provenance import Provenance

RANDOM: Final = "random"
CENTRE_BLOB: Final = "centre blob"
CONTROLS: Final = (RANDOM, CENTRE_BLOB)
"""Maps that know nothing of the model, which each method is held against."""

ALL_FILMS: Final = "all films"
ANSWERED_PNEUMONIA: Final = "answered pneumonia"
ANSWERED_NORMAL: Final = "answered normal"
"""Groups of films: whatever was answered, and those of each answer."""

PASSES: Final = "passes"


@dataclass(frozen=True, slots=True)
class Curves:
    """The probability of the answered class while a film is covered, or uncovered, in the order of a map.

    Args:
        order: the method whose map gives the order, or one of `CONTROLS`.
        shares: (k,) of the film that is covered, or uncovered, from 0 to 1.
        deletion: (k,) mean over films as the places that speak most for the answer are covered first.
        insertion: (k,) mean over films as they are uncovered first, from a blurred film on.
        deletion_area, insertion_area: under these curves; a low one is good in deletion, a high one in insertion.
    """

    order: str
    shares: tuple[float, ...]
    deletion: tuple[float, ...]
    insertion: tuple[float, ...]
    deletion_area: Estimate
    insertion_area: Estimate


@dataclass(frozen=True, slots=True)
class Gain:
    """By how much the areas under a method's curves are better than those of a control on the same films.

    Args:
        control: one of `CONTROLS`.
        films, number: which films, such as `ALL_FILMS`, and how many these are.
        deletion, insertion: the difference of the areas; above 0 where the method is better.
    """

    control: str
    films: str
    number: int
    deletion: Estimate
    insertion: Estimate


@dataclass(frozen=True, slots=True)
class CascadeStep:
    """How alike a map and that of the network with some layers made random are.

    Args:
        down_to, layers: the last layer that was made random, counted from the logit, and how many are by then.
        rank: mean absolute Spearman correlation with the trained network's map; 1 where nothing changed.
        sizes: mean Spearman correlation of the sizes of both maps' values, which leaves the signs aside: what the eye
            takes for the same picture, though every sign is by chance.
        structure: mean structural similarity, sign left aside; likewise.
    """

    down_to: str
    layers: int
    rank: Estimate
    sizes: Estimate
    structure: Estimate


@dataclass(frozen=True, slots=True)
class Randomisation:
    """The test of Adebayo et al. 2018: a map of what was learned must change when that is forgotten.

    Args:
        steps: from the logit down to the first layer; in the last every layer is random.
        layers, draws: of the network in all; of random weights, over which figures are means.
        chance: mean absolute Spearman correlation of the trained network's map with the same map turned and moved at
            random: what maps of such coarseness have in common when they have nothing in common.
    """

    steps: tuple[CascadeStep, ...]
    layers: int
    draws: int
    chance: Estimate

    @property
    def last(self) -> CascadeStep:
        """The step in which every layer is random."""
        return self.steps[-1]


@dataclass(frozen=True, slots=True, eq=False)
class Example:
    """A film with its map, and what becomes of that in the cascade; for pages, not for JSON: it shows a patient.

    Args:
        path, label: of the film in its data set.
        probability: calibrated, of pneumonia.
        square, evidence: (side, side) uint8, and (h, w) the trained network's map.
        cascade: one map a step of `Randomisation.steps`, of the first draw; empty where there was no such test.
    """

    path: str
    label: str
    probability: float
    square: Square
    evidence: EvidenceMap
    cascade: tuple[EvidenceMap, ...] = ()


@dataclass(frozen=True, slots=True)
class Verdict:
    """Whether a map may be called an explanation of its model.

    Args:
        reasons: why not; empty where nothing speaks against it.
        notes: what must be said beside it, also where it passes.
        failed: the tests that `reasons` tell of.
        unknown: what so few films cannot tell.
        films: that were looked at.
    """

    reasons: tuple[str, ...]
    notes: tuple[str, ...] = ()
    failed: tuple[FailedTest, ...] = ()
    unknown: tuple[str, ...] = ()
    films: int = 0

    @property
    def standing(self) -> Standing:
        """In a word; what is not shown is no failure."""
        return standing_of(self.reasons, self.unknown)

    @property
    def is_faithful(self) -> bool:
        """True where nothing speaks against it, and nothing is unknown."""
        return self.standing == "passes"

    @property
    def in_words(self) -> str:
        """The label that stands beside such maps."""
        if self.standing == "fails":
            return failing_label(self.failed, self.films)
        return PASSES if self.is_faithful else NOT_SHOWN


@dataclass(frozen=True, slots=True)
class MethodFaithfulness:
    """What was measured of one method on one model.

    Args:
        method, in_words: its name, such as "map", and how it makes a map.
        layer: that it looks at; "" where it looks at none.
        curves: of the method, then of each of `CONTROLS`.
        gains: over each of `CONTROLS`, on all films and on those of each answer that was given.
        randomisation: None where it was not asked for.
        lung_box: mean share of a map's evidence, for and against taken as sizes, that lies in the box; `lung_box_for`
            of the evidence for pneumonia, on films that are answered pneumonia.
        stability: mean Spearman correlation of the map with those of the film moved by a few pixels, moved back.
        verdict: what follows.
        examples: films to look at.
    """

    method: str
    layer: str
    in_words: str
    curves: tuple[Curves, ...]
    gains: tuple[Gain, ...]
    randomisation: Randomisation | None
    lung_box: Estimate
    lung_box_for: Estimate
    stability: Estimate
    verdict: Verdict
    examples: tuple[Example, ...] = ()

    def gain(self, control: str, films: str = ALL_FILMS) -> Gain | None:
        """The gain over a control on a group of films; None where there are no such films."""
        return next((one for one in self.gains if (one.control, one.films) == (control, films)), None)


@dataclass(frozen=True, slots=True)
class Agreement:
    """How alike the maps of two methods are.

    Args:
        first, second: names of the methods.
        rank: mean Spearman correlation over films; 1 where both put all places in one order.
    """

    first: str
    second: str
    rank: Estimate


@dataclass(frozen=True, slots=True)
class MapsAudit:
    """What `hilum audit maps` found.

    Args:
        data_name, fingerprint: of the data set, and of the films looked at.
        chosen: which films these are, in words; `films` and `patients` say how many.
        pneumonia, normal: films labelled so; `answered_...` those for which that class has the larger probability.
        model, model_hash: its name, and the hash of its folder.
        side: of the squares, in pixels.
        lung_box: left, top, right and bottom as shares of the film.
        lung_box_area: share of the film that it covers, which is what an even map would have in it.
        methods: one each, in the order asked for.
        agreement: of each two of them.
        left_out: methods that this model does not offer, with the reason.
        seed, made: of what was drawn; command, commit, version, time.
    """

    data_name: str
    fingerprint: str
    chosen: str
    films: int
    patients: int
    pneumonia: int
    normal: int
    answered_pneumonia: int
    answered_normal: int
    model: str
    model_hash: str
    side: int
    lung_box: tuple[float, float, float, float]
    lung_box_area: float
    methods: tuple[MethodFaithfulness, ...]
    agreement: tuple[Agreement, ...]
    left_out: tuple[tuple[str, str], ...]
    seed: int
    made: Provenance

    def as_json(self) -> dict[str, Any]:
        """The same as a JSON object, without the examples: those show patients."""
        bare = replace(self, methods=tuple(replace(one, examples=()) for one in self.methods))
        values = asdict(bare)
        for one, method in zip(values["methods"], self.methods, strict=True):
            del one["examples"]
            verdict = method.verdict
            one["verdict"] |= {
                "standing": verdict.standing, "is_faithful": verdict.is_faithful, "in_words": verdict.in_words
            }  # fmt: skip
        return {"kind": "maps", **values}
