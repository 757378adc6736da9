"""The healthy chest: what each organ adds to or takes from the attenuation of the film.

Shapes are control points in chest coordinates (see `canvas`), put down by eye beside films of children of 1 to 5 years.
Attenuation is in units in which the heart over the spine comes near 1 and air is 0.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from hilum.datasets.phantom.canvas import Stencil, curve, ellipse, mirrored
from hilum.datasets.phantom.patients import Build, Pose

# Half of the trunk's outline, from the neck down to below the film.
_TRUNK = [
    (0.3, -1.1),
    (0.3, -0.4),
    (0.58, -0.26),
    (0.98, -0.15),
    (1.17, 0.1),
    (1.1, 0.45),
    (1.14, 0.9),
    (1.17, 1.4),
    (1.15, 2.6),
]
_ARM_DOWN = [(0.85, -0.12), (1.28, -0.14), (1.52, 0.25), (1.66, 1.4), (1.42, 1.4), (1.28, 0.45), (1.0, 0.25)]
_ARM_UP = [(0.8, 0.2), (1.12, 0.12), (1.75, -0.3), (2.2, -0.62), (2.1, -0.9), (1.5, -0.6), (0.9, -0.24)]
_ARMS = {False: mirrored(curve(_ARM_DOWN, is_closed=True)), True: mirrored(curve(_ARM_UP, is_closed=True))}
_SHAFTS = {
    False: mirrored(curve([(1.13, -0.02), (1.32, 0.28), (1.47, 0.85), (1.52, 1.5)])),
    True: mirrored(curve([(1.1, -0.06), (1.4, -0.24), (1.8, -0.48), (2.2, -0.74)])),
}
# The inner chest wall of one side from the medial apex down to the costophrenic angle.
_WALL = [
    (0.13, 0.3),
    (0.17, 0.08),
    (0.31, -0.03),
    (0.48, 0.06),
    (0.68, 0.28),
    (0.84, 0.58),
    (0.95, 0.92),
    (1.0, 1.2),
    (0.995, 1.41),
]
# The dome of the diaphragm from the costophrenic angle to the midline.
_DOME = [(0.88, 1.26), (0.66, 1.14), (0.42, 1.1), (0.2, 1.14), (0.0, 1.2)]
_HEART_RIGHT = [(-0.1, -0.5), (-0.12, 0.0), (-0.15, 0.3), (-0.18, 0.55), (-0.26, 0.8), (-0.25, 1.05), (-0.14, 1.3)]
_HEART_LEFT = [
    (0.3, 1.42),
    (0.58, 1.32),
    (0.66, 1.12),
    (0.57, 0.88),
    (0.42, 0.63),
    (0.26, 0.44),
    (0.21, 0.29),
    (0.15, 0.1),
    (0.1, -0.5),
]
_CLAVICLES = mirrored(curve([(0.1, 0.05), (0.28, 0.0), (0.52, -0.11), (0.9, -0.15)]))
_BLADE = [(0.74, -0.08), (1.04, -0.04), (1.04, 0.14), (0.9, 0.62), (0.82, 0.52), (0.78, 0.2)]
_BLADES = mirrored(curve(_BLADE, is_closed=True))
_TRACHEA = curve([(0.03, -0.9), (0.02, -0.2), (-0.02, 0.22)])
_BRONCHI = (curve([(-0.02, 0.2), (-0.12, 0.34), (-0.21, 0.46)]), curve([(-0.02, 0.2), (0.13, 0.37), (0.24, 0.47)]))
_WALL_X = ([-0.05, 0.06, 0.28, 0.58, 0.92, 1.2, 1.45, 1.8, 2.2], [0.36, 0.48, 0.68, 0.84, 0.95, 1.0, 1.03, 1.04, 1.04])

HILA = np.array([[-0.22, 0.52], [0.25, 0.49]])
"""Where the vessels enter the lungs, left and right in the image."""


@dataclass(frozen=True, slots=True)
class Chest:
    """The layers that later steps need: all (height, width) float32, in 0 to 1 but for `attenuation`."""

    attenuation: np.ndarray
    lungs: np.ndarray
    trunk: np.ndarray
    vessels: np.ndarray


def draw_chest(build: Build, pose: Pose) -> Chest:
    """The healthy chest of one patient in one pose."""
    trunk, soft_tissue = _soft_tissue(build, pose)
    lungs, depth, heart, abdomen = _cavities(build, pose)
    vessels, blur_of_vessels = _vessels(build, pose)
    bones = _ribs(build, pose) * (1 - 0.5 * abdomen - 0.25 * heart) + _girdle_and_spine(pose)
    attenuation = soft_tissue - 0.27 * depth - _gas(pose)
    attenuation += 0.17 * heart * (1 - abdomen) + 0.22 * abdomen + build.bone * bones
    attenuation += (0.07 * build.vessels) * lungs * (vessels + 0.8 * blur_of_vessels)
    return Chest(attenuation, lungs, trunk, vessels)


def _soft_tissue(build: Build, pose: Pose) -> tuple[np.ndarray, np.ndarray]:
    """The trunk's silhouette, and the attenuation of skin, fat and muscle with the arms and the jaw."""
    right = curve([(x, y + build.shoulder * (x > 0.3 and y < 0)) for x, y in _TRUNK])
    trunk = Stencil(pose.frame, 1).fill(np.concatenate([right, (right * [-1, 1])[::-1]]))
    arms = Stencil(pose.frame, 1).fill(_BLADES, 0.3).fill(_ARMS[pose.arms_up]).soft_layer(0.045)
    jaw = Stencil(pose.frame, 1).fill(ellipse(0.0, build.chin - 0.4, 0.52, 0.4)).soft_layer(0.03)
    silhouette = trunk.layer()
    thickness = 0.3 * trunk.soft_layer(0.03) + 0.7 * trunk.soft_layer(0.13)
    return silhouette, build.soft_tissue * (0.40 * thickness + 0.2 * arms * (1 - 0.55 * silhouette)) + 0.3 * jaw


