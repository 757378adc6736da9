"""One phantom film: chest, findings and overlays, exposed, with grain, marker and border, as 8-bit grey."""

from __future__ import annotations

import io
from dataclasses import dataclass

import numpy as np
from PIL import Image, ImageDraw

from hilum.datasets.phantom.anatomy import draw_chest
from hilum.datasets.phantom.canvas import mottle
from hilum.datasets.phantom.findings import Opacity, draw_overlays, draw_pneumonia
from hilum.datasets.phantom.patients import Pose, draw_build, draw_pose

# The letters on a film as strokes in a box of 1 by 1.
_LETTERS = {
    "R": (((0, 1), (0, 0), (0.6, 0), (0.75, 0.15), (0.75, 0.35), (0.6, 0.5), (0, 0.5)), ((0.3, 0.5), (0.78, 1))),
    "L": (((0, 0), (0, 1), (0.7, 1)),),
}


def _tones() -> np.ndarray:
    """Toe and shoulder of the film, as a table over grey -100 to 400 in quarters: no cut at black or white."""
    grey = np.arange(-100, 400, 0.25)
    toe = 30 * np.exp((np.minimum(grey, 30) - 30) / 30)
    shoulder = 215 + 35 * np.tanh((np.maximum(grey, 215) - 215) / 35)
    return np.where(grey < 30, toe, np.where(grey > 215, shoulder, grey)).astype(np.float32)


_TONES = _tones()


@dataclass(frozen=True, slots=True)
class PhantomFilm:
    """A drawn film and what is known about it.

    Attributes:
        pixels: (height, width) uint8.
        is_lung: (height, width) bool: where air-filled lung is seen, free of heart and diaphragm.
        opacities: where pneumonia was drawn; empty on a normal film.
        jpeg_quality: to store it with; independent of the class, so that file sizes tell nothing.
    """

    pixels: np.ndarray
    is_lung: np.ndarray
    opacities: tuple[Opacity, ...]
    jpeg_quality: int

    def jpeg(self) -> bytes:
        """The film as a grey JPEG."""
        file = io.BytesIO()
        Image.fromarray(self.pixels).save(file, "JPEG", quality=self.jpeg_quality)
        return file.getvalue()


def draw_film(seed: int, patient: int, film: int, side: int = 320) -> PhantomFilm:
    """Film number `film` (from 0) of patient number `patient` (from 0); the same arguments give the same film.

    Args:
        seed: of the whole collection.
        patient: its kind follows from the number: see `patients.KINDS`.
        film: numbers beyond the patient's own count work too.
        side: width in pixels; the height follows from the patient's build.
    """
    build = draw_build(seed, patient)
    rng = np.random.default_rng(np.random.SeedSequence((seed, patient + 1, film + 1)))
    pose = draw_pose(rng, build, side)
    chest = draw_chest(build, pose)
    findings = draw_pneumonia(rng, build, pose, chest)
    attenuation = chest.attenuation + findings.attenuation + draw_overlays(rng, build, pose, chest)
    attenuation += 0.006 * mottle(rng, chest.lungs.shape, 48) * chest.lungs
    attenuation += 0.012 * mottle(rng, chest.lungs.shape, 7) * chest.trunk
    pixels = _finish(_expose(attenuation, pose), rng, pose)
    return PhantomFilm(pixels, chest.lungs > 0.5, findings.opacities, pose.jpeg_quality)


def _expose(attenuation: np.ndarray, pose: Pose) -> np.ndarray:
    """Grey levels: mean and deviation are brought to those of the pose, as a digital detector does by itself."""
    height, width = attenuation.shape
    sideways, downwards = pose.tilt_of_exposure
    uneven = np.linspace(-sideways, sideways, width)[None, :] + np.linspace(-downwards, downwards, height)[:, None]
    exposed = _through_focus(np.maximum(attenuation, 0) + uneven.astype(np.float32) * (attenuation > 0.03))
    grey = pose.brightness + pose.contrast * (exposed - exposed.mean()) / exposed.std()
    toned: np.ndarray = _TONES[np.clip(grey * 4 + 400, 0, len(_TONES) - 1).astype(np.int16)]
    return toned


def _through_focus(layer: np.ndarray) -> np.ndarray:
    """The small blur of the X-ray tube's focus: weights 1, 2, 1 in both directions."""
    blurred = layer.copy()
    blurred[:, 1:-1] = (layer[:, :-2] + 2 * layer[:, 1:-1] + layer[:, 2:]) / 4
    layer = blurred.copy()
    blurred[1:-1] = (layer[:-2] + 2 * layer[1:-1] + layer[2:]) / 4
    return blurred


def _finish(grey: np.ndarray, rng: np.random.Generator, pose: Pose) -> np.ndarray:
    """Grain, the marker of the side and the unexposed border."""
    noise = rng.standard_normal(grey.shape, dtype=np.float32)
    grey = grey + (pose.grain * 0.8) * (noise + 0.5 * np.roll(noise, 1, axis=1))
    image = Image.fromarray(np.clip(grey + 0.5, 0, 255).astype(np.uint8))
    _mark(image, rng)
    left, top, right, bottom = pose.margins_px
    border = ImageDraw.Draw(image)
    width, height = image.size
    for box in (
        (0, 0, left, height),
        (0, 0, width, top),
        (width - right, 0, width, height),
        (0, height - bottom, width, height),
    ):
        if box[2] > box[0] and box[3] > box[1]:
            border.rectangle((box[0], box[1], box[2] - 1, box[3] - 1), fill=int(rng.integers(2, 10)))
    return np.asarray(image)


def _mark(image: Image.Image, rng: np.random.Generator) -> None:
    """Put an R on the left of the image or an L on its right, on most films; nothing about it follows the class."""
    letter = "R" if rng.random() < 0.8 else "L"
    size = float(rng.uniform(0.03, 0.055)) * image.width
    across, down = rng.uniform(0.02, 0.07), rng.uniform(0.04, 0.55)
    if rng.random() < 0.1:
        return
    x = across * image.width if letter == "R" else (1 - across) * image.width - 0.7 * size
    draw = ImageDraw.Draw(image)
    for stroke in _LETTERS[letter]:
        points = [(x + 0.75 * size * a, down * image.height + size * b) for a, b in stroke]
        draw.line(points, fill=int(rng.integers(205, 250)), width=max(1, round(size / 7)))
