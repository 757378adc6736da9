"""Archives from outside: what is unpacked, and every way in which one is refused."""

from __future__ import annotations

import gzip
import io
import stat
import tarfile
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from hilum.datasets.download.archives import ArchiveLimits, survey, unpack
from hilum.errors import HilumError
from hilum.files import whole_folder

FILES = {"top/a.jpeg": b"a" * 10, "top/deep/b.jpeg": b"b" * 300_000, "top/empty.txt": b""}


def zip_of(path: Path, files: dict[str, bytes], method: int = zipfile.ZIP_STORED) -> Path:
    with zipfile.ZipFile(path, "w", method) as archive:
        for name, content in files.items():
            archive.writestr(zipfile.ZipInfo(name), content, compress_type=method)
    return path


def tar_of(path: Path, files: dict[str, bytes], mode: str = "w") -> Path:
    with tarfile.open(path, mode) as archive:  # type: ignore[call-overload]
        for name, content in files.items():
            entry = tarfile.TarInfo(name)
            entry.size = len(content)
            archive.addfile(entry, io.BytesIO(content))
    return path


def tar_with(path: Path, entry: tarfile.TarInfo) -> Path:
    with tarfile.open(path, "w") as archive:
        archive.addfile(entry)
    return path


def entry_of(name: str, kind: bytes, link: str = "") -> tarfile.TarInfo:
    entry = tarfile.TarInfo(name)
    entry.type, entry.linkname = kind, link
    return entry


def content_of(folder: Path) -> dict[str, bytes]:
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def refused(tmp_path: Path, archive: Path, match: str, limits: ArchiveLimits | None = None) -> None:
    """The archive is refused by name, and nothing but itself is on the disc afterwards."""
    target = tmp_path / "in" / "target"
    with pytest.raises(HilumError, match=match) as caught:
        unpack(archive, target, limits or ArchiveLimits())
    assert archive.name in str(caught.value)
    assert [path for path in tmp_path.rglob("*") if path.is_file()] == [archive]
    assert not target.exists()


@pytest.mark.parametrize(
    "make",
    [
        lambda path: zip_of(path, FILES),
        lambda path: zip_of(path, {"top/": b"", **FILES}, zipfile.ZIP_DEFLATED),
        lambda path: tar_of(path, FILES),
        lambda path: tar_of(path, {"./" + name: content for name, content in FILES.items()}, "w:gz"),
    ],
    ids=["zip", "deflated zip", "tar", "tar.gz"],
)
def test_files_come_out_as_they_went_in(tmp_path: Path, make: Callable[[Path], Path]) -> None:
    archive = make(tmp_path / "archive")
    # 300,000 equal bytes are packed like a bomb: more than a hundredfold.
    unpacked = unpack(archive, tmp_path / "deep" / "target", ArchiveLimits(ratio=1000))
    assert content_of(tmp_path / "deep" / "target") == FILES
    assert (unpacked.files, unpacked.bytes, unpacked.left_out) == (3, 300_010, 0)


def test_junk_of_other_systems_is_left_out(tmp_path: Path) -> None:
    junk = {"__MACOSX/top/._a.jpeg": b"x", "top/.DS_Store": b"x", "top/deep/._b.jpeg": b"x", "top/Thumbs.db": b"x"}
    unpacked = unpack(zip_of(tmp_path / "a.zip", FILES | junk), tmp_path / "target")
    assert content_of(tmp_path / "target") == FILES
    assert unpacked.left_out == 4


def test_files_go_where_they_are_placed(tmp_path: Path) -> None:
    place = lambda name: name.removeprefix("top/") if name.endswith(".jpeg") else None  # noqa: E731
    unpack(zip_of(tmp_path / "a.zip", FILES), tmp_path / "target", place=place)
    assert sorted(content_of(tmp_path / "target")) == ["a.jpeg", "deep/b.jpeg"]


NAMES = {
    "/etc/hilum": "absolute",
    "../outside": "climbs out",
    "top/../../outside": "climbs out",
    "top/..": "climbs out",
    "C:/outside": "backslash or a colon",
    "C:outside": "backslash or a colon",
    "..\\outside": "backslash or a colon",
    "\\\\host\\share": "backslash or a colon",
    "a.jpeg:stream": "backslash or a colon",
    "a\nb": "unprintable",
    "a\x1b[2Jb": "unprintable",
}


@pytest.mark.parametrize(("name", "match"), NAMES.items())
@pytest.mark.parametrize("make", [zip_of, tar_of], ids=["zip", "tar"])
def test_name_that_leads_outside_refuses_the_whole_archive(
    tmp_path: Path, make: Callable[[Path, dict[str, bytes]], Path], name: str, match: str
) -> None:
    refused(tmp_path, make(tmp_path / "evil", FILES | {name: b"x"}), match)


