"""Random changes of a training film, by torchvision, on the grey uint8 square."""

from __future__ import annotations

from torchvision.transforms import v2

from hilum.recipe import Augment


def augmentation(recipe: Augment, side: int) -> v2.Transform:
    """The recipe's changes as one transform of (1, side, side) uint8; it draws from torch's global generator.

    Crops vary in aspect ratio even where the recipe asks for nothing else, because the ratio of the original
    film gives the label away in the Kermany data (median 1.23 in normals, 1.50 in pneumonia).
    """
    ratio = 1 + recipe.aspect
    steps: list[v2.Transform] = [v2.RandomResizedCrop(side, (recipe.zoom, 1.0), (1 / ratio, ratio), antialias=True)]
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
