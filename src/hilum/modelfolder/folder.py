"""Reading and writing a model folder. Nothing in it is ever unpickled; every file is covered by a hash."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from msgspec import to_builtins

from hilum.errors import HilumError
from hilum.files import explained, printable, whole_folder
from hilum.json_files import parse_json, typed, write_json
from hilum.modelfolder.checks import require_sound_maps
from hilum.modelfolder.schema import FORMAT, Manifest

MANIFEST, GRAPH = "hilum.json", "model.onnx"


@dataclass(frozen=True, slots=True)
class ModelFolder:
    """A model folder whose manifest has been read and whose files are checked as they are used."""

    path: Path
    manifest: Manifest
    model_hash: str  # SHA-256 of hilum.json, which holds the hash of every other file

    def read(self, name: str) -> bytes:
        """A file's bytes, after its hash has been compared with the manifest's.

        Raises:
            HilumError: the file is missing, not in the manifest, or altered.
        """
        with explained(self.path / name, "read"):
            content = (self.path / name).read_bytes() if (self.path / name).exists() else None
        if content is None:
            raise HilumError(
                f"The model folder '{printable(self.path)}' has no '{printable(name)}'.",
                expected=f"every file that {MANIFEST} names",
                do="Copy or export the model again.",
            )
        if hashlib.sha256(content).hexdigest() != self.manifest.files.get(name):
            raise HilumError(
                f"'{printable(self.path / name)}' is not the file that {MANIFEST} describes.",
                expected="an unaltered model folder",
                do="Copy or export the model again.",
            )
        return content

    def check(self) -> None:
        """Compare every file with its hash, and refuse files that the manifest does not name."""
        for name in self.manifest.files:
            self.read(name)
        strangers = sorted({entry.name for entry in self.path.iterdir()} - set(self.manifest.files) - {MANIFEST})
        if strangers:
            raise HilumError(
                f"'{printable(self.path)}' holds '{printable(strangers[0])}', which {MANIFEST} does not name.",
                expected="only the files of the model",
                do="Move it elsewhere.",
            )


def open_model_folder(path: Path) -> ModelFolder:
    """The model folder at `path`.

    Raises:
        HilumError: no such folder, no or damaged manifest, a wrong value in it, or a format from the future.
    """
    path = Path(path)
    if not _has_manifest(path):
        inner = path / "model"
        if not _has_manifest(inner):
            raise HilumError(
                f"'{printable(path)}' is not a model folder: it has no {MANIFEST}.",
                expected="a folder that `hilum train` or `hilum model finish` wrote",
                do="Name the folder 'model' inside a finished run.",
            )
        path = inner  # a run folder was named: its model is meant
    with explained(path / MANIFEST, "read"):
        content = (path / MANIFEST).read_bytes()
    return ModelFolder(path, _parse(content, path / MANIFEST), hashlib.sha256(content).hexdigest())


def _has_manifest(path: Path) -> bool:
    with explained(path / MANIFEST, "read"):
        return (path / MANIFEST).is_file()


def write_model_folder(
    path: Path, files: dict[str, bytes], manifest_of: Callable[[dict[str, str]], Manifest]
) -> Manifest:
    """Write a whole model folder, or none; the manifest comes back.

    Args:
        path: the model folder, which is new or empty.
        files: contents by name, all but hilum.json.
        manifest_of: makes the manifest from the files' hashes.
    """
    with whole_folder(path) as folder:
        for name, content in files.items():
            with explained(path / name, "write"):
                (folder / name).write_bytes(content)
        manifest = manifest_of({name: hashlib.sha256(content).hexdigest() for name, content in sorted(files.items())})
        write_json(folder / MANIFEST, to_builtins(manifest))
    return manifest


def _parse(content: bytes, path: Path) -> Manifest:
    """The manifest in these bytes; the format is looked at before anything else is judged."""
    try:
        values = parse_json(content)
        if not isinstance(values, dict):
            raise ValueError("it is not an object")
    except (ValueError, RecursionError) as error:
        raise HilumError(
            f"'{printable(path)}' is damaged: {error}.", expected="a JSON object", do="Copy or export the model again."
        ) from error
    if isinstance(values.get("format"), int) and values["format"] > FORMAT:
        raise HilumError(
            f"'{printable(path)}' has format {values['format']}.",
            expected=f"format {FORMAT} or older",
            do=f"Install hilum {values.get('hilum_version', '')} or newer: pip install --upgrade hilum",
        )
    manifest = typed(
        values,
        Manifest,
        f"'{printable(path)}' has a wrong value",
        expected="a manifest that hilum wrote",
        do="Copy or export the model again.",
    )
    require_sound_maps(manifest, printable(path))
    return manifest
