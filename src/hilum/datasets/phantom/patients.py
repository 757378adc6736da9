"""Who is drawn: the build of a phantom patient, which stays, and the pose of each film, which varies."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from hilum.datasets.phantom.canvas import Frame

KINDS = ("normal", "bacteria", "normal", "virus")
"""The kinds of four patients in a row: half are normal."""


@dataclass(frozen=True, slots=True)
class Build:
    """What all films of one patient share; lengths in chest units, strengths around 1."""

    kind: str
    films: int
    aspect: float
    chest_length: float
    heart_size: float
    heart_lean: float
    dome_right: float
    dome_left: float
    rib_width: float
    rib_slope: float
    bone: float
    soft_tissue: float
    thymus: float
    chin: float
    vessels: float
    shoulder: float
    severity: float
    anatomy_seed: int


@dataclass(frozen=True, slots=True)
class Pose:
    """What changes from film to film: how the patient lay, how the film was exposed, what lies over the chest."""

    frame: Frame
    inspiration: float
    arms_up: bool
    stomach: tuple[float, float]
    brightness: float
    contrast: float
    grain: float
    tilt_of_exposure: tuple[float, float]
    margins_px: tuple[int, int, int, int]
    jpeg_quality: int


def draw_build(seed: int, patient: int) -> Build:
    """The build of patient number `patient` (from 0); the same for every number of patients drawn."""
    rng = np.random.default_rng(np.random.SeedSequence((seed, patient + 1)))
    kind = KINDS[patient % len(KINDS)]
    return Build(
        kind=kind,
        films=_number_of_films(rng, kind),
        aspect=float(rng.uniform(1.12, 1.5)),
        chest_length=float(rng.uniform(0.88, 1.12)),
        heart_size=float(np.clip(rng.normal(1.0, 0.08), 0.85, 1.22)),
        heart_lean=float(rng.normal(0.0, 0.03)),
        dome_right=float(rng.normal(0.0, 0.05)),
        dome_left=float(rng.normal(0.03, 0.05)),
        rib_width=float(rng.uniform(0.048, 0.066)),
        rib_slope=float(rng.uniform(0.75, 1.35)),
        bone=float(rng.uniform(0.7, 1.2)),
        soft_tissue=float(rng.uniform(0.85, 1.15)),
        thymus=float(rng.random() < 0.35) * float(rng.choice([-1, 1]) * rng.uniform(0.04, 0.15)),
        chin=float(rng.uniform(-0.95, -0.4)),
        vessels=float(rng.uniform(0.6, 1.25)),
        shoulder=float(rng.normal(0.0, 0.05)),
        severity=float(rng.beta(2.4, 1.4)),
        anatomy_seed=int(rng.integers(2**32)),
    )


def _number_of_films(rng: np.random.Generator, kind: str) -> int:
    """Normal patients mostly have one film, patients with pneumonia up to six, as in the Kermany films."""
    chances = [0.54, 0.3, 0.11, 0.05] if kind == "normal" else [0.5, 0.24, 0.14, 0.08, 0.03, 0.01]
    return int(rng.choice(len(chances), p=chances)) + 1


def draw_pose(rng: np.random.Generator, build: Build, side: int) -> Pose:
    """One film's pose: `side` is the longer side of the film in pixels."""
    width, height = side, round(side / build.aspect)
    unit = min(width * 0.39, height * 0.52) * float(rng.uniform(0.88, 1.06))
    frame = Frame(
        width_px=width,
        height_px=height,
        centre_x_px=width * float(rng.normal(0.5, 0.02)),
        apex_y_px=height * float(rng.uniform(0.12, 0.23)),
        unit_px=unit,
        stretch=build.chest_length,
        tilt=float(rng.normal(0, 0.035)),
        turn=float(rng.normal(0, 0.045)),
    )
    return Pose(
        frame=frame,
        inspiration=float(np.clip(rng.normal(0, 0.06), -0.16, 0.1)),
        arms_up=bool(rng.random() < 0.45),
        stomach=(float(rng.uniform(0.1, 0.3)), float(rng.uniform(0.06, 0.16))),
        brightness=float(rng.normal(118, 17)),
        contrast=float(rng.uniform(40, 62)),
        grain=float(rng.gamma(4.0, 0.55)),
        tilt_of_exposure=(float(rng.normal(0, 0.035)), float(rng.normal(0, 0.035))),
        margins_px=_margins(rng, width, height),
        jpeg_quality=int(rng.integers(70, 93)),
    )


def _margins(rng: np.random.Generator, width: int, height: int) -> tuple[int, int, int, int]:
    """Width of the unexposed border left, top, right and bottom: on most films none."""
    if rng.random() < 0.6:
        return (0, 0, 0, 0)
    share = rng.uniform(0, 0.05, 4) * (rng.random(4) < 0.6)
    left, top, right, bottom = (share * [width, height, width, height]).astype(int).tolist()
    return (left, top, right, bottom)
