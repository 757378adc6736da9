"""Has the model met these films, or their patients, before?"""

from __future__ import annotations

from dataclasses import dataclass

from hilum.datasets.catalogue import Catalogue
from hilum.errors import HilumError
from hilum.files import printable
from hilum.modelfolder import Training, salted_film_hash, salted_hashes


@dataclass(frozen=True, slots=True)
class Contact:
    """How many of the judged films the model had met: their patient, or the very file.

    Args:
        films: judged films in all.
        met: films whose patient or file served training, stopping or calibration.
        patients_met: patients of the judged films who did.
        files_met: judged files, byte for byte, that did.
        example: path of one film that was met, or "".
        are_patients_compared: False where the data go by another name than the model's: patients are known by the
            name of their data, so that only the files could be compared.
    """

    films: int
    met: int
    patients_met: int
    files_met: int
    example: str
    are_patients_compared: bool = True

    @property
    def share(self) -> float:
        """Share of the judged films that the model had met."""
        return self.met / self.films


def find_contact(training: Training, films: Catalogue) -> Contact:
    """Compare the films with the salted hashes that the model folder keeps of everything it was made from."""
    patients, files, salt = training.patients, training.films, training.salt
    hashes = salted_hashes(salt, [f"{films.name}/{patient}" for patient in films.patients])
    by_patient = [film for film, known in zip(films.films, hashes, strict=True) if known in patients]
    by_file = [film for film in films.films if salted_film_hash(salt, film.sha256) in files]
    met = sorted({film.path for film in (*by_patient, *by_file)})
    return Contact(
        films=len(films.films),
        met=len(met),
        patients_met=len({film.patient for film in by_patient}),
        files_met=len(by_file),
        example=met[0] if met else "",
        are_patients_compared=films.name == training.data_name,
    )


def held_back(protocol: str) -> str:
    """The part that a protocol keeps from the model, to judge it on."""
    return "test" if protocol == "official" else "validation"


def refuse_contact(contact: Contact, training: Training) -> None:
    """Stop where a model would be judged on what it has met, unless its protocol leaks by name.

    Raises:
        HilumError: names the number of films and patients, and one of the films.
    """
    if not contact.met or training.is_leaky:
        return
    raise HilumError(
        f"The model has met {contact.met} of these {contact.films} films: it was made from {contact.patients_met} of "
        f"their patients and {contact.files_met} of the very files, such as '{printable(contact.example)}'.",
        expected="films of patients who served neither training, stopping nor calibration",
        do=f"Judge it on what its protocol '{training.protocol}' held back (--split {held_back(training.protocol)}), "
        "or on other data.",
    )
