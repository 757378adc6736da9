"""Archives from outside are unpacked whole or not at all, and never write outside their folder.

An archive is surveyed before anything is written and refused as a whole for one bad member: an absolute path, a drive
letter, a backslash, "..", a link, a device, a name twice (also in capitals only), encryption, more than 100 bytes for
each packed byte, too many members or too many bytes. Hostile sizes are met while reading, too: no member gives more
bytes than it declares, and no tar is followed further than its own size allows.
"""

from __future__ import annotations

import re
import struct
import tarfile
import unicodedata
import zipfile
import zlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path, PurePosixPath

from hilum.datasets.download.archive_members import Fault, Member, opened_members
from hilum.errors import HilumError
from hilum.files import explained, printable, whole_folder
from hilum.progress import Progress, Silent, track

_BLOCK = 1 << 18
_SMALL = 1 << 16  # what takes no more than this may be packed as well as it likes

_DAMAGE = (
    zipfile.BadZipFile,
    tarfile.TarError,
    zlib.error,
    struct.error,
    EOFError,
    UnicodeDecodeError,
    RuntimeError,  # encrypted members, and packing that zipfile does not know
)

_JUNK = re.compile(r"(^|/)(__MACOSX/|\._|\.DS_Store$|Thumbs\.db$|desktop\.ini$)")

Placing = Callable[[str], str | None]
"""From a member's name to its path under the target, or None to leave it out."""


@dataclass(frozen=True, slots=True)
class ArchiveLimits:
    """What an archive may hold at most.

    Attributes:
        members: files and folders.
        bytes: of all files unpacked.
        ratio: unpacked bytes for each packed one, for each member and for the whole archive.
    """

    members: int = 100_000
    bytes: int = 8 << 30
    ratio: int = 100


@dataclass(frozen=True, slots=True)
class Unpacked:
    """What came out of an archive: files written, their bytes, and files left out."""

    files: int
    bytes: int
    left_out: int


def without_junk(name: str) -> str | None:
    """Every file at its own place, but what macOS and Windows leave behind.

    >>> without_junk("chest_xray/train/a.jpeg"), without_junk("__MACOSX/chest_xray/._a.jpeg")
    ('chest_xray/train/a.jpeg', None)
    """
    return None if _JUNK.search(name) else name


def unpack(
    archive: Path,
    target: Path,
    limits: ArchiveLimits = ArchiveLimits(),
    place: Placing = without_junk,
    progress: Progress = Silent(),
) -> Unpacked:
    """Unpack a zip, tar or tar.gz into the new folder `target`, which appears whole or not at all.

    Args:
        archive: told by its first bytes, not by its name.
        target: a folder that is missing or empty.
        limits: what the archive may hold.
        place: where each file goes; by default the junk of macOS and Windows is left out.
        progress: where the bar is shown.

    Raises:
        HilumError: the archive is hostile, damaged, over a limit, or gives no file; `target` holds something; the disc
            is unwilling. Then nothing is left behind.
    """
    fault = partial(_refused, archive)
    with _opened(archive, limits, fault) as members:
        files = [member for member in _surveyed(members, archive.stat().st_size, limits, fault) if not member.is_folder]
        places = [place(member.name) for member in files]
        taken = [(member, PurePosixPath(to)) for member, to in zip(files, places, strict=True) if to is not None]
        if not taken:
            raise fault("holds none of the files looked for", "an archive of these data")
        with whole_folder(target) as folder:
            for member, path in track(progress, taken, f"Unpacking {archive.name}", len(taken)):
                _write(archive, member, folder.joinpath(*path.parts), fault)
    return Unpacked(len(taken), sum(member.size for member, _ in taken), len(files) - len(taken))


def survey(archive: Path, limits: ArchiveLimits = ArchiveLimits()) -> None:
    """Refuse an archive that `unpack` would refuse; for formats inside a zip, such as npz."""
    fault = partial(_refused, archive)
    with _opened(archive, limits, fault) as members:
        _surveyed(members, archive.stat().st_size, limits, fault)


@contextmanager
def _opened(archive: Path, limits: ArchiveLimits, fault: Fault) -> Iterator[Iterator[Member]]:
    """The archive's members; damage that shows anywhere inside the block is one sentence."""
    try:
        with explained(archive, "read"), opened_members(archive, limits.ratio, fault) as members:
            yield members
    except _DAMAGE as error:
        raise fault(f"is damaged or no archive ({error})", "a complete zip, tar or tar.gz") from error


def _surveyed(members: Iterator[Member], packed_bytes: int, limits: ArchiveLimits, fault: Fault) -> list[Member]:
    """All members, once each of them and their sum is found harmless."""
    found, files, folders, total = list[Member](), set[str](), set[str](), 0
    for member in members:
        found.append(member)
        total += member.size
        if flaw := member.flaw or _flaw_of_name(member.name):
            raise fault(f"holds '{printable(member.name)}', which {flaw}", "plain files with plain names")
        if len(found) > limits.members or total > limits.bytes:
            raise fault(
                f"holds more than {limits.members:,} files or {limits.bytes / 1e9:.1f} GB", "an archive of films"
            )
        if member.size > max(limits.ratio * member.packed, _SMALL) or total > limits.ratio * max(packed_bytes, _SMALL):
            raise fault(f"grows more than {limits.ratio} times when it is unpacked", "an archive of films")
        key = _key(member.name)
        if not member.is_folder and key in files:
            raise fault(f"holds '{printable(member.name)}' twice", "every name once")
        (folders if member.is_folder else files).add(key)
        folders.update(str(parent) for parent in PurePosixPath(key).parents)
    if clash := sorted(files & folders):
        raise fault(f"holds '{printable(clash[0])}' as a file and as a folder", "every name once")
    return found


def _flaw_of_name(name: str) -> str:
    """Why a name must not be written to a disc; "" where it may."""
    if not name or any(ord(character) < 32 for character in name):
        return "has an unprintable name"
    if "\\" in name or ":" in name:
        return "has a backslash or a colon in its name"
    if name.startswith("/"):
        return "has an absolute path"
    if ".." in name.split("/"):
        return "climbs out of its folder"
    return ""


def _key(name: str) -> str:
    """The name as a disc sees it that tells neither capitals nor ways to write an accent apart."""
    return unicodedata.normalize("NFC", PurePosixPath(name).as_posix()).casefold()


def _write(archive: Path, member: Member, path: Path, fault: Fault) -> None:
    """Write one member, with no byte more or less than it declares."""
    left = member.size
    with explained(path, "write"):
        path.parent.mkdir(parents=True, exist_ok=True)
        with path.open("xb") as file:
            for block in _blocks(archive, member):
                left -= len(block)
                if left < 0:
                    break
                file.write(block)
    if left:
        raise fault(f"is damaged: '{printable(member.name)}' has not the size it declares", "a complete archive")


def _blocks(archive: Path, member: Member) -> Iterator[bytes]:
    with explained(archive, "read"), member.open() as file:
        while block := file.read(_BLOCK):
            yield block


def _refused(archive: Path, happened: str, expected: str) -> HilumError:
    return HilumError(
        f"The archive '{printable(archive)}' {happened}; nothing was unpacked.",
        expected=expected,
        do="Remove it and fetch it again, or take it from another source.",
    )
