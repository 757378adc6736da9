"""A model's graph with what another program needs around it."""

from __future__ import annotations

import base64
import json
from typing import Any

from hilum.browser.facts import facts
from hilum.modelfolder import GRAPH
from hilum.runtime import Answering

_README = """# {name}, as a graph

{limits}

| file | what |
|---|---|
| `model.onnx` | input `film`: uint8 (n, 1, {side}, {side}); outputs `logit` and what else `answering.json` names |
| `answering.json` | geometry, calibration, operating points, gate, answer sets |
| `known-film.jpeg` | a drawn film to try a program on; its logit is `known_film.logit` in `answering.json` |

From film to answer:

1. Decode, turn upright, make grey, and resize to {side} x {side} px, geometry "{geometry}". hilum's page
   docs/reference/preprocessing.md has every step to the bit; other resizing changes answers.
2. Run the graph. Replication to channels and normalisation are inside.
3. `probability = 1 / (1 + exp(-(slope * logit + intercept)))`, both from `calibration`. It holds at the prevalence that
   stands there.
4. Pneumonia where the probability reaches the `threshold` of the operating point named by `answer.operating_point`.
5. Where there is a `gate`: a picture with `feature_distance > refuse_above` is no chest film and is not assessed;
   above `warn_above` the answer carries a warning.
6. Where there is `conformal`: pneumonia is left open from `pneumonia_from` on, normal up to `normal_to`, both as
   logits; both or none means "I do not know".

Show the limits above wherever you show an answer. Licence of the model: {licence}. Model {model_hash}.
"""


def graph_files(answering: Answering, answer: dict[str, Any]) -> dict[str, bytes]:
    """Files by name: graph, numbers, a film to try it on, and how to use them.

    Args:
        answering: the model at its site.
        answer: what `hilum predict --json` says of no film at all.
    """
    predictor = answering.predictor
    known = facts(answering, answer)
    jpeg = base64.b64decode(known["known_film"].pop("jpeg"))
    known["outputs"] = list(predictor.engine.outputs)
    readme = _README.format(
        name=predictor.manifest.name,
        limits=" ".join(answer["limits"]),
        side=predictor.side,
        geometry=predictor.geometry,
        licence=predictor.manifest.licence,
        model_hash=predictor.model_hash,
    )
    return {
        "README.md": readme.encode("utf-8"),
        "model.onnx": predictor.folder.read(GRAPH),
        "answering.json": (json.dumps(known, indent=2, ensure_ascii=False) + "\n").encode("utf-8"),
        "known-film.jpeg": jpeg,
    }
