"""hilum explain: films and models in, maps of what the models see out."""

from __future__ import annotations

import re
from collections.abc import Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from hilum import provenance
from hilum.datasets import WORKSPACE
from hilum.engine import require_threads, usable_cores
from hilum.errors import TRAINING_HALF, HilumError, nearest, require_installed
from hilum.explaining.methods import LAST_MAPS, METHODS, Method, method_for
from hilum.files import printable
from hilum.metrics import PRIMARY
from hilum.modelfolder.maps import has_exact_map
from hilum.progress import Progress, on_stderr
from hilum.reports.explained import ExplainedFilm, Explainer, drawn_in_words, look_into, scales_of, worst_first
from hilum.reports.explanation import explanation_page, explanation_table
from hilum.reports.explanation_record import ACTIVATIONS, TITLES, Explanation, UsedMethod, UsedModel, trust_in
from hilum.runtime import Answering, Predictor
from hilum.site import site_settings
from hilum.verbs.explain_files import MapWriter
from hilum.verbs.explain_folder import PAGE, explanation_folder, without_earlier
from hilum.verbs.predict import find_films
from hilum.verbs.room import cut_to_bytes, free_name

if TYPE_CHECKING:
    from rich.console import RenderableType

    from hilum.verbs.explain_activations import Atlases

_WITH_LAYERS: Final = ("gradcam", ACTIVATIONS)
_NEED_TORCH: Final = {"gradcam", "integrated-gradients", ACTIVATIONS}
_ROOM: Final = Path("runs/explanations")
_MOST_ATLASES: Final = 8
"""An atlas takes up to 60 MB, and a picture for each layer beside it."""


@dataclass(frozen=True, slots=True)
class Explained:
    """What the models see in the films, and the page that shows it."""

    explanation: Explanation
    page: Path

    @property
    def exit_status(self) -> int:
        """1 where a film was not assessed or could not be read."""
        return int(any(one.prediction.problem for film in self.explanation.films for one in film.answers))

    def __rich__(self) -> RenderableType:
        return explanation_table(self.explanation, self.page)

    def as_json(self) -> dict[str, Any]:
        """The same as a JSON object, with the path of the page; files of maps are relative to it."""
        return {**self.explanation.as_json(), "page": printable(self.page)}


def explain(
    images: Sequence[Path],
    *,
    model: Sequence[Path],
    method: Sequence[str] = (),
    layer: str | None = None,
    data: Path | None = None,
    operating_point: str | None = None,
    output: Path | None = None,
    threads: int = 0,
    workspace: Path = WORKSPACE,
) -> Explained:
    """Show what one or several models see in films: maps over each film, side by side, worst errors first.

    Writes a PNG for each film, model and method at the film's own resolution, and index.html, which shows them beside
    each other with answer, probability and what was measured of the maps. 'map', 'above-normal' and 'occlusion' need no
    torch.

    A film that lies right in a folder named after its class (NORMAL, PNEUMONIA, bacteria, virus) is labelled so. One
    that cannot be read, or that is no chest film, is listed with its reason, and the exit status is 1.

    Args:
        images: Films, folders (searched for films, subfolders too) or patterns such as 'ward/*.png'.
        model: Model folder, or the run that holds one; may be given several times.
        method: map, above-normal, gradcam, occlusion, integrated-gradients or activations; may be given several times.
            The model's own map if not given, or gradcam where its head has none. 'activations' draws every channel of
            every layer.
        layer: Layer that gradcam looks at, or the only one that activations draws.
        data: With activations: the data that the model was trained on, for the nine films that excite a channel most.
        operating_point: Name of the stored threshold that decides; the site's, or sensitivity>=0.95, if not given.
        output: Folder for page and PNGs, in which an earlier explanation is replaced; a new one under
            runs/explanations if not given. Its maps of an earlier run are never taken for films.
        threads: Threads of a model's graph and network; 0 takes every usable core.
        workspace: Folder of catalogues and pixel caches, with activations.

    Examples:
        hilum explain film.jpeg --model runs/best
        hilum explain ward/ --model runs/best --model runs/cnn-scratch --output maps
        hilum explain film.jpeg --model runs/best --method map --method gradcam --method occlusion
        hilum explain film.jpeg --model runs/best --method activations --data data/chest_xray
    """
    progress = on_stderr()
    require_threads(threads)
    _require_methods(method, layer, data)
    paths = without_earlier(find_films(images), output)
    if ACTIVATIONS in method:
        _require_few(len(paths))
    point = operating_point or site_settings(None).operating_point or PRIMARY
    explainers = _explainers(model, method, layer, point, threads)
    made = provenance.current("numpy", "pillow", "onnxruntime")
    names = [*method, *(one.name for explainer in explainers for one in explainer.methods)]
    with (
        explanation_folder(output, _default_folder(explainers, paths)) as folder,
        _threads_of_networks(threads, names),
    ):
        atlases = _atlases(explainers, layer, data, workspace, made, progress) if ACTIVATIONS in method else None
        films = worst_first(look_into(explainers, paths, progress), explainers)
        models = tuple(_used(one, place, films) for place, one in enumerate(explainers))
        writer = MapWriter(folder.unfinished, folder.taken, explainers, models, atlases)
        shown = writer.write(films, progress)
        explanation = Explanation(models, shown, made)
        folder.put(writer.files, explanation_page(explanation, writer.pictures), explanation.as_json())
    return Explained(explanation, folder.path / PAGE)


