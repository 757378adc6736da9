"""The end of a run: the model folder, written whole beside everything that it was made from."""

from __future__ import annotations

from hilum.datasets import Catalogue, Split
from hilum.modelfolder import Manifest, Training, write_model_folder
from hilum.modelfolder.card import POPULATIONS, model_card
from hilum.progress import Progress
from hilum.training.assemble import Assembled, assemble, network_files
from hilum.training.feed import JUDGED_AT_ONCE
from hilum.training.job import Job
from hilum.training.loop import TrainedNetwork
from hilum.training.run import RunFacts, RunFolder


def finish(
    run: RunFolder,
    facts: RunFacts,
    trained: TrainedNetwork,
    job: Job,
    films: Catalogue,
    split: Split,
    progress: Progress,
) -> Manifest:
    """Export, calibrate and write the model folder of a run whose training has ended."""
    files = network_files(trained.classifier, job.recipe)
    at_once = min(JUDGED_AT_ONCE, job.machine.micro_batch or JUDGED_AT_ONCE)
    assembled = assemble(trained.classifier, files["model.onnx"], job.pixels, films, split, progress, at_once)

    def manifest_of(hashes: dict[str, str]) -> Manifest:
        return _manifest(facts, trained, job, split, assembled, hashes)

    files["README.md"] = model_card(manifest_of({}), trained.classifier.is_plain_timm).encode()
    manifest = write_model_folder(run.model, files, manifest_of)
    run.drop_state()
    return manifest


def _manifest(
    facts: RunFacts, trained: TrainedNetwork, job: Job, split: Split, assembled: Assembled, hashes: dict[str, str]
) -> Manifest:
    """hilum.json, from what the run was started with and what came out of it."""
    recipe = job.recipe
    training = Training(
        data_name=facts.data_name,
        data_fingerprint=facts.data_fingerprint,
        left_out=facts.left_out,
        protocol=split.protocol,
        seed=split.seed,
        fold=split.fold,
        is_leaky=split.is_leaky,
        salt=assembled.salt,
        **assembled.served,
        first_weights=facts.weights.source,
        first_weights_sha256=facts.weights.sha256,
        first_weights_licence=facts.weights.licence,
        kept_epoch=trained.kept_epoch,
        epochs=len(trained.history),
        seconds=round(sum(row.seconds for row in trained.history), 1),
        machine=facts.machine.kind,
        precision=facts.machine.precision,
        threads=facts.machine.threads,
    )
    return Manifest(
        name=recipe.name,
        hilum_version=facts.provenance.hilum_version,
        created=facts.provenance.created,
        command=facts.provenance.command,
        commit=facts.provenance.commit,
        side=recipe.film.side,
        geometry=recipe.film.geometry,
        calibration=assembled.calibration,
        operating_points=assembled.operating_points,
        training=training,
        parity=assembled.parity,
        recipe=facts.recipe,
        versions=facts.provenance.versions,
        licence="CC-BY-4.0" if facts.data_name == "kermany" else "Apache-2.0",
        activation_map=trained.classifier.head.evidence_in_words,
        population=POPULATIONS.get(facts.data_name, f"not stated; as in the data set '{facts.data_name}'"),
        files=hashes,
    )
