"""From a file to a grey film, and from a film to the square that a network sees.

    film      Film, Limits: the values                    content   regular file -> bytes; which format
    decode    read_film: file or bytes -> Film            grey      any pixel mode -> grey from 0 to 255
    square    to_square: film -> side x side              tiff      polarity and sign of TIFF values
    hashing   perceptual_hash, hamming_distance           walk      the files below a folder
    colour    how far a file's colours stray from grey    checks    check_film: why it cannot be a chest film
    variation the same film by another machine or hand     box       a box on a film, and the one for the lungs

`read_film` and `to_square` are the only preprocessing outside the network, the same for the pixel cache, validation,
prediction and other languages; docs/reference/preprocessing.md describes both to the bit.
"""

from __future__ import annotations

from hilum.images.checks import check_film
from hilum.images.decode import read_film
from hilum.images.film import DEFAULT_LIMITS, IMAGE_SUFFIXES, Film, Limits
from hilum.images.hashing import NEAR_DUPLICATE_BITS, hamming_distance, perceptual_hash
from hilum.images.square import GEOMETRIES, to_square

__all__ = [
    "DEFAULT_LIMITS",
    "GEOMETRIES",
    "IMAGE_SUFFIXES",
    "NEAR_DUPLICATE_BITS",
    "Film",
    "Limits",
    "check_film",
    "hamming_distance",
    "perceptual_hash",
    "read_film",
    "to_square",
]
