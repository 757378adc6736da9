"""From chest coordinates to pixels: the frame of a film, and the stencils that anatomy is drawn through.

Chest coordinates: x runs to the right of the image (the patient's left), y runs down; the spine is x = 0, the tops of
the lungs are near y = 0, and the inner chest wall is near x = -1 and x = 1. All layers are (height, width) float32.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from PIL import Image, ImageDraw, ImageFilter

_ONE_LEVEL = np.float32(1 / 255)


@dataclass(frozen=True, slots=True)
class Frame:
    """Where the chest lies on the film.

    Attributes:
        unit_px: half the inner width of the chest, in pixels; lengths in y are `stretch` times that.
        tilt: of the spine, in radians.
        turn: rotation of the patient about the spine, as the shift of the midline in chest units.
    """

    width_px: int
    height_px: int
    centre_x_px: float
    apex_y_px: float
    unit_px: float
    stretch: float = 1.0
    tilt: float = 0.0
    turn: float = 0.0

    def to_pixels(self, points: np.ndarray) -> np.ndarray:
        """(..., 2) chest coordinates to (..., 2) pixels."""
        x, y = points[..., 0], points[..., 1] * self.stretch
        x = x + self.turn * np.clip(1 - x * x, 0, 1)
        cosine, sine = np.cos(self.tilt), np.sin(self.tilt)
        return np.stack(
            [
                self.centre_x_px + self.unit_px * (cosine * x - sine * y),
                self.apex_y_px + self.unit_px * (sine * x + cosine * y),
            ],
            axis=-1,
        )


class Stencil:
    """A layer to draw filled shapes on; later shapes replace earlier ones, as `amount` (0 to 1) says.

    Args:
        frame: of the film.
        scale: pixels drawn for each pixel of the film: more than 1 gives smooth edges without a blur of their own.
    """

    def __init__(self, frame: Frame, scale: int = 2) -> None:
        self.frame, self.scale = frame, scale
        self.image = Image.new("L", (frame.width_px * scale, frame.height_px * scale))
        self.draw = ImageDraw.Draw(self.image)

    def fill(self, outlines: np.ndarray, amount: float = 1.0) -> Stencil:
        """Fill one outline (points, 2) or several of equal length (shapes, points, 2)."""
        shapes = self._enlarged(np.asarray(outlines, dtype=float))
        for shape in shapes.reshape(-1, *shapes.shape[-2:]):
            self.draw.polygon(shape.ravel().tolist(), fill=round(255 * amount))
        return self

    def band(self, paths: np.ndarray, widths: np.ndarray | float, amount: float = 1.0) -> Stencil:
        """Fill bands of `widths` (chest units, along the path) about (..., points, 2) middle lines."""
        return self.fill(outline_of_band(np.asarray(paths, dtype=float), widths), amount)

    def lines(self, paths: np.ndarray, width: float, amount: float = 1.0) -> Stencil:
        """Draw (shapes, points, 2) thin lines of one width (chest units); faster than bands."""
        width_px = max(1, round(width * self.frame.unit_px * self.scale))
        for path in self._enlarged(paths):
            self.draw.line(path.ravel().tolist(), fill=round(255 * amount), width=width_px)
        return self

    def layer(self) -> np.ndarray:
        """(height, width) float32 in 0 to 1."""
        image = self.image.reduce(self.scale) if self.scale > 1 else self.image
        return np.asarray(image, dtype=np.float32) * _ONE_LEVEL

    def soft_layer(self, radius: float) -> np.ndarray:
        """The layer under a Gaussian blur of `radius` chest units."""
        return _blurred(self.image, radius * self.frame.unit_px, self.scale)

    def _enlarged(self, points: np.ndarray) -> np.ndarray:
        return self.frame.to_pixels(points) * self.scale


def outline_of_band(paths: np.ndarray, widths: np.ndarray | float) -> np.ndarray:
    """(..., points, 2) middle lines to the (..., 2 * points, 2) outlines of bands around them."""
    along = np.gradient(paths, axis=-2)
    across = np.stack([-along[..., 1], along[..., 0]], axis=-1)
    across /= np.linalg.norm(across, axis=-1, keepdims=True) + 1e-9
    across *= np.asarray(widths, dtype=float)[..., None] / 2 if np.ndim(widths) else float(widths) / 2
    return np.concatenate([paths + across, (paths - across)[..., ::-1, :]], axis=-2)


def curve(points: list[tuple[float, float]] | np.ndarray, samples: int = 6, is_closed: bool = False) -> np.ndarray:
    """A smooth (Catmull-Rom) curve through the points, `samples` to each piece."""
    knots = np.asarray(points, dtype=float)
    if is_closed:
        knots = np.concatenate([knots[-1:], knots, knots[:2]])
    else:
        knots = np.concatenate([2 * knots[:1] - knots[1:2], knots, 2 * knots[-1:] - knots[-2:-1]])
    t = np.linspace(0, 1, samples, endpoint=False)[:, None, None]
    a, b, c, d = knots[:-3], knots[1:-2], knots[2:-1], knots[3:]
    pieces = 0.5 * (2 * b + (c - a) * t + (2 * a - 5 * b + 4 * c - d) * t**2 + (3 * b - a - 3 * c + d) * t**3)
    smooth = pieces.transpose(1, 0, 2).reshape(-1, 2)
    return smooth if is_closed else np.concatenate([smooth, knots[-2:-1]])


def ellipse(x: float, y: float, radius_x: float, radius_y: float, points: int = 24) -> np.ndarray:
    """(points, 2) outline of an ellipse."""
    angle = np.linspace(0, 2 * np.pi, points, endpoint=False)
    return np.stack([x + radius_x * np.cos(angle), y + radius_y * np.sin(angle)], axis=-1)


def mirrored(points: np.ndarray) -> np.ndarray:
    """(2, points, 2): the shape on the right of the image and its mirror image on the left."""
    return np.stack([points, points * [-1.0, 1.0]])


def _blurred(image: Image.Image, radius_px: float, scale: int = 1) -> np.ndarray:
    """Blur on a film made smaller by as much as the blur hides: the same picture in a fraction of the time."""
    size = image.width // scale, image.height // scale
    smaller = 4 if radius_px >= 5 else 2 if radius_px >= 1.5 else 1
    small = image.reduce(smaller * scale).filter(ImageFilter.GaussianBlur(radius_px / smaller))
    soft = small if small.size == size else small.resize(size, Image.Resampling.BILINEAR)
    return np.asarray(soft, dtype=np.float32) * _ONE_LEVEL


def mottle(rng: np.random.Generator, shape: tuple[int, int], cells: int) -> np.ndarray:
    """Smooth random unevenness with about `cells` bumps across the film, mean 0, deviation about 0.7."""
    height, width = shape
    rows = max(2, round(height / width * cells))
    bumps = rng.standard_normal((rows, cells), dtype=np.float32)
    return np.asarray(Image.fromarray(bumps).resize((width, height), Image.Resampling.BICUBIC), dtype=np.float32)
