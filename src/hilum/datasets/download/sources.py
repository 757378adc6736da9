"""Where public data lie: addresses, sizes, checksums, licences and what to cite, as values.

Checksums were taken from where the data are published or, for the Kermany archive, from three independent public
records that agree. Kaggle publishes none: there the SHA-256 of the first download is kept beside the file (`fetch`).
"""

from __future__ import annotations

import base64
import json
import os
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from hilum.errors import HilumError, nearest
from hilum.files import explained, printable, read_text

_FILM = re.compile(r"(?:chest_xray/)?((?:train|val|test)/(?:NORMAL|PNEUMONIA)/[^/.][^/]*\.jpe?g)", re.IGNORECASE)

_KERMANY = (
    "Kermany DS, Goldbaum M, Cai W, et al. Identifying Medical Diagnoses and Treatable Diseases by Image-Based Deep "
    "Learning. Cell 2018;172(5):1122-1131."
)
_MEDMNIST = (
    "Yang J, Shi R, Wei D, et al. MedMNIST v2: a large-scale lightweight benchmark for 2D and 3D biomedical image "
    "classification. Scientific Data 2023;10:41."
)


@dataclass(frozen=True, slots=True)
class Checksum:
    """A digest of a file: `algorithm` is a name that `hashlib` knows, `hexdigest` is in small letters."""

    algorithm: str
    hexdigest: str


@dataclass(frozen=True, slots=True)
class Source:
    """One public data set at one place.

    Attributes:
        name: of the data set, as typed and as its folder is called.
        origin: who serves it, as in `--from`.
        page: where a person finds it.
        url: of the file itself.
        filename: what it is kept as.
        size_bytes: of that file; None where it is not known.
        checksum: of that file; None where the origin publishes none.
        films: that must come out of it.
        side: of the films in pixels, 0 where it varies.
        licence: of the data.
        citation: what to cite, one entry each.
    """

    name: str
    origin: str
    page: str
    url: str
    filename: str
    size_bytes: int | None
    checksum: Checksum | None
    films: int
    licence: str
    citation: tuple[str, ...]
    side: int = 0


def _pneumoniamnist(side: int, size_bytes: int, md5: str) -> Source:
    filename = "pneumoniamnist.npz" if side == 28 else f"pneumoniamnist_{side}.npz"
    return Source(
        name="pneumoniamnist",
        origin="zenodo",
        page="https://zenodo.org/records/10519652",
        url=f"https://zenodo.org/records/10519652/files/{filename}?download=1",
        filename=filename,
        size_bytes=size_bytes,
        checksum=Checksum("md5", md5),
        films=5856,
        licence="CC BY 4.0",
        citation=(_MEDMNIST, _KERMANY),
        side=side,
    )


SOURCES: tuple[Source, ...] = (
    Source(
        name="kermany",
        origin="mendeley",
        page="https://data.mendeley.com/datasets/rscbjbr9sj/2",
        url="https://data.mendeley.com/public-files/datasets/rscbjbr9sj/files/"
        "f12eaf6d-6023-432f-acc9-80c9d7393433/file_downloaded",
        filename="ChestXRay2017.zip",
        size_bytes=1_235_512_464,
        checksum=Checksum("sha256", "13efc055629733dbab07877f8b3c9f81097840dbcdaa326a8542322c2281ce36"),
        films=5856,
        licence="CC BY 4.0",
        citation=(
            _KERMANY,
            "Kermany D, Zhang K, Goldbaum M. Labeled Optical Coherence Tomography (OCT) and Chest X-Ray Images for "
            "Classification. Mendeley Data, V2, 2018. doi:10.17632/rscbjbr9sj.2",
        ),
    ),
    Source(
        name="kermany",
        origin="kaggle",
        page="https://www.kaggle.com/datasets/paultimothymooney/chest-xray-pneumonia",
        url="https://www.kaggle.com/api/v1/datasets/download/paultimothymooney/chest-xray-pneumonia",
        filename="chest-xray-pneumonia.zip",
        size_bytes=None,
        checksum=None,
        films=5856,
        licence="CC BY 4.0",
        citation=(_KERMANY,),
    ),
    _pneumoniamnist(28, 4_170_669, "28209eda62fecd6e6a2d98b1501bb15f"),
    _pneumoniamnist(64, 20_606_998, "8f4eceb4ccffa70c672198ea285246c6"),
    _pneumoniamnist(128, 75_506_212, "05b46931834c231683c68f40c47b2971"),
    _pneumoniamnist(224, 214_384_716, "d6a3c71de1b945ea11211b03746c1fe1"),
)
"""All that can be downloaded; the first of a name is taken where nothing else is asked for."""


