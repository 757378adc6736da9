"""Fetches ONNX Runtime Web with npm, for `make web`; nothing is taken that has not the pinned hash."""

from __future__ import annotations

import base64
import hashlib
import io
import subprocess
import sys
import tarfile
import tempfile
from collections.abc import Sequence
from pathlib import Path

from hilum.browser.runtime_files import HASHES, INTEGRITY, PACKAGE, RUNTIME, VERSION, require_hash
from hilum.errors import HilumError
from hilum.files import explained, printable, write_atomically

_TIMEOUT_S = 600


def fetch(folder: Path = RUNTIME, package: Path | None = None) -> None:
    """Put the files of the pinned release into the folder; done at once where they are there.

    Args:
        folder: where they belong.
        package: a package that somebody has already; None asks npm for it.

    Raises:
        HilumError: npm is missing or cannot fetch it, or the package is another.
    """
    if package is None and _is_complete(folder):
        return
    with tempfile.TemporaryDirectory() as scratch:
        content = _read(package or _packed(Path(scratch)))
    for name, file in unpacked(content).items():
        write_atomically(folder / name, lambda out, file=file: out.write(file))  # type: ignore[misc]


def unpacked(package: bytes) -> dict[str, bytes]:
    """The files that the page needs, by name.

    Raises:
        HilumError: the package is not the pinned one.
    """
    if base64.b64encode(hashlib.sha512(package).digest()).decode("ascii") != INTEGRITY:
        raise HilumError(
            f"The package is not {PACKAGE} {VERSION} as hilum knows it.",
            expected=f"the pinned SHA-512, {INTEGRITY[:16]}...",
            do="Fetch it from another registry; do not use this one.",
        )
    files = {}
    with tarfile.open(fileobj=io.BytesIO(package), mode="r:gz") as archive:
        for name in HASHES:
            member = archive.extractfile(f"package/dist/{name}")
            files[name] = member.read() if member else b""
            require_hash(name, files[name])
    return files


def _is_complete(folder: Path) -> bool:
    try:
        for name in HASHES:
            require_hash(name, (folder / name).read_bytes())
    except (OSError, HilumError):
        return False
    return True


def _packed(scratch: Path) -> Path:
    """The package as npm packs it; npm itself knows which registry to ask."""
    command = ["npm", "pack", f"{PACKAGE}@{VERSION}", "--silent", "--pack-destination", str(scratch)]
    try:
        subprocess.run(command, check=True, capture_output=True, text=True, timeout=_TIMEOUT_S)
    except FileNotFoundError as error:
        raise HilumError(
            "npm is not installed.",
            expected="npm, which fetches the package",
            do=f"Install Node.js, or fetch {PACKAGE} {VERSION} elsewhere: python -m hilum.browser.fetching PACKAGE.tgz",
        ) from error
    except subprocess.SubprocessError as error:
        told = getattr(error, "stderr", "") or str(error)
        raise HilumError(
            f"npm could not fetch {PACKAGE} {VERSION}: {' '.join(told.split())[:300]}.",
            expected="a registry that answers",
            do="Look at the network and at npm's settings, then run `make web` again.",
        ) from error
    return next(scratch.glob("*.tgz"))


def _read(path: Path) -> bytes:
    with explained(path, "read"):
        return path.read_bytes()


def main(arguments: Sequence[str]) -> int:
    """Fetch, or take the package that is named; 0 where all files are there."""
    try:
        fetch(package=Path(arguments[0]) if arguments else None)
    except HilumError as error:
        sys.stderr.write(f"{error}\n")
        return error.exit_status
    sys.stderr.write(f"{printable(RUNTIME)} holds {PACKAGE} {VERSION}.\n")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
