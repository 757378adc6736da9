"""Every verb: its name, the function behind it as a string, and the line that `hilum --help` shows.

Functions are named by strings, so that `hilum --help` imports none of them.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable
from dataclasses import dataclass
from importlib import import_module
from typing import Any, Final

BUILDERS: Final = "Builders: from films to a judged model"
READERS: Final = "Readers: from a film to an answer"


@dataclass(frozen=True, slots=True)
class Verb:
    """One command."""

    name: str
    function: str
    summary: str
    group: str

    def load(self) -> Callable[..., Any]:
        """The function itself, with all that it imports."""
        module, _, name = self.function.partition(":")
        function: Callable[..., Any] = getattr(import_module(module), name)
        return function

    def examples(self) -> str:
        """The examples of the function's docstring, as Markdown for the end of its help."""
        _, _, block = inspect.cleandoc(self.load().__doc__ or "").partition("Examples:\n")
        lines = [line.strip() for line in block.splitlines() if line.strip()]
        return "Examples:\n\n" + "\n".join(f"    {line}" for line in lines) if lines else ""


VERBS: Final = (
    Verb("demo", "hilum.verbs.demo:demo", "The whole story in two minutes, on films that hilum draws.", BUILDERS),
    Verb("data fetch", "hilum.verbs.data_fetch:fetch", "Download a public data set, or draw phantoms.", BUILDERS),
    Verb("data index", "hilum.verbs.data_index:index", "Make a catalogue of a folder or CSV of films.", BUILDERS),
    Verb("data split", "hilum.verbs.data_split:split", "Divide patients by a protocol.", BUILDERS),
    Verb("data check", "hilum.verbs.data_check:check", "Look for leaks, duplicates and bad films.", BUILDERS),
    Verb("data show", "hilum.verbs.data_show:show", "Draw counts and a grid of example films.", BUILDERS),
    Verb("lr-find", "hilum.verbs.lr_find:lr_find", "Suggest a learning rate by a range test.", BUILDERS),
    Verb(
        "model summary", "hilum.verbs.model_summary:summary", "Show a recipe's layers and which are trained.", BUILDERS
    ),
    Verb(
        "model import",
        "hilum.verbs.model_import:import_model",
        "Turn a saved Keras model into a model folder.",
        BUILDERS,
    ),
    Verb(
        "model finish",
        "hilum.verbs.model_finish:finish_model",
        "Give an older model folder what it lacks: gate, worth of its map.",
        BUILDERS,
    ),
    Verb("train", "hilum.verbs.train:train", "Train a recipe into a calibrated model folder.", BUILDERS),
    Verb("evaluate", "hilum.verbs.evaluate:evaluate", "Judge a model, every figure with its interval.", BUILDERS),
    Verb("compare", "hilum.verbs.compare:compare", "Say which of several judged models is better.", BUILDERS),
    Verb("audit shift", "hilum.verbs.audit_shift:shift", "Are the judged films like the training films?", BUILDERS),
    Verb(
        "audit shortcuts",
        "hilum.verbs.audit_shortcuts:shortcuts",
        "Can the label be told without looking at the lungs?",
        BUILDERS,
    ),
    Verb("audit labels", "hilum.verbs.audit_labels:labels", "List films whose label may be wrong.", BUILDERS),
    Verb(
        "audit robustness",
        "hilum.verbs.audit_robustness:robustness",
        "What exposure, blur, noise and the like do to a model.",
        BUILDERS,
    ),
    Verb("audit maps", "hilum.verbs.audit_maps:maps", "How far can a model's maps be trusted?", BUILDERS),
    Verb("report", "hilum.verbs.report:report", "Write card, checklists and PDF of a judged model.", BUILDERS),
    Verb("reproduce", "hilum.verbs.reproduce:reproduce", "Run the five published projects, row by row.", BUILDERS),
    Verb(
        "study transfer",
        "hilum.verbs.study_transfer:transfer",
        "What ImageNet weights buy, from few patients and from many.",
        BUILDERS,
    ),
    Verb("predict", "hilum.verbs.predict:predict", "Answer for films with a model.", READERS),
    Verb("explain", "hilum.verbs.explain:explain", "Show what an answer rests on, or every layer.", READERS),
    Verb("serve", "hilum.web.serve:serve", "Serve the web page and REST, here or with a token.", READERS),
    Verb("watch", "hilum.verbs.watch:watch", "Answer every film that comes into a folder.", READERS),
    Verb("export", "hilum.verbs.export:export", "Write a model for use elsewhere, or as a page.", READERS),
    Verb("read", "hilum.verbs.read:read", "Read held-out films yourself, beside a model.", READERS),
)
GROUPS: Final = {
    "data": "Fetch, index, split, check and show films.",
    "model": "Look into a network, or bring one in.",
    "audit": "Shift, shortcuts, labels, robustness, maps: what may mislead.",
    "study": "Questions that take many runs.",
}
