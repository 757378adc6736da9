"""Random changes of a training film, by torchvision, on the grey uint8 square."""

from __future__ import annotations

import math
from typing import Any

import torch
from torch import Tensor
from torchvision.transforms import v2

from hilum.recipe import Augment


def augmentation(recipe: Augment, side: int) -> v2.Transform:
    """The recipe's changes as one transform of (1, side, side) uint8; it draws from torch's global generator."""
    steps: list[v2.Transform] = [CropWithAspect(side, recipe.zoom, recipe.aspect)]
    if recipe.rotation_degrees or recipe.shift:
        steps.append(RotationAndShift(recipe.rotation_degrees, recipe.shift, recipe.fill))
    if recipe.flip:
        steps.append(v2.RandomHorizontalFlip())
    if recipe.brightness or recipe.contrast:
        steps.append(v2.ColorJitter(recipe.brightness, recipe.contrast))
    if recipe.noise:
        steps.append(Noise(recipe.noise))
    return v2.Compose(steps)


class CropWithAspect(v2.Transform):  # type: ignore[misc] # torchvision has no types
    """A random crop, stretched back to the square, whose sides always differ by the drawn ratio.

    The aspect ratio of the original film gives the label away in the Kermany data (median 1.23 in normals, 1.50 in
    pneumonia), so every crop must vary it. torchvision's RandomResizedCrop does not at large areas: it throws away what
    does not fit, and with areas of 0.8 to 1 keeps 95 % of the ratios within 0.86 to 1.16.

    Args:
        side: of the square that comes out, in pixels.
        zoom: smallest share of the area before one side is shortened for the ratio.
        aspect: 0.25 draws the ratio between 1/1.25 and 1.25, evenly on the logarithmic scale.
    """

    def __init__(self, side: int, zoom: float, aspect: float) -> None:
        super().__init__()
        self.side, self.zoom, self.largest_ratio = side, zoom, 1 + aspect

    def make_params(self, flat_inputs: list[Any]) -> dict[str, Any]:
        """Top, left, height and width of the crop in pixels, for the (..., height, width) film in `flat_inputs`."""
        height, width = flat_inputs[0].shape[-2:]
        area, log_ratio, top, left = torch.rand(4).tolist()
        scale = math.sqrt(self.zoom + (1 - self.zoom) * area)
        ratio = self.largest_ratio ** (2 * log_ratio - 1)
        crop_height = max(1, round(height * scale * min(1.0, 1 / ratio)))
        crop_width = max(1, round(width * scale * min(1.0, ratio)))
        return {
            "top": round(top * (height - crop_height)),
            "left": round(left * (width - crop_width)),
            "height": crop_height,
            "width": crop_width,
        }

    def transform(self, inpt: Tensor, params: dict[str, Any]) -> Tensor:
        """The crop, resized to the square with antialiased bilinear interpolation."""
        square: Tensor = v2.functional.resized_crop(inpt, **params, size=[self.side, self.side], antialias=True)
        return square


class RotationAndShift(v2.RandomAffine):  # type: ignore[misc] # torchvision has no types
    """A random rotation about the middle and a random shift.

    Args:
        degrees: largest rotation to either side.
        shift: largest shift, as a share of the side.
        fill: what is left bare becomes "black", the film's "mean", or its "edge" carried on.
    """

    def __init__(self, degrees: float, shift: float, fill: str) -> None:
        super().__init__(degrees, translate=(shift, shift), interpolation=v2.InterpolationMode.BILINEAR, fill=0)
        self.bare = fill
        angle = math.radians(min(degrees, 45.0))
        # How far outside of the film, as a share of its side, lies what fills a corner; the shift is undone first.
        self.overhang = (0.5 + shift) * (math.cos(angle) + math.sin(angle)) - 0.5

    def transform(self, inpt: Tensor, params: dict[str, Any]) -> Tensor:
        """(1, side, side) uint8, rotated and shifted."""
        if self.bare != "edge":
            return self._moved(inpt, params, fill=float(inpt.float().mean()) if self.bare == "mean" else 0.0)
        side = inpt.shape[-1]
        margin = math.ceil(self.overhang * side) + 1  # bilinear interpolation reaches one pixel further
        padded = v2.functional.pad(inpt, [margin], padding_mode="edge")
        return self._moved(padded, params, fill=0.0)[..., margin:-margin, margin:-margin]

    def _moved(self, film: Tensor, params: dict[str, Any], fill: float) -> Tensor:
        moved: Tensor = v2.functional.affine(film, **params, interpolation=self.interpolation, fill=[fill])
        return moved


class Noise(v2.Transform):  # type: ignore[misc] # torchvision has no types
    """Gaussian noise on every pixel; torchvision's own takes no uint8.

    Args:
        deviation: standard deviation, as a share of white.
    """

    def __init__(self, deviation: float) -> None:
        super().__init__()
        self.deviation = deviation

    def make_params(self, flat_inputs: list[Any]) -> dict[str, Any]:
        """What is added to each pixel, in grey levels."""
        return {"added": torch.randn(flat_inputs[0].shape) * (255 * self.deviation)}

    def transform(self, inpt: Tensor, params: dict[str, Any]) -> Tensor:
        """The film with its noise, within black and white."""
        noisy: Tensor = inpt.float() + params["added"]
        return noisy.round().clamp(0, 255).byte()
