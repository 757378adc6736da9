"""How far the answers of a page without a server lie from those of hilum itself, film by film.

    python bench/browser_parity.py MODEL --set test=data/test --set originals=data/sample --json parity.json

The model is exported, hilum.html is opened in Chromium by file:// with the network off, and every film of each set is
given to it as a file and, decoded by hilum, as an 8-bit PNG. To the sets comes one that is made of the first film of
the last set: that film with colour profiles, orientations, in CMYK, with 16 bits, with transparency. No label is
looked at. Exit status 1 where a bar is not held:
identical pixels and at most 1e-4 in probability from the same decoded array; from the file at most 0.01, the same
status, and no decision the other way.
"""

from __future__ import annotations

import argparse
import base64
import io
import json
import shutil
import sys
import tempfile
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from made_films import made_films
from PIL import Image
from playwright.sync_api import Page, sync_playwright

from hilum.images import IMAGE_SUFFIXES, to_square
from hilum.images.walk import walk
from hilum.runtime import Answering, FilmAnswer, Predictor
from hilum.verbs.export import SINGLE_FILE, export

SAME_ARRAY, SAME_FILE = 1e-4, 0.01
_HEAD = (
    f"{'set':12}{'films':>6}{'answered':>9}{'pixels':>9}{'grey':>7}{'probability':>13}{'squares':>9}"
    f"{'of array':>11}{'flipped':>9}{'status':>8}{'words':>7}{'refused':>9}"
)
_ASK = """async ({ name, content }) => {
  const file = new File([Uint8Array.from(atob(content), (sign) => sign.charCodeAt(0))], name);
  const { predictions: [said] } = await hilum.predict(file);
  delete said.pictures;
  const asText = (bytes) => {
    let text = "";
    for (let at = 0; at < bytes.length; at += 32768) text += String.fromCharCode(...bytes.subarray(at, at + 32768));
    return btoa(text);
  };
  const seen = said.status === "unreadable" ? null : await hilum.look(file);
  if (!seen) return { said };
  const { pixels, colourfulness } = seen.film;
  return { said, square: asText(seen.square), pixels: asText(pixels), colourfulness };
}"""


@dataclass(slots=True)
class Compared:
    """What was found in one set of films.

    `pixels_differ` and `squares_differ` count films read from their files; the `array_` figures are those of the film
    decoded by hilum and given as PNG. `told_otherwise` counts notes, reasons, warnings and sets that are not the same.
    """

    name: str
    films: int = 0
    answered: int = 0
    pixels_differ: int = 0
    most_grey_levels: int = 0
    squares_differ: int = 0
    most_probability: float = 0.0
    array_squares_differ: int = 0
    array_most_probability: float = 0.0
    flipped: int = 0
    other_status: list[str] = field(default_factory=list)
    told_otherwise: list[str] = field(default_factory=list)
    refused_formats: int = 0
    most_colourfulness: float = 0.0

    @property
    def is_held(self) -> bool:
        """True where every bar is held."""
        far = self.most_probability > SAME_FILE or self.array_most_probability > SAME_ARRAY
        return not (far or self.array_squares_differ or self.flipped or self.other_status)

    def __str__(self) -> str:
        return (
            f"{self.name:12}{self.films:6}{self.answered:9}{self.pixels_differ:9}{self.most_grey_levels:7}"
            f"{self.most_probability:13.1e}{self.array_squares_differ:9}{self.array_most_probability:11.1e}"
            f"{self.flipped:9}{len(self.other_status):8}{len(self.told_otherwise):7}{self.refused_formats:9}"
        )


@contextmanager
def offline_page(address: str) -> Iterator[Page]:
    """The page in Chromium with the network off; what it asks for beside itself ends the comparison."""
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=shutil.which("chromium"), args=["--no-sandbox"])
        context = browser.new_context()
        context.set_offline(True)
        page, asked = context.new_page(), list[str]()
        page.on("request", lambda request: asked.append(request.url))
        page.goto(address)
        page.locator("#welcome:not([hidden])").wait_for(timeout=60_000)
        yield page
        browser.close()
    if strangers := [url for url in asked if url != address and not url.startswith(("data:", "blob:"))]:
        raise RuntimeError(f"the page asked for {strangers}")


def compare(name: str, films: Iterable[tuple[str, bytes]], answering: Answering, page: Page) -> Compared:
    """Every film of a set, in hilum and in the page."""
    found = Compared(name)
    for shown, content in films:
        found.films += 1
        here = answering.of(content, name=shown)
        there = page.evaluate(_ASK, {"name": shown, "content": base64.b64encode(content).decode("ascii")})
        if "which a browser does not read" in there["said"].get("problem", ""):
            found.refused_formats += 1
            continue
        _note_words(found, shown, here, there["said"])
        if here.film is None or "square" not in there:
            continue
        _note_pixels(found, answering, here, there)
        if here.prediction.probability is not None:
            found.answered += 1
            _note_array(found, answering, here, page)
    return found


