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
        steps.append(
            v2.RandomAffine(
                recipe.rotation_degrees,
                translate=(recipe.shift, recipe.shift),
                interpolation=v2.InterpolationMode.BILINEAR,
                fill=0,
            )
        )
    if recipe.flip:
        steps.append(v2.RandomHorizontalFlip())
    if recipe.brightness or recipe.contrast:
        steps.append(v2.ColorJitter(recipe.brightness, recipe.contrast))
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