def find_source(name: str, origin: str = "", side: int | None = None, sources: tuple[Source, ...] = SOURCES) -> Source:
    """The source that fits; an empty origin and no side take the first of that name.

    Raises:
        HilumError: there is none; the nearest known name, origin or side is given.

    >>> find_source("kermany", "kaggle").filename, find_source("pneumoniamnist", side=64).filename
    ('chest-xray-pneumonia.zip', 'pneumoniamnist_64.npz')
    """
    found = [source for source in sources if source.name == name]
    if not found:
        known = sorted({source.name for source in sources})
        raise HilumError(f"There is no source '{name}'.", expected="a known data set", do=nearest(name, known))
    origins = [source.origin for source in found]
    if origin and origin not in origins:
        raise HilumError(f"'{origin}' does not serve {name}.", expected="a known origin", do=nearest(origin, origins))
    found = [source for source in found if source.origin == (origin or origins[0])]
    sides = [source.side for source in found]
    if side is not None and side not in sides:
        offered = ", ".join(str(side) for side in sides if side) or "none: its films differ in size"
        raise HilumError(
            f"{name} is not served at a side of {side} pixels.",
            expected=f"one of these: {offered}",
            do="Change --side.",
        )
    return found[0] if side is None else found[sides.index(side)]


def place_of_kermany_film(member: str) -> str | None:
    """Where a member of a Kermany archive goes: its films alone, without the second copy inside Kaggle's archive.

    >>> place_of_kermany_film("chest_xray/test/NORMAL/IM-0001-0001.jpeg")
    'test/NORMAL/IM-0001-0001.jpeg'
    >>> place_of_kermany_film("chest_xray/chest_xray/test/NORMAL/IM-0001-0001.jpeg")
    >>> place_of_kermany_film("__MACOSX/chest_xray/test/NORMAL/._IM-0001-0001.jpeg")
    """
    match = _FILM.fullmatch(PurePosixPath(member).as_posix())
    return match[1] if match else None


def kaggle_authorization(environment: Mapping[str, str], home: Path) -> str:
    """The Authorization header for Kaggle from the user's token, which is written nowhere and never part of an error.

    Looked for in this order: KAGGLE_API_TOKEN; KAGGLE_USERNAME with KAGGLE_KEY; then the files `access_token` and
    `kaggle.json` in KAGGLE_CONFIG_DIR or `~/.kaggle`, which nobody else may be able to read.

    Raises:
        HilumError: there is no token, it is incomplete, or others can read it.
    """
    if token := environment.get("KAGGLE_API_TOKEN", "").strip():
        return _bearer(token)
    if environment.get("KAGGLE_USERNAME") and environment.get("KAGGLE_KEY"):
        return _basic(environment["KAGGLE_USERNAME"], environment["KAGGLE_KEY"])
    folder = Path(environment.get("KAGGLE_CONFIG_DIR") or home / ".kaggle")
    if (folder / "access_token").is_file():
        return _bearer(_private_text(folder / "access_token").strip())
    if (folder / "kaggle.json").is_file():
        return _from_kaggle_json(folder / "kaggle.json")
    raise HilumError(
        "There is no Kaggle token.",
        expected=f"KAGGLE_API_TOKEN in the environment, or {printable(folder / 'kaggle.json')}",
        do="Make one at https://www.kaggle.com/settings/api (button 'Generate New Token'), "
        "or leave out '--from kaggle' to take the same films from Mendeley, which needs none.",
    )


def _from_kaggle_json(path: Path) -> str:
    try:
        value = json.loads(_private_text(path))
        return _basic(value["username"], value["key"])
    except (ValueError, KeyError, TypeError, AttributeError):
        # The cause would show the key in a log: it is cut off.
        raise HilumError(
            f"'{printable(path)}' is no Kaggle token.",
            expected='{"username": "...", "key": "..."}',
            do="Download it again from https://www.kaggle.com/settings/api.",
        ) from None


def _private_text(path: Path) -> str:
    """The text of a file that nobody else may read."""
    with explained(path, "read"):
        permissions = path.stat().st_mode & 0o777
    if os.name != "nt" and permissions & 0o077:
        raise HilumError(
            f"Others on this machine can read the Kaggle token '{printable(path)}' (permissions {permissions:o}).",
            expected="permissions 600",
            do=f"Run: chmod 600 {printable(path)}",
        )
    return read_text(path)


def _bearer(token: str) -> str:
    return f"Bearer {_plain(token)}"


def _basic(username: str, key: str) -> str:
    return "Basic " + base64.b64encode(f"{_plain(username.strip())}:{_plain(key.strip())}".encode()).decode()


def _plain(secret: str) -> str:
    """The secret, once it is found free of what would end a header; the error does not show it."""
    if not secret or not secret.isprintable() or not secret.isascii():
        raise HilumError(
            "The Kaggle token is empty or holds characters that no token has.",
            expected="one line of letters and digits",
            do="Copy it again from https://www.kaggle.com/settings/api.",
        )
    return secret
