"""Procedural chest films: data for every command on a machine that has none.

`canvas` brings chest coordinates to pixels; `patients` draws who is pictured and how; `anatomy` adds up the healthy
chest, `findings` what lies over it; `film` exposes one film; `collection` writes a folder of them. They look like films
of small children; what is measured on them says nothing about patients.
"""

from hilum.datasets.phantom.collection import DESCRIPTION, OPACITIES, draw_phantom_films
from hilum.datasets.phantom.film import PhantomFilm, draw_film
from hilum.datasets.phantom.findings import Opacity

__all__ = ["DESCRIPTION", "OPACITIES", "Opacity", "PhantomFilm", "draw_film", "draw_phantom_films"]
