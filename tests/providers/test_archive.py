"""Archives from outside: what is refused, and that what passes stays in its folder."""

import errno
import io
import tarfile
import tempfile
import zipfile
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reconciler.providers.archive import UnsafeArchive, to_plain_tar


def member(name: str, kind: bytes = tarfile.REGTYPE, **fields: object) -> tuple[tarfile.TarInfo, bytes]:
    data = b"data" if kind == tarfile.REGTYPE else b""
    made = tarfile.TarInfo(name)
    made.type, made.size, made.mode = kind, len(data), 0o644
    for field, value in fields.items():
        setattr(made, field, value)
    return made, data


def pack(path: Path, *members: tuple[tarfile.TarInfo, bytes], mode: str = "w:gz") -> Path:
    with tarfile.open(path, mode) as tar:
        for info, data in members:
            tar.addfile(info, io.BytesIO(data))
    return path


EVIL = {
    "an absolute path": ((member("/etc/passwd"),), "'/etc/passwd' is an absolute path"),
    "a path that climbs": ((member("a/../../x"),), r"'a/../../x' climbs out"),
    "an absolute link": ((member("l", tarfile.SYMTYPE, linkname="/etc"),), "'l' is a link to '/etc'"),
    "a link that climbs": ((member("d/l", tarfile.SYMTYPE, linkname="../../x"),), "leaves the folder"),
    "a link that climbs through another": (
        (member("x", tarfile.SYMTYPE, linkname="."), member("y", tarfile.SYMTYPE, linkname="x/../z")),
        "'y' is a link to 'x/../z', which leaves the folder",
    ),
    "a file below a link": (
        (member("l", tarfile.SYMTYPE, linkname="d"), member("l/f")),
        "'l/f' is below 'l', which is no directory",
    ),
    "a link in the place of a folder": (
        (member("d/f"), member("d", tarfile.SYMTYPE, linkname=".")),
        "'d' is there twice",
    ),
    "a hard link out": ((member("h", tarfile.LNKTYPE, linkname="/etc/passwd"),), "'/etc/passwd' is an absolute path"),
    "a hard link to nothing": ((member("h", tarfile.LNKTYPE, linkname="f"),), "no earlier file of the archive"),
    "a hard link to a link": (
        (member("l", tarfile.SYMTYPE, linkname="f"), member("h", tarfile.LNKTYPE, linkname="l")),
        "no earlier file of the archive",
    ),
    "a device": ((member("null", tarfile.CHRTYPE),), "'null' is a device"),
    "a disk": ((member("sda", tarfile.BLKTYPE),), "'sda' is a device"),
    "a pipe": ((member("pipe", tarfile.FIFOTYPE),), "'pipe' is a device, a pipe"),
    "the same file twice": ((member("f"), member("./f")), "'f' is there twice"),
    "a file below a file": ((member("f"), member("f/g")), "'f/g' is below 'f'"),
}


@pytest.mark.parametrize(("members", "reason"), EVIL.values(), ids=EVIL.keys())
def test_a_member_that_could_do_harm_is_refused_by_name(tmp_path: Path, members: tuple, reason: str) -> None:
    with pytest.raises(UnsafeArchive, match=reason):
        to_plain_tar(pack(tmp_path / "a.tar.gz", *members), tmp_path / "plain")


def test_a_bomb_is_refused_by_what_it_would_become(tmp_path: Path) -> None:
    big = tarfile.TarInfo("zeros")
    big.size = 5_000_000
    path = pack(tmp_path / "a.tar.gz", (big, bytes(big.size)))
    with pytest.raises(UnsafeArchive, match="more than 1000000 bytes, at 'zeros'"):
        to_plain_tar(path, tmp_path / "plain", max_bytes=1_000_000)


def test_a_header_that_would_fill_the_memory_is_refused(tmp_path: Path) -> None:
    header = tarfile.TarInfo("x")
    header.type, header.size = tarfile.XHDTYPE, 50_000_000
    path = pack(tmp_path / "a.tar.gz", (header, bytes(header.size)))
    with pytest.raises(UnsafeArchive, match="header"):
        to_plain_tar(path, tmp_path / "plain")