def _cavities(build: Build, pose: Pose) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """Silhouette and depth of the lungs (free of heart and abdomen), of heart with mediastinum, and of the abdomen."""
    lungs, domes = Stencil(pose.frame), []
    for sign, lift in ((-1, build.dome_right), (1, build.dome_left)):
        fall = lift + pose.inspiration
        dome = curve([_WALL[-1], *((x, y + fall * (1 - 0.6 * (x > 0.8))) for x, y in _DOME)]) * [sign, 1]
        lungs.fill(np.concatenate([curve(_WALL) * [sign, 1], dome]))
        domes.append(dome)
    heart_outline = curve(_heart(build), is_closed=True)
    lungs.fill(heart_outline, 0.0)
    # Heart and abdomen fade out towards the neck and the loins, where no edge is seen.
    core = (
        Stencil(pose.frame, 1)
        .fill(np.array([(-1.02, -0.05), (1.02, -0.05), (1.02, 2.8), (-1.02, 2.8)]))
        .soft_layer(0.08)
    )
    floor = np.array([(1.3, 1.7), (1.3, 2.8), (-1.3, 2.8), (-1.3, 1.7)])
    abdomen = Stencil(pose.frame).fill(np.concatenate([domes[0], domes[1][::-1], floor])).layer() * core
    heart = Stencil(pose.frame).fill(heart_outline).layer() * core
    air = lungs.layer()
    return air, air * (0.5 + 0.62 * lungs.soft_layer(0.12)), heart, abdomen


def _heart(build: Build) -> np.ndarray:
    """Control points of heart and mediastinum: size, lean, and the thymus of a small child above it."""
    points = np.array(_HEART_RIGHT + _HEART_LEFT)
    below = np.clip((points[:, 1] - 0.35) / 0.5, 0, 1)
    points[:, 0] = points[:, 0] * (1 + (build.heart_size - 1) * below) + build.heart_lean * below
    at_thymus = np.exp(-(((points[:, 1] - 0.2) / 0.3) ** 2)) * (points[:, 0] * build.thymus > 0)
    points[:, 0] += build.thymus * at_thymus
    return points


