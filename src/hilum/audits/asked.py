"""Which films an audit asks a model about, so that no test film is looked at and no other look goes uncounted."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from hilum.datasets import Catalogue
from hilum.errors import HilumError
from hilum.evaluation import look_at, record_look
from hilum.modelfolder import Manifest, salted_film_hash
from hilum.provenance import Provenance
from hilum.runtime import Predictor


@dataclass(frozen=True, slots=True)
class Choice:
    """The films that a model is asked about.

    Args:
        films: in order.
        words: which they are.
        is_look: True where the model's figure on them is a look at held-out films.
    """

    films: Catalogue
    words: str
    is_look: bool

    def write_down(self, predictor: Predictor, part: str, directory: Path, made: Provenance) -> None:
        """Where asking is a look at held-out films, write it into `looks.jsonl` in this directory.

        Raises:
            HilumError: the file cannot be written; nothing must then be shown.
        """
        if self.is_look:
            record_look(directory, look_at(predictor.manifest, predictor.model_hash, self.films, part, made))


def films_for_model(catalogue: Catalogue, manifest: Manifest) -> Choice:
    """The films of the model's select patients where the data hold them, else those that it never met.

    Films of a test folder are never among them, also where they served a model that drew its own test films.

    Raises:
        HilumError: the model has met every film outside the test folder, or the films there are of one class.
    """
    training, films = manifest.training, catalogue.usable
    films = films.select([row for row, film in enumerate(films.films) if film.split != "test"])
    hashes = [salted_film_hash(training.salt, film.sha256) for film in films.films]
    chose, met = set(training.select.films), training.films
    select = [row for row, one in enumerate(hashes) if one in chose]
    if select:
        return Choice(films.select(select), "the model's own select patients, who chose its epoch", False)
    unmet = [row for row, one in enumerate(hashes) if one not in met]
    if len({films.films[row].label for row in unmet}) < 2:
        raise HilumError(
            f"'{catalogue.name}' holds no films of both classes outside its test folder that the model may be asked "
            "about.",
            expected="the films that the model was made from, or other films",
            do="Name the data that it was trained on, or leave the model out.",
        )
    return Choice(films.select(unmet), "films outside any test folder that did not serve the model", True)
