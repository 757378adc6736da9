"""hilum trains, judges, explains and deploys pneumonia classifiers on chest X-rays.

Data flows one way; each line may use only the lines above it.

    errors, files, progress, provenance    the ground: one error family, one atomic write
    recipe        TOML -> Recipe           metrics   arrays -> numbers
    images        bytes -> one grey uint8 film, to_square
    engine        ONNX file + arrays -> arrays
    attribution   graph + film -> evidence by covering; what maps are worth
    datasets      folder, CSV -> Catalogue; split, audit, pixel cache, phantoms, download
    modelfolder   the contract between the half that trains and the half that reads
    models        networks and their first weights                                    (torch)
    exporting     network -> ONNX                                                     (torch)
    explaining    layers, atlas, Grad-CAM, integrated gradients, randomisation test   (torch)
    training      the loop, and what follows it: calibration, thresholds, folder      (torch)
    runtime       model folder + film -> Prediction
    evaluation    model folder + catalogue -> Evaluation
    reports       figures, HTML, results page
    verbs         one file a command: start reading here
    cli           the table of verbs

The five verbs most used are public: `hilum.train`, `hilum.evaluate`, `hilum.compare`, `hilum.predict` and
`hilum.explain`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from hilum.errors import HilumError

if TYPE_CHECKING:
    from hilum.verbs.compare import compare
    from hilum.verbs.evaluate import evaluate
    from hilum.verbs.explain import explain
    from hilum.verbs.predict import predict
    from hilum.verbs.train import train

__version__ = "0.1.0"
__all__ = ["HilumError", "compare", "evaluate", "explain", "predict", "train"]


def __getattr__(name: str) -> Any:
    """Import a verb when it is first used, so that `import hilum` stays cheap and free of torch."""
    if name in __all__:
        from importlib import import_module

        return getattr(import_module(f"hilum.verbs.{name}"), name)
    raise AttributeError(f"module 'hilum' has no attribute '{name}'")