def _ribs(build: Build, pose: Pose) -> np.ndarray:
    """Eleven pairs: a posterior band from spine to wall, and a fainter anterior one from there down and inwards."""
    t = np.linspace(0, 1, 13)[None, :]
    number = np.arange(11)[:, None]
    start = -0.13 + 0.136 * number
    drop = (0.09 + 0.017 * number) * build.rib_slope
    wall_y = start + drop + 0.02
    wall_x = np.interp(wall_y, *_WALL_X) + 0.01
    outwards = 0.1 + (wall_x - 0.1) * np.sin(t * np.pi / 2) ** 0.9
    inwards = wall_x - (wall_x - 0.4) * t**1.2
    fall = (0.2 + 0.02 * number) * build.rib_slope
    posterior = np.stack([outwards, start - 0.035 * np.sin(np.pi * t) + (wall_y - start) * t**2.6], axis=-1)
    anterior = np.stack([inwards, wall_y + fall * np.sin(t * np.pi / 2) ** 1.1], axis=-1)
    width = build.rib_width
    return 0.11 * _tubes(pose, posterior, width, 0.55) + 0.065 * _tubes(pose, anterior, width * 0.92, 0.65)


def _tubes(pose: Pose, paths: np.ndarray, width: float, marrow: float) -> np.ndarray:
    """Bands on both sides with a bright rim (cortex) and a `marrow` as bright as given."""
    both = np.concatenate([paths, paths * [-1.0, 1.0]])
    return Stencil(pose.frame).band(both, width).band(both, width * 0.55, marrow).layer()


def _girdle_and_spine(pose: Pose) -> np.ndarray:
    """Clavicles and upper arms; vertebral bodies with end plates and pedicles, and darker discs between them."""
    bones = Stencil(pose.frame).band(_SHAFTS[pose.arms_up], 0.15, 0.85).band(_SHAFTS[pose.arms_up], 0.08, 0.5)
    bones.fill(mirrored(ellipse(1.1, -0.05, 0.09, 0.09)), 0.9)
    bones.fill(np.array([(-0.11, -1.2), (0.11, -1.2), (0.13, 2.6), (-0.13, 2.6)]), 0.45)
    middle = np.arange(-0.95, 1.9, 0.122)[:, None, None]
    shift = np.concatenate([np.zeros_like(middle), middle], axis=-1)
    corners = np.array([(-0.125, -0.046), (0.125, -0.046), (0.113, 0), (0.125, 0.042), (-0.125, 0.042), (-0.113, 0)])
    bones.fill(corners + shift, 0.8)
    bones.fill(np.array([(-0.12, -0.05), (0.12, -0.05), (0.12, -0.034), (-0.12, -0.034)]) + shift, 1.0)
    bones.fill(ellipse(0.07, -0.012, 0.02, 0.026, 8) + shift).fill(ellipse(-0.07, -0.012, 0.02, 0.026, 8) + shift)
    return 0.125 * bones.band(_CLAVICLES, 0.06).band(_CLAVICLES, 0.03, 0.65).layer()


def _gas(pose: Pose) -> np.ndarray:
    """Trachea, main bronchi, and the gas of stomach and gut, as attenuation to take away."""
    gas = Stencil(pose.frame, 1).band(_TRACHEA, 0.1, 0.8).band(_BRONCHI[0], 0.055, 0.55).band(_BRONCHI[1], 0.055, 0.55)
    place = 1.44 + pose.inspiration
    gas.fill(ellipse(0.52, place, *pose.stomach)).fill(ellipse(0.15, place + 0.28, 0.16, 0.08), 0.6)
    return 0.11 * gas.soft_layer(0.018)


def _vessels(build: Build, pose: Pose) -> tuple[np.ndarray, np.ndarray]:
    """Lines that branch from the hila outwards, thinner and fainter, sharp and blurred: one tree for each patient."""
    rng = np.random.default_rng(build.anatomy_seed)
    angle = np.concatenate([np.pi - np.linspace(-1.3, 1.4, 6), np.linspace(-1.3, 1.4, 6)])
    angle += rng.normal(0, 0.12, angle.shape)
    place = np.repeat(HILA, 6, axis=0) + rng.normal(0, 0.03, (12, 2))
    stencil, width, amount = Stencil(pose.frame), 0.028, 1.0
    for _generation in range(5):
        steps = rng.uniform(0.035, 0.075, angle.shape)
        path = [place]
        for _step in range(3):
            angle = angle + rng.normal(0, 0.2, angle.shape)
            place = place + steps[:, None] * np.stack([np.cos(angle), np.sin(angle)], axis=-1)
            path.append(place)
        stencil.lines(np.stack(path, axis=1), width, amount)
        fork = rng.uniform(0.15, 0.6, angle.shape)
        place, angle = np.concatenate([place, place]), np.concatenate([angle + fork, angle - fork])
        width, amount = width * 0.7, amount * 0.82
    return stencil.layer(), stencil.soft_layer(0.03)
