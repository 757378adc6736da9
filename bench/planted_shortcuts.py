"""Shortcuts planted in phantom films: does `hilum audit shortcuts` find each of them, and nothing else?

    python bench/planted_shortcuts.py [--patients 240] [--share 1.0 0.5] [--output FILE.json]

Each plant changes a share of the films with pneumonia and no normal film. A probe counts as found where it amounts to a
shortcut. For the corner marker the single films are counted too: those whose corners the probe takes for pneumonia's.
"""

from __future__ import annotations

import argparse
import io
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image, ImageCms

from hilum.audits.probes import out_of_fold
from hilum.audits.shortcuts import ALL_PROBES, ProbedFilms, look_at_films, probe_shortcuts
from hilum.datasets import Catalogue, index_folder
from hilum.datasets.phantom import draw_phantom_films
from hilum.json_files import write_json

Plant = Callable[[Image.Image], tuple[Image.Image, dict[str, Any]]]

ICC = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()


def corner_marker(film: Image.Image) -> tuple[Image.Image, dict[str, Any]]:
    """A bright square near the upper right corner, a sixteenth of the width."""
    side, pixels = film.width // 16, np.array(film)
    pixels[side : 2 * side, -2 * side : -side] = 235
    return Image.fromarray(pixels), {}


def dark_frame(film: Image.Image) -> tuple[Image.Image, dict[str, Any]]:
    """An unexposed frame, a fortieth of the width."""
    edge, pixels = max(2, film.width // 40), np.array(film)
    pixels[:edge] = pixels[-edge:] = pixels[:, :edge] = pixels[:, -edge:] = 4
    return Image.fromarray(pixels), {}


def narrower(film: Image.Image) -> tuple[Image.Image, dict[str, Any]]:
    """A fifth of the height cut off below."""
    return film.crop((0, 0, film.width, film.height * 4 // 5)), {}


PLANTS: dict[str, tuple[Plant, set[str]]] = {
    "nothing": (lambda film: (film, {}), set()),
    "corner marker": (corner_marker, {"corners"}),
    "dark frame": (dark_frame, {"border", "corners", "mean brightness"}),
    "coarser JPEG": (lambda film: (film, {"quality": 60}), {"JPEG tables", "file size"}),
    "colour": (lambda film: (film.convert("RGB"), {}), {"colour mode", "JPEG tables", "file size", "EXIF and ICC"}),
    "profile": (lambda film: (film, {"icc_profile": ICC}), {"EXIF and ICC", "file size"}),
    "other aspect": (narrower, {"size and aspect", "file size", "border", "corners"}),
}
"""What is planted, and the probes that it reaches, the one it is meant for first in the name."""
MEANT = {
    "corner marker": "corners",
    "dark frame": "border",
    "coarser JPEG": "JPEG tables",
    "colour": "colour mode",
    "profile": "EXIF and ICC",
    "other aspect": "size and aspect",
}


def planted(source: Catalogue, folder: Path, plant: Plant, share: float) -> tuple[Catalogue, np.ndarray]:
    """The films with the plant in a share of those with pneumonia, and (n,) bool which these are."""
    generator = np.random.default_rng(0)
    chosen = {one.path for one in source.films if one.label == "pneumonia" and generator.random() < share}
    for one in source.films:
        (folder / one.path).parent.mkdir(parents=True, exist_ok=True)
        film, options = Image.open(source.root / one.path).convert("L"), dict[str, Any]()
        if one.path in chosen:
            film, options = plant(film)
        content = io.BytesIO()
        film.save(content, "JPEG", **({"quality": 90} | options))
        (folder / one.path).write_bytes(content.getvalue())
    films = index_folder(folder, name="phantom")
    return films, np.array([one.path in chosen for one in films.films])


def films_marked(probed: ProbedFilms) -> np.ndarray:
    """(n,) bool: the films whose corners speak for pneumonia."""
    marked: np.ndarray = out_of_fold(probed.columns["corners"], probed.question).score > 0
    return marked


def row(source: Catalogue, folder: Path, name: str, share: float) -> dict[str, Any]:
    """What the audit says about one plant."""
    plant, reached = PLANTS[name]
    films, is_planted = planted(source, folder / "films", plant, share)
    probed = look_at_films(films, folder / "pixels")
    results = [one for one in probe_shortcuts(probed, None) if one.name != ALL_PROBES]
    found = {one.name for one in results if one.level in ("shortcut", "gives the class away")}
    meant = MEANT.get(name, "")
    auroc = next((one.auroc.text() for one in results if one.name == meant and one.auroc), "")
    answer: dict[str, Any] = {"plant": name, "share": share, "meant": meant, "auroc": auroc, "found": sorted(found)}
    answer |= {"is_found": meant in found, "beside": sorted(found - reached)}
    if name == "corner marker":
        called = films_marked(probed)
        answer["films_precision"] = float((called & is_planted).sum() / max(1, called.sum()))
        answer["films_recall"] = float((called & is_planted).sum() / max(1, is_planted.sum()))
    return answer


def main() -> None:
    """Plant, audit and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--patients", type=int, default=240)
    parser.add_argument("--share", type=float, nargs="+", default=[1.0, 0.5])
    parser.add_argument("--output", type=Path)
    options = parser.parse_args()
    rows = list[dict[str, Any]]()
    with tempfile.TemporaryDirectory() as place:
        draw_phantom_films(Path(place) / "drawn", patients=options.patients, side=256)
        source = index_folder(Path(place) / "drawn", name="phantom")
        for share in options.share:
            for name in PLANTS if share == options.share[0] else MEANT:
                rows.append(row(source, Path(place) / f"{name}-{share}", name, share))
                one = rows[-1]
                print(f"{name:14} in {share:.0%}: {one['auroc']:22} found {', '.join(one['found']) or 'nothing'}")
                if "films_recall" in one:
                    print(f"{'':14} films: precision {one['films_precision']:.3f}, recall {one['films_recall']:.3f}")
    plants = [one for one in rows if one["meant"]]
    recall = sum(one["is_found"] for one in plants) / len(plants)
    named, strangers = sum(len(one["found"]) for one in rows), sum(len(one["beside"]) for one in rows)
    precision = (named - strangers) / max(1, named)
    print(f"{len(plants)} plants: recall {recall:.3f}; {named} probes named: precision {precision:.3f}")
    if options.output:
        write_json(options.output, {"recall": recall, "precision": precision, "rows": rows})


if __name__ == "__main__":
    main()