def test_name_that_goes_on_behind_a_zero_byte_is_refused(tmp_path: Path) -> None:
    archive = zip_of(tmp_path / "evil.zip", {"a.jpeg?.exe": b"x"})
    archive.write_bytes(archive.read_bytes().replace(b"?", b"\0"))
    refused(tmp_path, archive, "unprintable")


@given(st.text(st.sampled_from("./\\ab:~"), min_size=1, max_size=12))
@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_no_name_writes_outside_the_target(tmp_path_factory: pytest.TempPathFactory, name: str) -> None:
    folder = tmp_path_factory.mktemp("any")
    archive = zip_of(folder / "a.zip", {name: b"x"})
    try:
        unpack(archive, folder / "target")
    except HilumError:
        assert [path.name for path in folder.iterdir()] == ["a.zip"]
    assert {path.name for path in folder.iterdir()} <= {"a.zip", "target"}


@pytest.mark.parametrize(
    "entry",
    [
        entry_of("link", tarfile.SYMTYPE, "/etc/passwd"),
        entry_of("link", tarfile.SYMTYPE, "top/a.jpeg"),
        entry_of("link", tarfile.LNKTYPE, "/etc/passwd"),
        entry_of("device", tarfile.CHRTYPE),
        entry_of("device", tarfile.BLKTYPE),
        entry_of("pipe", tarfile.FIFOTYPE),
    ],
    ids=["link out", "link in", "hard link", "character device", "block device", "pipe"],
)
def test_links_and_devices_in_a_tar_are_refused(tmp_path: Path, entry: tarfile.TarInfo) -> None:
    refused(tmp_path, tar_with(tmp_path / "evil.tar", entry), "link, a device")


@pytest.mark.parametrize("kind", [stat.S_IFLNK, stat.S_IFCHR, stat.S_IFIFO, stat.S_IFSOCK])
def test_links_and_devices_in_a_zip_are_refused(tmp_path: Path, kind: int) -> None:
    entry = zipfile.ZipInfo("link")
    entry.external_attr = (kind | 0o777) << 16
    with zipfile.ZipFile(tmp_path / "evil.zip", "w") as archive:
        archive.writestr(entry, "/etc/passwd")
    refused(tmp_path, tmp_path / "evil.zip", "link or a device")


@pytest.mark.parametrize("twice", ["top/A.jpeg", "top/./a.jpeg", "top//a.jpeg"])
def test_name_that_a_disc_may_take_for_another_is_refused(tmp_path: Path, twice: str) -> None:
    refused(tmp_path, zip_of(tmp_path / "evil.zip", FILES | {twice: b"x"}), "twice")


def test_file_that_is_also_a_folder_is_refused(tmp_path: Path) -> None:
    refused(tmp_path, zip_of(tmp_path / "evil.zip", FILES | {"top/deep": b"x"}), "as a file and as a folder")


def test_encrypted_zip_is_refused(tmp_path: Path) -> None:
    content = bytearray(zip_of(tmp_path / "plain.zip", {"a.jpeg": b"x"}).read_bytes())
    content[6] |= 1  # the flags of the local header
    content[content.index(b"PK\x01\x02") + 8] |= 1  # and of the directory
    (tmp_path / "plain.zip").write_bytes(content)
    refused(tmp_path, tmp_path / "plain.zip", "encrypted")


@pytest.mark.parametrize("method", [zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA])
def test_packing_with_no_bound_on_growth_is_refused(tmp_path: Path, method: int) -> None:
    refused(tmp_path, zip_of(tmp_path / "evil.zip", {"a.jpeg": b"x" * 1000}, method), "unusual way")


def test_bomb_in_a_zip_is_refused(tmp_path: Path) -> None:
    bomb = zip_of(tmp_path / "bomb.zip", {"zeros": bytes(30_000_000)}, zipfile.ZIP_DEFLATED)
    refused(tmp_path, bomb, "grows more than 100 times")


def test_bomb_of_many_small_files_is_refused(tmp_path: Path) -> None:
    bomb = zip_of(tmp_path / "bomb.zip", {f"{n}": bytes(60_000) for n in range(200)}, zipfile.ZIP_DEFLATED)
    refused(tmp_path, bomb, "grows more than 100 times")


def test_bomb_in_a_tar_is_refused_without_being_followed(tmp_path: Path) -> None:
    entry = tarfile.TarInfo("zeros")
    entry.size = 60_000_000
    with gzip.open(tmp_path / "bomb.tar.gz", "wb", 1) as packed:
        packed.write(entry.tobuf())
        packed.write(bytes(entry.size + 1024))
    refused(tmp_path, tmp_path / "bomb.tar.gz", "grows more than 100 times")


