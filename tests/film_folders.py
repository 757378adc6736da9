"""Small films on disc and catalogues without any: data for the tests of datasets and of the verbs that use them."""

from __future__ import annotations

import hashlib
import io
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from PIL import Image

from hilum.datasets import Catalogue, FilmRecord


def film_bytes(seed: int, width_px: int = 80, height_px: int = 96, quality: int = 90) -> bytes:
    """A grey JPEG of soft clouds: the same seed gives the same picture, another seed one that looks different."""
    clouds = np.random.default_rng(seed).integers(0, 256, (24, 24)).astype(np.uint8)
    file = io.BytesIO()
    Image.fromarray(clouds).resize((width_px, height_px), Image.Resampling.BICUBIC).save(file, "JPEG", quality=quality)
    return file.getvalue()


def write_film(path: Path, seed: int, width_px: int = 80, height_px: int = 96) -> Path:
    """Write a film and the folders above it."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(film_bytes(seed, width_px, height_px))
    return path


def kermany_like(root: Path, patients: int = 12, splits: Sequence[str] = ("train", "test")) -> Path:
    """A folder with so many patients of each kind in each split, every third with two films, under Kermany names."""
    seed = 0
    for place, split in enumerate(splits):
        for number in range(1 + 100 * place, 1 + 100 * place + patients):
            for copy in range(1 + (number % 3 == 0)):
                for name in (
                    f"PNEUMONIA/person{number}_bacteria_{copy + 1}.jpeg",
                    f"PNEUMONIA/person{number}_virus_{copy + 1}.jpeg",
                    f"NORMAL/IM-{number:04d}-{copy + 1:04d}.jpeg",
                ):
                    seed += 1
                    write_film(root / split / name, seed)
    return root


def record(path: str, patient: str, label: str = "pneumonia", split: str = "", content: str = "") -> FilmRecord:
    """A record of a film that lies nowhere; films of the same content are byte-identical."""
    digest = hashlib.sha256((content or path).encode()).hexdigest()
    subtype = next((kind for kind in ("bacteria", "virus") if kind in patient), "normal" if label == "normal" else "")
    return FilmRecord(path, label, subtype, patient, split, 100, 100, "L", 1000, digest)


def catalogue_of(*films: FilmRecord, name: str = "made", patient_key: str = "column") -> Catalogue:
    """A catalogue of films that lie nowhere."""
    return Catalogue(name, Path("nowhere"), tuple(sorted(films, key=lambda film: film.path)), patient_key)


def ward(patients: int = 30, split: str = "") -> Catalogue:
    """A catalogue of so many patients, a third of each kind, with one to three films each."""
    films = []
    for kind in ("bacteria", "virus", "normal"):
        label = "normal" if kind == "normal" else "pneumonia"
        for number in range(patients // 3):
            for film in range(1 + number % 3):
                films.append(record(f"{split}/{kind}-{number}-{film}", f"{kind}-{number}", label, split))
    return catalogue_of(*films)