def _note_words(found: Compared, shown: str, here: FilmAnswer, said: dict[str, Any]) -> None:
    """Status, decision, probability, and all that is said beside them."""
    row = here.prediction
    if row.status != said["status"]:
        found.other_status.append(f"{shown}: {row.status} here, {said['status']} there")
        return
    if row.status == "unreadable":
        return
    if row.probability is not None:
        found.flipped += row.decision != said["decision"]
        found.most_probability = max(found.most_probability, abs(row.probability - said["probability"]))
    answers = None if row.answers is None else list(row.answers)
    pairs: list[tuple[Any, Any]] = [
        (list(row.notes), said["notes"]),
        (list(row.reasons), said["reasons"]),
        (here.sha256, said["sha256"]),
    ]
    pairs += [(answers, said.get("answers")), (row.warning, said.get("warning") or "")]
    if differing := [pair for pair in pairs if pair[0] != pair[1]]:
        found.told_otherwise.append(f"{shown}: {differing[0]}")


def _note_pixels(found: Compared, answering: Answering, here: FilmAnswer, there: dict[str, Any]) -> None:
    """The film as each of the two decoded it, and its square."""
    if here.film is None:
        return
    pixels = np.frombuffer(base64.b64decode(there["pixels"]), np.uint8)
    square = to_square(here.film.pixels, answering.predictor.side, answering.predictor.geometry)
    differences = np.abs(pixels.astype(int) - here.film.pixels.reshape(-1))
    found.pixels_differ += bool(differences.any())
    found.most_grey_levels = max(found.most_grey_levels, int(differences.max()))
    found.squares_differ += base64.b64decode(there["square"]) != square.tobytes()
    found.most_colourfulness = max(found.most_colourfulness, abs(there["colourfulness"] - here.film.colourfulness))


def _note_array(found: Compared, answering: Answering, here: FilmAnswer, page: Page) -> None:
    """The film as hilum decoded it, given as a PNG of those very bytes."""
    if here.film is None:
        return
    content = io.BytesIO()
    Image.fromarray(here.film.pixels).save(content, "PNG", compress_level=1)
    text = base64.b64encode(content.getvalue()).decode("ascii")
    there = page.evaluate(_ASK, {"name": "array.png", "content": text})
    square = to_square(here.film.pixels, answering.predictor.side, answering.predictor.geometry)
    found.array_squares_differ += base64.b64decode(there["square"]) != square.tobytes()
    apart = abs((here.prediction.probability or 0.0) - there["said"]["probability"])
    found.array_most_probability = max(found.array_most_probability, apart)


def films_of(folder: Path, most: int) -> list[Path]:
    """The films of a folder, at most so many, spread over it."""
    paths = sorted(path for path in walk(folder).files if path.suffix.lower() in IMAGE_SUFFIXES)
    return [paths[place] for place in np.unique(np.linspace(0, len(paths) - 1, min(most, len(paths))).astype(int))]


def main(arguments: list[str]) -> int:
    """Compare; 0 where every bar is held."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("model", type=Path)
    parser.add_argument("--set", action="append", required=True, metavar="NAME=FOLDER")
    parser.add_argument("--operating-point", default="sensitivity>=0.95")
    parser.add_argument("--json", type=Path)
    parser.add_argument("--quick", action="store_true", help="four films of each set")
    asked = parser.parse_args(arguments)
    sets = {name: Path(folder) for name, _, folder in (one.partition("=") for one in asked.set)}
    answering = Answering(Predictor.open(asked.model), asked.operating_point)
    paths = {name: films_of(folder, 4 if asked.quick else 10**6) for name, folder in sets.items()}
    last = answering.of(paths[list(paths)[-1]][0]).film
    made = made_films(np.asarray(last.pixels if last else np.zeros((64, 64), np.uint8)))
    print(_HEAD)
    results = []
    with tempfile.TemporaryDirectory() as scratch:
        export(asked.model, output=Path(scratch) / "page", operating_point=asked.operating_point)
        with offline_page((Path(scratch) / "page" / SINGLE_FILE).as_uri()) as page:
            contents = {name: ((path.name, path.read_bytes()) for path in some) for name, some in paths.items()}
            for name, films in (contents | {"made": iter(made.items())}).items():
                results.append(compare(name, films, answering, page))
                print(results[-1], flush=True)
                for line in (*results[-1].other_status, *results[-1].told_otherwise):
                    print(f"    {line}")
            version = page.context.browser.version if page.context.browser else ""
    if asked.json:
        kept = {
            "model": answering.predictor.model_hash,
            "browser": f"Chromium {version}",
            "sets": list(map(asdict, results)),
        }
        asked.json.write_text(json.dumps(kept, indent=2) + "\n", encoding="utf-8")
    return int(not all(one.is_held for one in results))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
