"""hilum export: a model for a browser without a server, or its graph for another program."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from hilum.browser.facts import facts
from hilum.browser.graph import graph_files
from hilum.browser.page import PageParts, folder_files, single_file
from hilum.browser.runtime_files import runtime_files
from hilum.files import explained, printable, whole_folder
from hilum.modelfolder import GRAPH
from hilum.runtime import Answering, Predictor
from hilum.site import site_settings
from hilum.verbs.predict import gathered

if TYPE_CHECKING:
    from rich.console import RenderableType

SINGLE_FILE, FOLDER = "hilum.html", "web"


@dataclass(frozen=True, slots=True)
class Exported:
    """What was written.

    Args:
        model_hash: of the model that it answers as.
        files: every file, relative to the folder, with its size in bytes.
    """

    format: str
    folder: Path
    model: str
    model_hash: str
    files: dict[str, int]

    def __rich__(self) -> RenderableType:
        from rich.console import Group
        from rich.text import Text

        lines = [f"Model  {self.model} ({self.model_hash[:12]})", f"Folder {printable(self.folder)}", ""]
        width = max(map(len, self.files))
        lines += [f"{name:<{width}}  {_size(count):>9}" for name, count in self.files.items()]
        if self.format == "web":
            lines += [
                "",
                f"{SINGLE_FILE} opens in a browser from any disc or USB stick; no film and no answer leaves the page.",
                f"{FOLDER}/ is for a web server, by https or on this machine; after one visit it needs no network.",
            ]
        return Group(*(Text(line, no_wrap=line.startswith("Folder")) for line in lines))

    def as_json(self) -> dict[str, Any]:
        """The same as JSON values."""
        return {
            "format": self.format,
            "folder": printable(self.folder),
            "model": self.model,
            "model_hash": self.model_hash,
            "files": self.files,
        }


def export(
    model: Path,
    *,
    output: Path,
    format_: Literal["onnx", "web"] = "web",
    operating_point: str | None = None,
    prevalence: float | None = None,
    site: Path | None = None,
) -> Exported:
    """Write a model as a page that answers in a browser without a server, or as a graph for another program.

    'web' writes hilum.html, one file that opens from a USB stick, and the folder web/ for a web server. The page reads
    JPEG and PNG, asks nobody, and refuses to answer in a browser that changes the pixels of films. 'onnx' writes the
    graph with what a program needs around it: preprocessing, calibration, thresholds, and a film to try itself on.

    Args:
        model: Model folder, or the run that holds one.
        output: New or empty folder for the files.
        format_: What to write: web or onnx.
        operating_point: Name of the stored threshold that decides; the site's, or sensitivity>=0.95, if not given.
        prevalence: Share of films with pneumonia where they come from, 0 to 1; probabilities are given for it too.
        site: File hilum.toml with the site's settings, or its folder; searched from here upwards if not given.

    Examples:
        hilum export runs/cnn-scratch --output page/
        hilum export runs/cnn-scratch --output page/ --prevalence 0.05
        hilum export runs/cnn-scratch --format onnx --output graph/
    """
    settings = site_settings(site)
    predictor = Predictor.open(model)
    answering = Answering.at_site(predictor, settings, operating_point, prevalence)
    answer = gathered(answering, ()).as_json()
    files = {"onnx": graph_files, "web": _web_files}[format_](answering, answer)
    with whole_folder(output) as folder:
        for name, content in files.items():
            with explained(output / name, "write"):
                (folder / name).parent.mkdir(parents=True, exist_ok=True)
                (folder / name).write_bytes(content)
    sizes = {name: len(content) for name, content in files.items()}
    return Exported(format_, output, predictor.manifest.name, predictor.model_hash, sizes)


def _web_files(answering: Answering, answer: dict[str, Any]) -> dict[str, bytes]:
    runtime = runtime_files()
    parts = PageParts(facts(answering, answer), answering.predictor.folder.read(GRAPH), runtime)
    folder = {f"{FOLDER}/{name}": content for name, content in folder_files(parts).items()}
    return {SINGLE_FILE: single_file(parts).encode("utf-8")} | folder


def _size(count: int) -> str:
    """A number of bytes for people.

    >>> _size(2_600), _size(19_400_000)
    ('3 kB', '19.4 MB')
    """
    return f"{count / 1e6:.1f} MB" if count >= 1e6 else f"{max(1, round(count / 1e3))} kB"
