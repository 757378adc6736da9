"""README.md of a model folder: the model card, in the form that the Hub reads."""

from __future__ import annotations

from hilum.modelfolder.schema import (
    Conformal,
    Faithfulness,
    Finished,
    Gate,
    Manifest,
    MeasuredFigure,
    Served,
    Training,
    faithfulness_in_words,
)

POPULATIONS = {
    "kermany": "children of 1 to 5 years, one hospital (Guangzhou), antero-posterior view; "
    "published results of such models elsewhere fall from an AUROC of 0.95 to 0.54-0.82",
    "phantom": "no patients: films drawn by hilum, for trying commands out",
}
SOURCES = {
    "kermany": "Kermany, Goldbaum, Cai et al. 2018, Cell 172:1122; data set doi:10.17632/rscbjbr9sj, CC BY 4.0",
    "phantom": "drawn by hilum",
}
"""Whom to name beside a model that was made from these data."""
UNKNOWN_FILMS = (
    "The model was trained elsewhere, on films that are not known: that a film was among them cannot be excluded."
)
LOADS_IN_TIMM = 'The weights load without hilum: `timm.create_model("local-dir:FOLDER", pretrained=True)`.'
LEAK = "**This model was trained under the protocol '{}', which leaks: patients stand on both sides of its split.**\n\n"


def limits(manifest: Manifest) -> tuple[str, ...]:
    """The sentences that stand wherever an answer or a figure of the model is shown."""
    protocol = manifest.training.protocol
    leak = f"The model was trained under the protocol '{protocol}', which leaks: its figures are too good."
    return (
        "It assists a reader; it is not a medical device.",
        f"The model knows only films like those it was made from: {manifest.population}.",
        *([leak] if manifest.training.is_leaky else []),
        *([] if manifest.training.are_films_known else [UNKNOWN_FILMS]),
    )


def model_card(manifest: Manifest, loads_in_timm: bool) -> str:
    """The card as Markdown with a YAML header; every figure in it comes from the manifest."""
    training, calibration = manifest.training, manifest.calibration
    loading = (
        LOADS_IN_TIMM
        if loads_in_timm
        else "`model.onnx` runs anywhere; `model.safetensors` and `config.json` hold the network as hilum built it."
    )
    facts = {
        "Answers": "calibrated probability of pneumonia, against normal",
        "Film": f"{manifest.side} x {manifest.side} px, geometry '{manifest.geometry}', 8-bit grey",
        "Population": manifest.population,
        "Data": f"{training.data_name}, fingerprint `{training.data_fingerprint[:16]}`",
        "Source of the data": SOURCES.get(training.data_name, "not stated"),
        "Protocol": f"`{training.protocol}`, seed {training.seed}",
        "Fit, select, calibrate": "; ".join(map(_people, (training.fit, training.select, training.calibrate))),
        "First weights": "; licence: ".join(filter(None, (training.first_weights, training.first_weights_licence))),
        "Epochs": f"{training.epochs}, number {training.kept_epoch} kept" if training.are_films_known else "not known",
        "Calibration": f"Platt, slope {calibration.slope:.4f}, intercept {calibration.intercept:.4f}, "
        f"at a prevalence of {calibration.prevalence:.3f}" + _cross_fitted(training),
        "Gate": _gate(manifest.gate),
        "Answer sets": _sets(manifest.conformal),
        "Activation map": manifest.activation_map,
        "Worth of the map": _worth(manifest.faithfulness),
        "Network and graph": f"differ by at most {manifest.parity.largest_probability_difference:.1e} "
        f"in probability on {manifest.parity.films} films",
        "Made by": f"hilum {manifest.hilum_version}, `{manifest.command}`, commit `{manifest.commit or 'none'}`",
    } | _finished(manifest.finished)
    table = "\n".join(f"| {what} | {value} |" for what, value in facts.items())
    points = "\n".join(
        f"| {point.name} | {point.threshold:.4f} | {point.goal}{'' if point.is_reached else ' (not reached)'} |"
        for point in manifest.operating_points
    )
    return f"""---
license: {manifest.licence.lower()}
tags: [chest-x-ray, pneumonia, image-classification, onnx]
library_name: hilum
pipeline_tag: image-classification
---
# {manifest.name}

{LEAK.format(training.protocol) if training.is_leaky else ""}{manifest.recipe["summary"]}

**{" ".join(limits(manifest))}**

## What it is for
A second look beside a reader who reads every film anyway, and research. It answers one question about one frontal
chest film: how probable pneumonia is. It says nothing of any other finding.

It is not for deciding without a reader, for other people than those named above, for other views, for other parts of
the body, or for photographs of films.

## How it was made
| | |
|---|---|
{table}

## Operating points
Thresholds on the calibrated probability, chosen on the {len(training.calibrate.patients)} calibrate patients.
What they reach on other patients, with intervals, is the answer of `hilum evaluate`.

| operating point | threshold | goal |
|---|---|---|
{points}

## Use
`hilum predict FILM --model FOLDER` needs no torch. {loading}
A site states its own prevalence once, in `hilum.toml`; see `docs/reference/site.md`.
"""


def _cross_fitted(training: Training) -> str:
    """How patients who were learned from could calibrate; nothing where they were kept apart."""
    if not training.cross_fitted:
        return ""
    return (
        f"; cross-fitted: each fit patient's films answered by one of {training.cross_fitted} networks made without "
        "them, as the kept one learned from all"
    )


def _finished(finished: Finished | None) -> dict[str, str]:
    """What gave a model its gate, or measured its map, later on; nothing for one that was made with both."""
    if finished is None:
        return {}
    made = f"hilum {finished.hilum_version}, `{finished.command}`, commit `{finished.commit or 'none'}`"
    return {"Finished by": f"{made}, {finished.created}"}


def _gate(gate: Gate | None) -> str:
    """What it does to films that the model may answer for; what it does to others is measured by `bench/gate.py`."""
    if gate is None:
        return "none: a picture that is no chest film is answered too, unless it is blank, coloured or mostly margin"
    return (
        f"refuses pictures at a distance of more than {gate.refuse_above:.3f} from the training films, warns from "
        f"{gate.warn_above:.3f} on; set on {gate.films} films of {gate.patients} calibrate patients"
    )


def _sets(sets: Conformal | None) -> str:
    """The promise and how far it goes."""
    if sets is None:
        return "none"
    return (
        f"conformal by class, alpha {sets.alpha:g}, over {sets.pneumonia_patients} patients with pneumonia and "
        f"{sets.normal_patients} without; the promise does not hold for films unlike theirs"
    )


def _worth(found: Faithfulness | None) -> str:
    """The verdict with the figures that it rests on."""
    if found is None:
        return "not measured; `hilum audit maps` does it"
    gains = "; ".join(
        f"gain over a random map in {name} {_figure(one)}"
        for name, one in (("deletion", found.deletion_gain), ("insertion", found.insertion_gain))
    )
    likeness = f"rank correlation with the map of a network of random weights {_figure(found.rank)}"
    notes = f"; {'; '.join(found.notes)}" if found.notes else ""
    return f"{faithfulness_in_words(found)}; {gains}; {likeness}; {found.films} select films{notes}"


def _figure(one: MeasuredFigure) -> str:
    if one.value is None:
        return "not defined"
    interval = "no interval" if one.low is None or one.high is None else f"{one.low:.3f}, {one.high:.3f}"
    return f"{one.value:.3f} [{interval}]"


def _people(served: Served) -> str:
    return f"{len(served.patients)} patients, {len(served.films)} films"