@pytest.mark.parametrize(
    "content", [b"", b"no archive at all", b"\x1f\x8b broken", b"PK\x03\x04 broken", b"\xfd7zXZ\x00 broken"]
)
def test_what_is_no_archive_is_refused(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "a"
    path.write_bytes(content)
    with pytest.raises(UnsafeArchive, match="cannot be read"):
        to_plain_tar(path, tmp_path / "plain")


def test_an_archive_that_is_cut_off_is_refused(tmp_path: Path) -> None:
    path = pack(tmp_path / "a.tar.gz", member("f"), member("g"))
    path.write_bytes(path.read_bytes()[:-20])
    with pytest.raises(UnsafeArchive, match="cannot be read"):
        to_plain_tar(path, tmp_path / "plain")


@pytest.mark.parametrize("mode", ["w", "w:gz", "w:xz", "w:bz2"])
def test_a_good_archive_keeps_its_contents_and_loses_special_bits(tmp_path: Path, mode: str) -> None:
    path = pack(
        tmp_path / "a",
        member("./", tarfile.DIRTYPE),
        member("./bin", tarfile.DIRTYPE, mode=0o2755),
        member("./bin/run", mode=0o4755, uid=1000, uname="me"),
        member("bin/alias", tarfile.SYMTYPE, linkname="../bin/run"),
        member("bin/twin", tarfile.LNKTYPE, linkname="./bin/run"),
        mode=mode,
    )
    to_plain_tar(path, tmp_path / "plain")
    with tarfile.open(tmp_path / "plain", "r:") as tar:
        seen = [(m.name, m.type, m.mode, m.uid, m.uname, m.linkname) for m in tar]
        assert tar.extractfile("bin/run").read() == b"data"
    assert seen == [
        ("bin", tarfile.DIRTYPE, 0o755, 0, "", ""),
        ("bin/run", tarfile.REGTYPE, 0o755, 0, "", ""),
        ("bin/alias", tarfile.SYMTYPE, 0o777, 0, "", "../bin/run"),
        ("bin/twin", tarfile.LNKTYPE, 0o644, 0, "", "bin/run"),
    ]


def test_a_zip_is_as_good_as_a_tar(tmp_path: Path) -> None:
    with zipfile.ZipFile(tmp_path / "a.zip", "w") as made:
        run = zipfile.ZipInfo("bin/run")
        run.external_attr = 0o100755 << 16
        made.writestr(run, "data")
        link = zipfile.ZipInfo("alias")
        link.external_attr = 0o120777 << 16
        made.writestr(link, "bin/run")
    to_plain_tar(tmp_path / "a.zip", tmp_path / "plain")
    with tarfile.open(tmp_path / "plain", "r:") as tar:
        assert [(m.name, m.mode, m.linkname) for m in tar] == [("bin/run", 0o755, ""), ("alias", 0o777, "bin/run")]


@pytest.mark.parametrize(("name", "to"), [("../x", None), ("/x", None), ("l", "/etc/passwd"), ("l", "../x")])
def test_a_zip_that_climbs_out_is_refused(tmp_path: Path, name: str, to: str | None) -> None:
    with zipfile.ZipFile(tmp_path / "a.zip", "w") as made:
        entry = zipfile.ZipInfo(name)
        entry.external_attr = (0o120777 if to else 0o100644) << 16
        made.writestr(entry, to or "data")
    with pytest.raises(UnsafeArchive, match=name):
        to_plain_tar(tmp_path / "a.zip", tmp_path / "plain")


_PART = st.sampled_from(["a", "b", "..", ".", "", "c d"])
_NAME = st.lists(_PART, min_size=1, max_size=4).map("/".join)
_MEMBER = st.builds(
    lambda name, kind, to: member(name, kind, linkname=to),
    _NAME,
    st.sampled_from([tarfile.REGTYPE, tarfile.DIRTYPE, tarfile.SYMTYPE, tarfile.LNKTYPE, tarfile.FIFOTYPE]),
    _NAME,
)


@given(st.lists(_MEMBER, max_size=6))
def test_whatever_passes_unpacks_within_its_folder(members: list) -> None:
    with tempfile.TemporaryDirectory() as scratch:
        top = Path(scratch)
        packed = pack(top / "packed", *members, mode="w")
        outside = top / "outside"
        folder = outside / "folder"
        folder.mkdir(parents=True)
        try:
            to_plain_tar(packed, top / "plain")
        except UnsafeArchive:
            return
        with tarfile.open(top / "plain", "r:") as tar:
            tar.extractall(folder, filter="fully_trusted")
        assert [path.name for path in outside.iterdir()] == ["folder"]
        for path in folder.rglob("*"):
            assert goes_in_a_circle(path) or path.resolve().is_relative_to(folder.resolve())


def goes_in_a_circle(path: Path) -> bool:
    """Whether it is a link that leads to itself, and so nowhere."""
    try:
        path.stat()
    except OSError as error:
        return error.errno == errno.ELOOP
    return False
