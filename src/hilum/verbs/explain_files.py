"""The files of an explanation: their names, and the maps drawn and written one by one."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from markupsafe import Markup
from PIL import Image

from hilum.errors import HilumError
from hilum.files import printable, write_atomically
from hilum.images import read_film
from hilum.progress import Progress, track
from hilum.reports.embedded import small_jpeg
from hilum.reports.explained import Answered, ExplainedFilm, Explainer, error_of, for_eyes
from hilum.reports.explanation import Pictures
from hilum.reports.explanation_record import ACTIVATIONS, ShownAnswer, ShownFilm, UsedMethod, UsedModel
from hilum.reports.words import percent
from hilum.runtime.mapping import PNG_LEVEL, Pixels, draw_map, overlay
from hilum.verbs.room import cut_to_bytes, disc_key, free_name

if TYPE_CHECKING:
    from hilum.verbs.explain_activations import Atlases

_ON_PAGE_PX: Final = (480, 480)
_LONGEST_NAME_BYTES: Final = 225
"""Discs take 255; the rest is for the number, the suffix, and the dots and signs of a file that is not whole yet."""
_LONGEST_MODEL_BYTES: Final = 80


class MapWriter:
    """Draws the maps of films and writes them into a folder, one after the other, so that memory stays small.

    Args:
        folder: exists.
        taken: names that no file may get, without the .png of pictures.
        explainers: the models as they were asked.
        models: the same as the page names them.
        atlases: draws the activations; None where they are not asked for.
    """

    def __init__(
        self,
        folder: Path,
        taken: Iterable[str],
        explainers: Sequence[Explainer],
        models: Sequence[UsedModel],
        atlases: Atlases | None,
    ) -> None:
        self._folder, self._explainers, self._models, self._atlases = folder, explainers, models, atlases
        self._names = set(map(disc_key, taken))
        self._films: dict[int, Markup] = {}
        self._maps: dict[str, Markup] = {}
        self.files: list[str] = []

    @property
    def pictures(self) -> Pictures:
        """What was drawn, small, for the page."""
        return Pictures(self._films, self._maps)

    def write(self, films: Sequence[ExplainedFilm], progress: Progress) -> tuple[ShownFilm, ...]:
        """Draw and write the maps of all films; what the page says of each comes back."""
        numbered = track(progress, enumerate(films), "Pictures", len(films))
        return tuple(self._film(place, film, progress) for place, film in numbered)

    def _film(self, place: int, film: ExplainedFilm, progress: Progress) -> ShownFilm:
        pixels = None
        try:
            pixels = read_film(film.path).pixels if film.is_assessed else None
        except HilumError as error:  # it was there when the models answered
            film = film.unread(error)
        if pixels is not None:
            self._films[place] = small_jpeg(Image.fromarray(pixels), _ON_PAGE_PX)
        answers = [self._answer(film, answer, number, pixels, progress) for number, answer in enumerate(film.answers)]
        return ShownFilm(printable(film.path), film.label, tuple(answers))

    def _answer(
        self, film: ExplainedFilm, answer: Answered, number: int, pixels: Pixels | None, progress: Progress
    ) -> ShownAnswer:
        explainer, model, said = self._explainers[number], self._models[number], answer.prediction
        is_wrong = None
        if film.label and not said.problem:
            is_wrong = error_of(film.label, said, model.threshold) is not None
        files, notes, atlas = list[str](), list[str](), ""
        if pixels is not None and not said.problem:
            square = explainer.square(pixels)
            for ask, method, seen in zip(explainer.methods, model.methods, answer.explained, strict=True):
                files.append(f"{self._name(film.path, model.name, method.name)}.png")
                found = seen.found or for_eyes(ask, square)
                notes.append(found.note)
                self._map(files[-1], pixels, found.evidence, method, explainer, answer)
            if self._atlases:
                folder = self._folder / self._name(film.path, model.name, ACTIVATIONS)
                atlas, written = self._atlases.write(number, pixels, said, folder, progress)
                self.files += written
        return ShownAnswer(
            model.name, said, is_wrong, tuple(files), tuple(notes), atlas, answer.similar, answer.has_met
        )

    def _name(self, film: Path, model: str, method: str) -> str:
        """A name that no other map has: two films, or two models, may be spelt alike once they stand in one."""
        end = f"-{cut_to_bytes(_plain(model), _LONGEST_MODEL_BYTES)}-{method}"
        stem = re.sub(r"[\\:]", "-", printable(film.stem))  # would name folders and drives elsewhere
        return free_name(cut_to_bytes(stem, _LONGEST_NAME_BYTES - len(end.encode())) + end, self._names)

    def _map(
        self, name: str, pixels: Pixels, evidence: Any, method: UsedMethod, explainer: Explainer, answer: Answered
    ) -> None:
        geometry, said = explainer.predictor.geometry, answer.prediction
        caption = (
            f"{explainer.name}: {percent(said.probability)} pneumonia, called {said.decision}",
            method.title,
            f"Worth of the map: {method.trust.label}",
        )
        picture = draw_map(pixels, evidence, method.full_colour, geometry, caption)
        write_atomically(self._folder / name, lambda file: picture.save(file, "PNG", compress_level=PNG_LEVEL))
        self._maps[name] = small_jpeg(overlay(pixels, evidence, method.full_colour, geometry), _ON_PAGE_PX)
        self.files.append(name)


def _plain(name: str) -> str:
    return re.sub(r"[^\w.-]+", "-", name)
