"""A network becomes one self-contained ONNX graph, and is compared with it film by film."""

from __future__ import annotations

import copy
import io
import logging
import warnings
from collections.abc import Iterator
from contextlib import contextmanager, redirect_stderr, redirect_stdout

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor, nn

from hilum.models import FilmClassifier
from hilum.progress import Progress, Silent

OPSET = 18  # the newest that the browser's build of ONNX Runtime runs in full


class _Exported(nn.Module):
    """The graph's three outputs: logit (n,), features (n, c), activation_map (n, h, w)."""

    def __init__(self, classifier: FilmClassifier) -> None:
        super().__init__()
        self.classifier = classifier

    def forward(self, film: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        outputs = self.classifier(film)
        return outputs.logit, outputs.features, self.classifier.head.evidence(outputs.maps)


def export_onnx(classifier: FilmClassifier, side: int) -> bytes:
    """The bytes of an ONNX file: input `film`, uint8 (n, 1, side, side); weights inside, no external data."""
    return _export(_Exported(copy.deepcopy(classifier)).eval().cpu(), side, ["logit", "features", "activation_map"])


def export_trunk(trunk: nn.Module, side: int) -> bytes:
    """The same of a frozen trunk: its one output is `activation`."""
    return _export(trunk, side, ["activation"])


def _export(network: nn.Module, side: int, outputs: list[str]) -> bytes:
    film = torch.zeros((2, 1, side, side), dtype=torch.uint8)
    with _quiet():
        program = torch.onnx.export(
            network,
            (film,),
            input_names=["film"],
            output_names=outputs,
            dynamic_shapes=({0: torch.export.Dim("n", min=1, max=1024)},),
            opset_version=OPSET,
            dynamo=True,
            external_data=False,
            verbose=False,
        )
    assert program is not None
    buffer = io.BytesIO()
    import onnx

    onnx.save_model(program.model_proto, buffer)
    return buffer.getvalue()


@torch.no_grad()
def network_logits(
    classifier: FilmClassifier, films: npt.NDArray[np.uint8], batch_size: int = 32, progress: Progress | None = None
) -> npt.NDArray[np.float64]:
    """(n,) fp32 logits of the network itself, in evaluation mode, on its device; films may be memory-mapped."""
    classifier.eval()
    device = next(classifier.parameters()).device
    logits = np.zeros(len(films))
    with (progress or Silent()).bar("Network", len(films)) as bar:
        for start in range(0, len(films), batch_size):
            batch = torch.from_numpy(np.array(films[start : start + batch_size])).unsqueeze(1).to(device)
            logits[start : start + len(batch)] = classifier(batch).logit.cpu().numpy()
            bar.advance(len(batch))
    return logits


@contextmanager
def _quiet() -> Iterator[None]:
    """The exporter reports its stages on both streams; only what it raises matters here."""
    logger = logging.getLogger("torch.onnx")
    level = logger.level
    logger.setLevel(logging.ERROR)
    try:
        with warnings.catch_warnings(), redirect_stdout(io.StringIO()), redirect_stderr(io.StringIO()):
            warnings.simplefilter("ignore")
            yield
    finally:
        logger.setLevel(level)
