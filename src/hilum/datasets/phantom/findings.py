"""What lies over the healthy chest: opacities of pneumonia, whose place is known, and overlays that are no disease."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from hilum.datasets.phantom.anatomy import HILA, Chest
from hilum.datasets.phantom.canvas import Frame, Stencil, curve, ellipse, mottle
from hilum.datasets.phantom.patients import Build, Pose

# Where consolidations sit, in chest coordinates: upper, middle and lower zones of the lungs.
_ZONES = np.array([(-0.5, 0.32), (-0.45, 0.82), (-0.64, 1.02), (-0.36, 0.62), (0.48, 0.34), (0.74, 1.0), (0.52, 0.62)])

# How often an overlay lies over a chest: (without pneumonia, with pneumonia).
_OFTEN = {
    "fold": (0.3, 0.18),
    "blade": (0.4, 0.3),
    "shadow": (0.34, 0.14),
    "elsewhere": (0.55, 0.4),
    "electrode": (0.08, 0.08),
}


@dataclass(frozen=True, slots=True)
class Opacity:
    """The place of one opacity as an ellipse, in pixels of the film; it is drawn where that lies over a lung.

    Attributes:
        kind: "consolidation" of bacterial pneumonia; "patch", or "haze" around a hilum, of viral pneumonia.
    """

    centre_x: float
    centre_y: float
    radius_x: float
    radius_y: float
    kind: str


@dataclass(frozen=True, slots=True)
class Findings:
    """Attenuation to add, (height, width) float32, and the place of what was added."""

    attenuation: np.ndarray
    opacities: tuple[Opacity, ...]


def draw_pneumonia(rng: np.random.Generator, build: Build, pose: Pose, chest: Chest) -> Findings:
    """Opacities of the patient's kind: one or two lobar ones, or haze and patches in both lungs, or none."""
    if build.kind == "bacteria":
        return _consolidation(rng, build, pose, chest)
    if build.kind == "virus":
        return _haze(rng, build, pose, chest)
    return Findings(np.zeros_like(chest.lungs), ())


def _consolidation(rng: np.random.Generator, build: Build, pose: Pose, chest: Chest) -> Findings:
    """Air replaced by fluid in a part of a lobe, with open bronchi as dark lines where it is dense."""
    anatomy = np.random.default_rng(build.anatomy_seed + 1)
    layer, places = np.zeros_like(chest.lungs), []
    zones = anatomy.permutation(len(_ZONES))[: 1 + (anatomy.random() < 0.4)]
    for zone in _ZONES[zones]:
        radii = anatomy.uniform(0.28, 0.44, 2) * (0.75 + 0.6 * build.severity) * [1.1, 1.0]
        place = _place_in_lungs(rng, "consolidation", zone, 0.05, radii, pose.frame, chest)
        density = (0.1 + 0.16 * build.severity) * rng.uniform(0.85, 1.15)
        layer += density * _cloud(rng, place, chest.lungs.shape, roughness=0.28)
        places.append(place)
        if build.severity > 0.55:
            layer -= 0.05 * _bronchograms(rng, zone, pose.frame) * (layer > 0.05)
    return Findings(layer * chest.lungs, tuple(places))


def _bronchograms(rng: np.random.Generator, zone: np.ndarray, frame: Frame) -> np.ndarray:
    """Air-filled bronchi from the hilum into the consolidation."""
    hilum = HILA[int(zone[0] > 0)]
    ends = zone + rng.normal(0, 0.12, (4, 2))
    middles = (hilum + ends) / 2 + rng.normal(0, 0.03, (4, 2))
    paths = np.stack([np.broadcast_to(hilum, ends.shape), middles, ends], axis=1)
    return Stencil(frame, 1).lines(paths, 0.022).soft_layer(0.008)


def _haze(rng: np.random.Generator, build: Build, pose: Pose, chest: Chest) -> Findings:
    """Haze around both hila, thickened bronchial walls and scattered patches."""
    anatomy = np.random.default_rng(build.anatomy_seed + 1)
    strength = 0.35 + 0.65 * build.severity
    layer, places = 0.05 * strength * chest.vessels, []
    for hilum in HILA:
        middle, radii = hilum + np.array([np.sign(hilum[0]) * 0.12, 0.12]), np.array([0.34, 0.45])
        around = _ellipse_px(pose.frame, middle, radii, "haze")
        layer += 0.07 * strength * _cloud(rng, around, layer.shape, roughness=0.3)
        places.append(around)
    for number in range(int(anatomy.integers(6, 12))):
        side = 1 if number % 2 else -1
        zone = anatomy.normal([side * 0.42, 0.68], [0.16, 0.26])
        place = _place_in_lungs(rng, "patch", zone, 0.02, anatomy.uniform(0.07, 0.17, 2), pose.frame, chest)
        layer += (0.03 + 0.08 * strength * anatomy.random()) * _cloud(rng, place, layer.shape, roughness=0.35)
        places.append(place)
    return Findings(layer * chest.lungs, tuple(places))


def _place_in_lungs(
    rng: np.random.Generator, kind: str, zone: np.ndarray, spread: float, radii: np.ndarray, frame: Frame, chest: Chest
) -> Opacity:
    """An ellipse near `zone` (chest units) whose centre is well inside a lung."""
    for _attempt in range(20):
        place = _ellipse_px(frame, zone + rng.normal(0, spread, 2), radii, kind)
        x, y = round(place.centre_x), round(place.centre_y)
        if 0 <= x < frame.width_px and 0 <= y < frame.height_px and chest.lungs[y, x] > 0.95:
            return place
        spread += 0.02
    rows, columns = np.nonzero(chest.lungs > 0.95)
    chosen = int(rng.integers(len(rows)))
    return replace(place, centre_x=float(columns[chosen]), centre_y=float(rows[chosen]))


