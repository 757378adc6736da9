"""Has the model met these films, or their patients, before?"""

from __future__ import annotations

from dataclasses import dataclass

from hilum.datasets.catalogue import Catalogue, FilmRecord
from hilum.errors import HilumError
from hilum.files import printable
from hilum.modelfolder import Training, salted_hash


@dataclass(frozen=True, slots=True)
class Contact:
    """How many of the judged films the model had met: their patient, or the very file.

    Args:
        films: judged films in all.
        met: films whose patient or file served training, stopping or calibration.
        patients_met: patients of the judged films who did.
        files_met: judged files, byte for byte, that did.
        example: path of one film that was met, or "".
    """

    films: int
    met: int
    patients_met: int
    files_met: int
    example: str

    @property
    def share(self) -> float:
        """Share of the judged films that the model had met."""
        return self.met / self.films


def find_contact(training: Training, films: Catalogue) -> Contact:
    """Compare the films with the salted hashes that the model folder keeps of everything it was made from."""
    by_patient = [film for film in films.films if _is_patient_met(training, films.name, film)]
    by_file = [film for film in films.films if salted_hash(training.salt, film.sha256) in training.films]
    met = sorted({film.path for film in (*by_patient, *by_file)})
    return Contact(
        films=len(films.films),
        met=len(met),
        patients_met=len({film.patient for film in by_patient}),
        files_met=len(by_file),
        example=met[0] if met else "",
    )


def _is_patient_met(training: Training, data_name: str, film: FilmRecord) -> bool:
    return salted_hash(training.salt, f"{data_name}/{film.patient}") in training.patients


def refuse_contact(contact: Contact, training: Training) -> None:
    """Stop where a model would be judged on what it has met, unless its protocol leaks by name.

    Raises:
        HilumError: names the number of films and patients, and one of the films.
    """
    if not contact.met or training.is_leaky:
        return
    held_back = "test" if training.protocol == "official" else "validation"
    raise HilumError(
        f"The model has met {contact.met} of these {contact.films} films: it was made from {contact.patients_met} of "
        f"their patients and {contact.files_met} of the very files, such as '{printable(contact.example)}'.",
        expected="films of patients who served neither training, stopping nor calibration",
        do=f"Judge it on what its protocol '{training.protocol}' held back (--split {held_back}), or on other data.",
    )
