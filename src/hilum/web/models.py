"""The models that a server answers with, and what is said of each."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from hilum.errors import HilumError, nearest
from hilum.runtime import Answering, Predictor
from hilum.runtime.described import described
from hilum.site import Site


@dataclass(frozen=True, slots=True, eq=False)
class ServedModel:
    """A model under the name that requests call it by.

    Args:
        name: unique among the models of one server.
        answering: with the server's operating point and prevalence.
    """

    name: str
    answering: Answering

    def at(self, operating_point: str | None, prevalence: float | None) -> Answering:
        """The same model at another operating point or prevalence; nothing is read again.

        Raises:
            HilumError: it has no such operating point, or that is no prevalence.
        """
        return self.answering.at(operating_point, prevalence)

    def as_json(self) -> dict[str, Any]:
        """What `GET /api/v1/models` says of it."""
        return described(self.answering) | {"name": self.name}


@dataclass(frozen=True, slots=True)
class ServedModels:
    """At least one model; the first answers where a request names none."""

    models: tuple[ServedModel, ...]

    def named(self, name: str | None) -> ServedModel:
        """The model of that name, or the first.

        Raises:
            HilumError: there is none of that name.
        """
        if name is None:
            return self.models[0]
        by_name = {model.name: model for model in self.models}
        if name not in by_name:
            raise HilumError(
                f"No model named '{name}' is served here.",
                expected="one that GET /api/v1/models lists",
                do=nearest(name, list(by_name)),
            )
        return by_name[name]

    def warm_up(self) -> None:
        """Open all graphs, so that the first film does not wait for it.

        Raises:
            HilumError: one cannot be run.
        """
        for model in self.models:
            _ = model.answering.predictor.engine

    def of_hash(self, model_hash: str) -> ServedModel | None:
        """The model with that hash, whatever it is called."""
        return next((one for one in self.models if one.answering.predictor.model_hash == model_hash), None)


def open_models(
    folders: Sequence[Path], site: Site, operating_point: str | None, prevalence: float | None, threads: int = 0
) -> ServedModels:
    """The models in these folders; two of one name get a number.

    Args:
        site: holds where operating point and prevalence are not given.
        threads: of each graph; 0 takes every usable core.

    Raises:
        HilumError: a folder holds no model, or it has no such operating point.
    """
    if not folders:
        raise HilumError("No model was named.", expected="at least one", do="Say: --model FOLDER")
    models: list[ServedModel] = []
    for folder in folders:
        answering = Answering.at_site(Predictor.open(folder, threads), site, operating_point, prevalence)
        models.append(ServedModel(_free_name(answering.predictor.manifest.name, models), answering))
    return ServedModels(tuple(models))


def _free_name(name: str, models: Sequence[ServedModel]) -> str:
    taken, number = {model.name for model in models}, 2
    free = name
    while free in taken:
        free, number = f"{name}-{number}", number + 1
    return free