def _ellipse_px(frame: Frame, centre: np.ndarray, radii: np.ndarray, kind: str) -> Opacity:
    x, y = frame.to_pixels(centre)
    across, down = radii[0] * frame.unit_px, radii[1] * frame.unit_px * frame.stretch
    return Opacity(float(x), float(y), float(across), float(down), kind)


def _cloud(rng: np.random.Generator, place: Opacity, shape: tuple[int, int], roughness: float) -> np.ndarray:
    """A soft, uneven cloud that fades out at the ellipse: 1 in the middle, 0 outside; (height, width) float32."""
    cloud = np.zeros(shape, dtype=np.float32)
    rows = slice(
        max(0, int(place.centre_y - 1.5 * place.radius_y)), max(0, int(place.centre_y + 1.5 * place.radius_y) + 1)
    )
    columns = slice(
        max(0, int(place.centre_x - 1.5 * place.radius_x)), max(0, int(place.centre_x + 1.5 * place.radius_x) + 1)
    )
    part = cloud[rows, columns]
    if min(part.shape) < 2:
        return cloud
    y = (np.arange(part.shape[0], dtype=np.float32) + rows.start - place.centre_y) / place.radius_y
    x = (np.arange(part.shape[1], dtype=np.float32) + columns.start - place.centre_x) / place.radius_x
    distance = np.sqrt(x[None, :] ** 2 + y[:, None] ** 2) + roughness * mottle(rng, part.shape, 6)
    fading = np.clip((1.15 - distance) / 0.75, 0, 1)
    part[:] = fading * fading * (3 - 2 * fading)
    return cloud


def draw_overlays(rng: np.random.Generator, build: Build, pose: Pose, chest: Chest) -> np.ndarray:
    """What is no pneumonia: folds of skin, shoulder blades, soft shadows, clouds outside the lungs, electrodes.

    They are somewhat more frequent over chests without pneumonia, so that brightness alone does not tell.
    """
    draws = {"fold": _fold, "blade": _blade, "shadow": _shadow, "elsewhere": _elsewhere, "electrode": _electrode}
    layer = np.zeros_like(chest.lungs)
    for name, draw in draws.items():
        if rng.random() < _OFTEN[name][build.kind != "normal"]:
            layer += draw(rng, pose.frame)
    shown: np.ndarray = layer * chest.trunk
    return shown


def _fold(rng: np.random.Generator, frame: Frame) -> np.ndarray:
    """A fold of skin: brighter on the outer side of a line down the side of the chest."""
    side = rng.choice([-1, 1])
    line = curve(
        [(rng.uniform(0.6, 0.9), -0.3), (rng.uniform(0.62, 0.85), 0.6), (rng.uniform(0.7, 0.95), 1.6), (1.0, 2.8)]
    )
    fold = Stencil(frame).fill(np.concatenate([line, [(1.5, 2.8), (1.5, -0.3)]]) * [side, 1])
    return float(rng.uniform(0.02, 0.05)) * fold.layer()


def _blade(rng: np.random.Generator, frame: Frame) -> np.ndarray:
    """Shoulder blades that were not turned out of the lungs."""
    inwards = rng.uniform(0.06, 0.22)
    outline = np.array([(0.7, 0.0), (1.0, -0.04), (1.06, 0.3), (0.9, 0.75), (0.8, 0.6), (0.72, 0.25)]) - [inwards, 0]
    blades = Stencil(frame, 1).fill(np.stack([curve(outline, is_closed=True) * [side, 1] for side in (-1, 1)]))
    return float(rng.uniform(0.02, 0.045)) * blades.soft_layer(0.015)


def _shadow(rng: np.random.Generator, frame: Frame) -> np.ndarray:
    """A soft shadow of muscle, clothes or a hand over the lower half of the chest, on one side or both."""
    x, y = rng.uniform(0.45, 0.75), rng.uniform(0.8, 1.1)
    outline = ellipse(x, y, rng.uniform(0.25, 0.45), rng.uniform(0.2, 0.35))
    sides = [(-1,), (1,), (-1, 1), (-1, 1)][int(rng.integers(4))]
    shadow = Stencil(frame, 1).fill(np.stack([outline * [side, 1] for side in sides]))
    return float(rng.uniform(0.025, 0.07)) * shadow.soft_layer(rng.uniform(0.03, 0.1))


def _elsewhere(rng: np.random.Generator, frame: Frame) -> np.ndarray:
    """A cloud as dense as a consolidation, over the abdomen, the neck or an armpit."""
    x, y = [
        (rng.uniform(-0.7, 0.7), 1.65),
        (rng.uniform(-0.3, 0.3), -0.4),
        (rng.choice([-1, 1]) * 1.12, rng.uniform(0.2, 1.2)),
    ][int(rng.integers(3))]
    place = _ellipse_px(frame, np.array([x, y]), rng.uniform(0.12, 0.3, 2), "elsewhere")
    return float(rng.uniform(0.04, 0.12)) * _cloud(rng, place, (frame.height_px, frame.width_px), roughness=0.3)


def _electrode(rng: np.random.Generator, frame: Frame) -> np.ndarray:
    """An electrode with its wire."""
    x, y = rng.uniform(-0.9, 0.9), rng.uniform(0.0, 1.4)
    wire = curve([(x, y), (x * 0.9 + 0.1, y + 0.35), (x + rng.normal(0, 0.3), 2.4)])
    return 0.16 * Stencil(frame).lines(wire[None], 0.012, 0.8).fill(ellipse(x, y, 0.045, 0.04)).layer()
