"""A recipe is one TOML file: read, checked and frozen before anything runs.

keys.py      every key with its type, range and meaning
conflicts.py keys that do not go together
reading.py   file -> Recipe; what is wrong with it in one sentence
"""

from hilum.recipe.keys import Augment, Cache, FilmShape, Network, Train
from hilum.recipe.reading import PACKAGED, Recipe, packaged_recipes, read_recipe, recipe_from, recipe_keys

__all__ = [
    "PACKAGED",
    "Augment",
    "Cache",
    "FilmShape",
    "Network",
    "Recipe",
    "Train",
    "packaged_recipes",
    "read_recipe",
    "recipe_from",
    "recipe_keys",
]
