"""The files of ONNX Runtime Web: which, where they lie, and that they are those of the pinned release."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from hilum.errors import HilumError
from hilum.files import explained, printable

PACKAGE: Final = "onnxruntime-web"
VERSION: Final = "1.30.0"
INTEGRITY: Final = "q0y+JrrtukXSzsBWEMccVfqX25LRmosXHF+CaRJmg8pZClzcV7svNc4rKY3jL02Vb7QmRMDs1SigqR4CXAfKYQ=="
"""SHA-512 of the package in base64, as a lock file of npm names it."""

RUNTIME: Final = Path(__file__).parent / "runtime"
"""Fetched by `make web` and part of the wheel, but of no commit."""

SCRIPT: Final = "ort.wasm.bundle.min.mjs"
PROGRAM: Final = "ort-wasm-simd-threaded.wasm"
HASHES: Final = {
    SCRIPT: "11e64bd8ffe11bd1a2a2f0d6275fdfbbba7262f0b76b99b53d228a8a22ef3d90",
    PROGRAM: "3398c10d07d229bd91b364548e130e0e51a8e5704b88c7c083ebbeb78842dee2",
}
"""SHA-256 of each file that is taken out of the package."""


@dataclass(frozen=True, slots=True)
class RuntimeFiles:
    """ONNX Runtime Web, the plain SIMD build.

    Args:
        script: its ES module.
        program: its WebAssembly.
    """

    script: str
    program: bytes


def runtime_files(folder: Path = RUNTIME) -> RuntimeFiles:
    """The fetched files, their hashes compared.

    Raises:
        HilumError: they have not been fetched, or are not those of the pinned release.
    """
    contents = {name: _read(folder / name) for name in HASHES}
    return RuntimeFiles(contents[SCRIPT].decode("utf-8"), contents[PROGRAM])


def require_hash(name: str, content: bytes) -> None:
    """Refuse a file that is not the pinned one.

    Raises:
        HilumError: its hash is another.
    """
    if hashlib.sha256(content).hexdigest() != HASHES[name]:
        raise HilumError(
            f"'{printable(name)}' is not that of {PACKAGE} {VERSION}.",
            expected="the file with the pinned hash",
            do="Fetch it again: make web",
        )


def _read(path: Path) -> bytes:
    with explained(path, "read"):
        if not path.is_file():
            raise HilumError(
                "A page that answers in a browser needs ONNX Runtime Web, which has not been fetched.",
                expected=f"{path.name} beside hilum's own files",
                do="Run `make web` in the checkout once, or install hilum from a wheel that was built after it.",
            )
        content = path.read_bytes()
    require_hash(path.name, content)
    return content