def test_tar_whose_header_claims_gigabytes_is_refused(tmp_path: Path) -> None:
    header = tarfile.TarInfo("PaxHeader")
    header.type, header.size = tarfile.XHDTYPE, 4_000_000_000
    (tmp_path / "evil.tar").write_bytes(header.tobuf() + bytes(4096))
    refused(tmp_path, tmp_path / "evil.tar", "beyond measure")


def test_member_with_more_bytes_than_it_declares_is_refused(tmp_path: Path) -> None:
    content = bytearray(zip_of(tmp_path / "lie.zip", {"a.jpeg": b"x" * 9000}, zipfile.ZIP_DEFLATED).read_bytes())
    directory = content.index(b"PK\x01\x02")
    content[22:26] = content[directory + 24 : directory + 28] = (10).to_bytes(4, "little")
    (tmp_path / "lie.zip").write_bytes(content)
    refused(tmp_path, tmp_path / "lie.zip", "damaged")


@pytest.mark.parametrize("limits", [ArchiveLimits(members=2), ArchiveLimits(bytes=300_009)])
def test_archive_over_a_limit_is_refused(tmp_path: Path, limits: ArchiveLimits) -> None:
    refused(tmp_path, zip_of(tmp_path / "big.zip", FILES), "holds more than", limits)
    survey(tmp_path / "big.zip")


@pytest.mark.parametrize("make", [zip_of, tar_of], ids=["zip", "tar"])
def test_damaged_archive_is_one_sentence_and_leaves_nothing(
    tmp_path: Path, make: Callable[[Path, dict[str, bytes]], Path]
) -> None:
    whole = make(tmp_path / "archive", FILES).read_bytes()
    for length in (0, 1, 100, 600, len(whole) // 2):
        (tmp_path / "archive").write_bytes(whole[:length])
        refused(tmp_path, tmp_path / "archive", "damaged|none of the files")


def test_flipped_bit_in_a_zip_is_found(tmp_path: Path) -> None:
    content = bytearray(zip_of(tmp_path / "a.zip", FILES).read_bytes())
    content[200_000] ^= 1
    (tmp_path / "a.zip").write_bytes(content)
    refused(tmp_path, tmp_path / "a.zip", "damaged")


def test_archive_without_the_files_looked_for_is_refused(tmp_path: Path) -> None:
    with pytest.raises(HilumError, match="none of the files"):
        unpack(zip_of(tmp_path / "a.zip", FILES), tmp_path / "target", place=lambda _name: None)


def test_missing_archive_is_one_sentence(tmp_path: Path) -> None:
    with pytest.raises(HilumError, match="No such file"):
        unpack(tmp_path / "missing.zip", tmp_path / "target")


def test_target_that_holds_something_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / "target").mkdir()
    (tmp_path / "target" / "mine.txt").write_text("mine")
    with pytest.raises(HilumError, match="exists already"):
        unpack(zip_of(tmp_path / "a.zip", FILES), tmp_path / "target")
    assert content_of(tmp_path / "target") == {"mine.txt": b"mine"}


def test_link_at_the_target_is_not_followed(tmp_path: Path) -> None:
    (tmp_path / "elsewhere").mkdir()
    (tmp_path / "target").symlink_to(tmp_path / "elsewhere")
    with pytest.raises(HilumError, match="exists already"):
        unpack(zip_of(tmp_path / "a.zip", FILES), tmp_path / "target")
    assert list((tmp_path / "elsewhere").iterdir()) == []


def test_interrupted_unpacking_leaves_nothing_and_can_be_repeated(tmp_path: Path) -> None:
    archive = zip_of(tmp_path / "a.zip", FILES)
    with pytest.raises(KeyboardInterrupt), whole_folder(tmp_path / "target") as folder:
        (folder / "half.jpeg").write_bytes(b"half")
        raise KeyboardInterrupt
    assert [path.name for path in tmp_path.iterdir()] == ["a.zip"]
    unpack(archive, tmp_path / "target")
    assert content_of(tmp_path / "target") == FILES


def test_leftovers_of_a_killed_run_are_cleared(tmp_path: Path) -> None:
    (tmp_path / ".target.unfinished" / "top").mkdir(parents=True)
    (tmp_path / ".target.unfinished" / "top" / "half.jpeg").write_bytes(b"half")
    unpack(zip_of(tmp_path / "a.zip", FILES), tmp_path / "target")
    assert content_of(tmp_path / "target") == FILES
    assert sorted(path.name for path in tmp_path.iterdir()) == ["a.zip", "target"]
