"""Which file of a folder holds the ImageNet weights of a network; read by name and description alone, without torch."""

from __future__ import annotations

from pathlib import Path

from hilum.errors import HilumError
from hilum.files import explained, printable
from hilum.json_files import read_json


def weights_file(folder: Path, architecture: str) -> Path | None:
    """The weights of timm's `architecture` in a folder of safetensors files; None where it has none.

    `ARCHITECTURE.safetensors` comes first. A file of another name counts where the `.json` beside it names the network
    (`timm_name`) and asks for no other wiring of it (`timm_kwargs`).

    Raises:
        HilumError: the folder or a description in it cannot be read, or two files claim to be the network's.
    """
    with explained(folder, "read"):
        named = folder / f"{architecture}.safetensors"
        if named.is_file():
            return named
        described = [path for path in sorted(folder.glob("*.json")) if path.with_suffix(".safetensors").is_file()]
    found = [path.with_suffix(".safetensors") for path in described if _is_of(read_json(path), architecture)]
    if len(found) > 1:
        raise HilumError(
            f"'{printable(found[0])}' and '{printable(found[1])}' both say that they hold '{architecture}'.",
            expected="one file a network",
            do="Name the file itself.",
        )
    return found[0] if found else None


def _is_of(description: object, architecture: str) -> bool:
    if not isinstance(description, dict):
        return False
    return description.get("timm_name") == architecture and not description.get("timm_kwargs")