def _require_methods(method: Sequence[str], layer: str | None, data: Path | None) -> None:
    """Refuse methods that do not exist and options that none of them takes, before anything is opened."""
    known = (*METHODS, ACTIVATIONS)
    for name in method:
        if name not in known:
            raise HilumError(
                f"There is no method '{printable(name)}'.",
                expected=f"one of {', '.join(known)}",
                do=nearest(name, list(known)),
            )
    if layer is not None and not set(method) & set(_WITH_LAYERS):
        raise HilumError(
            f"Got the layer '{printable(layer)}', and no method that looks at one.",
            expected="a layer together with the method gradcam or activations",
            do="Add --method gradcam, or leave --layer out.",
        )
    if data is not None and ACTIVATIONS not in method:
        raise HilumError(
            f"Got the data '{printable(data)}' without the method activations.",
            expected="data only for the films that excite a channel most",
            do="Add --method activations, or leave --data out.",
        )


def _explainers(
    models: Sequence[Path], method: Sequence[str], layer: str | None, point: str, threads: int
) -> tuple[Explainer, ...]:
    """Each model opened, with its methods; two of one name are told apart by number."""
    if not models:
        raise HilumError("No model was named.", expected="one or several", do="Name a model folder with --model.")
    opened = [Predictor.open(path, threads) for path in models]
    places: dict[str, Path] = {}
    for path, predictor in zip(models, opened, strict=True):
        if first := places.get(predictor.model_hash):
            raise HilumError(
                f"'{printable(path)}' is the same model as '{printable(first)}'.",
                expected="each model once",
                do="Leave out one --model.",
            )
        places[predictor.model_hash] = path
    used = set[str]()
    return tuple(_explainer(predictor, method, layer, point, used) for predictor in opened)


def _explainer(predictor: Predictor, method: Sequence[str], layer: str | None, point: str, used: set[str]) -> Explainer:
    own = ("map",) if has_exact_map(predictor.manifest) else ("gradcam",)
    names = [name for name in dict.fromkeys(method or own) if name != ACTIVATIONS]
    methods = tuple(
        method_for(name, predictor.folder, predictor.engine, layer if name in _WITH_LAYERS else None) for name in names
    )
    return Explainer(free_name(printable(predictor.manifest.name), used), Answering(predictor, point), methods)


def _require_few(films: int) -> None:
    """Refuse atlases of many films, or without the libraries that draw them, before anything is opened."""
    if films > _MOST_ATLASES:
        raise HilumError(
            f"Atlases of {films:,} films were asked for.",
            expected=f"at most {_MOST_ATLASES}, as each holds every channel of every layer",
            do="Name fewer films, or leave the method activations out.",
        )
    require_installed(TRAINING_HALF, "The method 'activations'", "train")


def _atlases(
    explainers: Sequence[Explainer],
    layer: str | None,
    data: Path | None,
    workspace: Path,
    made: provenance.Provenance,
    progress: Progress,
) -> Atlases:
    """What draws the activations; only here the training half is imported."""
    from hilum.verbs.explain_activations import open_atlases

    return open_atlases(explainers, layer, data, workspace, made, progress)


def _default_folder(explainers: Sequence[Explainer], films: Sequence[Path]) -> Path:
    """Named after models and film, or the number of films."""
    models = cut_to_bytes("-".join(one.name for one in explainers), 80)
    of = cut_to_bytes(printable(films[0].stem), 80) if len(films) == 1 else f"{len(films)}-films"
    return _ROOM / re.sub(r"[^\w.-]+", "-", f"{models}-{of}")


def _threads_of_networks(threads: int, names: Sequence[str]) -> AbstractContextManager[None]:
    """Methods that need torch take as many threads as the graphs do, until the context ends."""
    if not set(names) & _NEED_TORCH:
        return nullcontext()
    from hilum.verbs.explain_activations import torch_threads

    return torch_threads(threads or usable_cores())


def _used(explainer: Explainer, place: int, films: Sequence[ExplainedFilm]) -> UsedModel:
    """The model and its methods as the page names them, with the scale of each."""
    manifest = explainer.predictor.manifest
    scales = scales_of(films, place, len(explainer.methods))
    return UsedModel(
        name=explainer.name,
        model_hash=explainer.predictor.model_hash,
        is_leaky=manifest.training.is_leaky,
        prevalence=manifest.calibration.prevalence,
        operating_point=explainer.point.name,
        threshold=explainer.point.threshold,
        methods=tuple(
            UsedMethod(one.name, _title(one), one.layer, drawn_in_words(one), scale, trust_in(manifest, one.name))
            for one, scale in zip(explainer.methods, scales, strict=True)
        ),
        limits=explainer.answering.limits,
    )


def _title(method: Method) -> str:
    """The method as people write it, with its layer."""
    layer = method.layer if method.layer in ("", LAST_MAPS) else f"layer {method.layer}"
    return ", ".join(filter(None, (TITLES[method.name], layer)))
