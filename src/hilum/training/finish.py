"""The end of a run: the model folder, written whole beside everything that it was made from."""

from __future__ import annotations

from dataclasses import replace

import torch

from hilum.datasets import Catalogue, Split
from hilum.engine import Engine
from hilum.modelfolder import GRAPH, Manifest, write_model_folder
from hilum.modelfolder.card import POPULATIONS, model_card
from hilum.modelfolder.neighbours import NEIGHBOURS, card_section, neighbours_bytes
from hilum.progress import Progress
from hilum.training.assemble import assemble, network_files
from hilum.training.cross_fit import CrossFitted
from hilum.training.faithfulness import measure_faithfulness
from hilum.training.feed import JUDGED_AT_ONCE
from hilum.training.gate import fit_gate
from hilum.training.job import Job
from hilum.training.loop import TrainedNetwork
from hilum.training.manifest import Making, manifest_of
from hilum.training.neighbours import gather_neighbours
from hilum.training.run import RunFacts, RunFolder


def finish(
    run: RunFolder,
    facts: RunFacts,
    trained: TrainedNetwork,
    job: Job,
    films: Catalogue,
    split: Split,
    progress: Progress,
    cross_fitted: CrossFitted | None = None,
) -> Manifest:
    """Export, fit the gate, calibrate, measure the map and write the model folder of a run whose training has ended."""
    files = network_files(trained.classifier, job.recipe)
    at_once = min(JUDGED_AT_ONCE, job.machine.micro_batch or JUDGED_AT_ONCE)
    threads = torch.get_num_threads()
    graph, gate = files["model.onnx"], None
    if cross_fitted is None or cross_fitted.distances:
        distances = cross_fitted.distances if cross_fitted else None
        graph, gate = fit_gate(graph, job.pixels, films, split, progress, at_once, threads, distances)
    files["model.onnx"] = graph
    assembled = assemble(trained.classifier, graph, job.pixels, films, split, progress, at_once, cross_fitted)
    found = measure_faithfulness(
        trained.classifier, graph, assembled.calibration, job.pixels, films, split, progress, threads
    )
    assembled = replace(assembled, gate=gate, faithfulness=found)
    making = _making(facts, trained, job)
    card = model_card(manifest_of(making, split, assembled, {}), trained.classifier.is_plain_timm)
    if facts.neighbours != "none":
        engine = Engine(graph, GRAPH, threads)
        geometry = making.geometry if facts.neighbours == "thumbnails" else None
        cases = gather_neighbours(
            engine, job.pixels, films, split, assembled.salt, geometry=geometry, at_once=at_once, progress=progress
        )
        files[NEIGHBOURS], card = neighbours_bytes(cases), card + card_section(cases)
    manifest = write_model_folder(
        run.model,
        files | {"README.md": card.encode()},
        lambda hashes: manifest_of(making, split, assembled, hashes),
    )
    run.drop_state()
    return manifest


def _making(facts: RunFacts, trained: TrainedNetwork, job: Job) -> Making:
    """What the run was started with, and what came out of it."""
    return Making(
        name=job.recipe.name,
        recipe=facts.recipe,
        side=job.recipe.film.side,
        geometry=job.recipe.film.geometry,
        data_name=facts.data_name,
        data_fingerprint=facts.data_fingerprint,
        left_out=facts.left_out,
        weights=facts.weights,
        machine=facts.machine,
        provenance=facts.provenance,
        licence="CC-BY-4.0" if facts.data_name == "kermany" else "Apache-2.0",
        population=POPULATIONS.get(facts.data_name, f"not stated; as in the data set '{facts.data_name}'"),
        evidence_in_words=trained.classifier.head.evidence_in_words,
        kept_epoch=trained.kept_epoch,
        epochs=len(trained.history),
        seconds=round(trained.seconds, 1),
    )
