"""Archives from outside → plain tars that are safe to unpack.

What is refused: absolute names, ``..``, links that leave the folder, members below a link or a file, hard links to
anything but an earlier file, devices, pipes, sparse files, the same name twice, too many members and too many bytes.
Owners and the setuid, setgid and sticky bits are dropped.
"""

import bz2
import errno
import gzip
import io
import lzma
import posixpath
import stat
import struct
import tarfile
import zipfile
import zlib
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, cast

MAX_MEMBERS = 200_000
MAX_BYTES = 8 * 1024**3
# Extended headers are read into memory whole; no honest one is anywhere near this.
_MAX_READ = 1024 * 1024
_CHUNK = 256 * 1024
# No host can make a longer path, and each folder on the way is remembered.
_LONGEST_NAME = 4096
_LAST_TIME = 2**33 - 1


class UnsafeArchive(Exception):
    """The archive cannot be read or must not be unpacked. The text names the member."""


def to_plain_tar(source: Path, destination: Path, *, max_bytes: int = MAX_BYTES) -> None:
    """Write a plain tar with what is in the archive (tar, tar.gz, tar.xz, tar.bz2, zip); raise UnsafeArchive."""
    try:
        with tarfile.open(destination, "w", format=tarfile.GNU_FORMAT) as plain:
            rules = _Rules(max_bytes)
            for member, data in _zip(source) if zipfile.is_zipfile(source) else _tar(source, max_bytes):
                if safe := rules.safe(member):
                    plain.addfile(safe, _Exactly(data, member) if data and safe.isreg() else None)
    except (tarfile.TarError, zipfile.BadZipFile, lzma.LZMAError, zlib.error, EOFError, NotImplementedError) as error:
        raise UnsafeArchive(f"it cannot be read as tar.gz, tar.xz, tar.bz2, tar or zip: {error}") from error
    except (gzip.BadGzipFile, RuntimeError, ValueError, LookupError, OverflowError, MemoryError, struct.error) as error:
        raise UnsafeArchive(f"it cannot be read: {str(error) or type(error).__name__}") from error
    except OSError as error:
        # Damaged bzip2 has no number, a place before the start is invalid; the rest is of the system and not for us.
        if error.errno in (None, errno.EINVAL):
            raise UnsafeArchive(f"it cannot be read: {error}") from error
        raise


@dataclass
class _Rules:
    """What is known of the members so far, and whether another one may follow."""

    max_bytes: int
    size: int = 0
    kinds: dict[str, bytes] = field(default_factory=dict)
    folders: set[str] = field(default_factory=lambda: {""})

    def safe(self, member: tarfile.TarInfo) -> tarfile.TarInfo | None:
        """Return the member as it may be unpacked, None for the folder itself; raise UnsafeArchive."""
        name = _inside(member.name)
        self._count(member)
        if name == "":
            return None
        self._claim(name, member)
        made = tarfile.TarInfo(name)
        made.mtime = max(0, min(int(member.mtime), _LAST_TIME))
        made.type = member.type
        if member.isreg():
            made.type, made.size, made.mode = tarfile.REGTYPE, member.size, member.mode & 0o777 | 0o600
        elif member.isdir():
            made.mode = member.mode & 0o777 | 0o700
        elif member.issym():
            made.linkname, made.mode = _link(name, member.linkname), 0o777
        elif member.islnk():
            made.linkname = self._original(name, member.linkname)
        else:
            raise UnsafeArchive(f"{name!r} is a device, a pipe or something else that is no file")
        self.kinds[name] = made.type
        return made

    def _count(self, member: tarfile.TarInfo) -> None:
        self.size += member.size if member.isreg() else 0
        if self.size > self.max_bytes or member.size < 0:
            raise UnsafeArchive(f"it unpacks to more than {self.max_bytes} bytes, at {member.name!r}")
        if max(len(self.kinds), len(self.folders)) >= MAX_MEMBERS:
            raise UnsafeArchive(f"it has more than {MAX_MEMBERS} members, at {member.name!r}")
        if member.issparse():
            raise UnsafeArchive(f"{member.name!r} is a sparse file; pack it without holes")

    def _claim(self, name: str, member: tarfile.TarInfo) -> None:
        known = self.kinds.get(name)
        if (known is not None or name in self.folders) and not (member.isdir() and (known in (None, tarfile.DIRTYPE))):
            raise UnsafeArchive(f"{name!r} is there twice")
        parent = posixpath.dirname(name)
        while parent not in self.folders:
            if self.kinds.get(parent, tarfile.DIRTYPE) != tarfile.DIRTYPE:
                raise UnsafeArchive(f"{name!r} is below {parent!r}, which is no directory")
            self.folders.add(parent)
            parent = posixpath.dirname(parent)
        if member.isdir():
            self.folders.add(name)

    def _original(self, name: str, linkname: str) -> str:
        original = _inside(linkname)
        if self.kinds.get(original) != tarfile.REGTYPE:
            raise UnsafeArchive(f"{name!r} is a hard link to {linkname!r}, which is no earlier file of the archive")
        return original


def _inside(name: str) -> str:
    if len(name) >= _LONGEST_NAME:
        raise UnsafeArchive(f"{name[:80]!r}... is longer than {_LONGEST_NAME} characters")
    parts = [part for part in name.split("/") if part not in ("", ".")]
    if name.startswith("/"):
        raise UnsafeArchive(f"{name!r} is an absolute path")
    if ".." in parts:
        raise UnsafeArchive(f"{name!r} climbs out with '..'")
    if "\0" in name:
        raise UnsafeArchive(f"{name!r} has a NUL character in its name")
    return "/".join(parts)


def _link(name: str, to: str) -> str:
    """Return the target of a link that stays inside.

    ``..`` may only come first: behind a name that is itself a link it would lead to somewhere else than it reads.
    """
    if not to or to.startswith("/") or "\0" in to or len(to) >= _LONGEST_NAME:
        raise UnsafeArchive(f"{name!r} is a link to {to[:_LONGEST_NAME]!r}: only relative targets are allowed")
    parts = [part for part in to.split("/") if part not in ("", ".")]
    climbs = len(parts) - len([part for part in parts if part != ".."])
    if ".." in parts[climbs:] or climbs > name.count("/"):
        raise UnsafeArchive(f"{name!r} is a link to {to!r}, which leaves the folder")
    return to


def _tar(source: Path, max_bytes: int) -> Iterator[tuple[tarfile.TarInfo, IO[bytes] | None]]:
    with source.open("rb") as file:
        stream = _decompressed(file)
        with tarfile.open(fileobj=_Bounded(stream, max_bytes), mode="r:") as archive:
            for member in archive:
                yield member, archive.extractfile(member) if member.isreg() else None


def _decompressed(file: IO[bytes]) -> IO[bytes]:
    start = file.read(6)
    file.seek(0)
    if start.startswith(b"\x1f\x8b"):
        return cast(IO[bytes], gzip.open(file))
    if start.startswith(b"\xfd7zXZ\x00"):
        return cast(IO[bytes], lzma.open(file))
    return cast(IO[bytes], bz2.open(file)) if start.startswith(b"BZh") else file


def _zip(source: Path) -> Iterator[tuple[tarfile.TarInfo, IO[bytes] | None]]:
    with zipfile.ZipFile(source) as archive:
        for entry in archive.infolist():
            member = tarfile.TarInfo(entry.orig_filename)
            mode = entry.external_attr >> 16
            member.mode = stat.S_IMODE(mode) or (0o755 if entry.is_dir() else 0o644)
            member.size = entry.file_size
            match stat.S_IFMT(mode):
                case _ if entry.is_dir():
                    member.type = tarfile.DIRTYPE
                    yield member, None
                case stat.S_IFLNK:
                    member.type = tarfile.SYMTYPE
                    with archive.open(entry) as target:
                        member.linkname = target.read(4096).decode(errors="surrogateescape")
                    yield member, None
                case 0 | stat.S_IFREG:
                    with archive.open(entry) as data:
                        yield member, data
                case _:
                    member.type = tarfile.CHRTYPE
                    yield member, None


class _Bounded(io.RawIOBase):
    """A stream that ends in UnsafeArchive when it grows beyond all measure, in one read or as a whole."""

    def __init__(self, stream: IO[bytes], most: int) -> None:
        self._stream = stream
        # Headers and padding come on top of the contents.
        self._most = 2 * most + 64 * 1024**2

    def read(self, size: int = -1) -> bytes:
        if size < 0 or size > _MAX_READ:
            raise UnsafeArchive("a header in it is larger than 1 MiB")
        if self._stream.tell() > self._most:
            raise UnsafeArchive(f"it unpacks to more than {self._most} bytes")
        return self._stream.read(size)

    def seek(self, offset: int, whence: int = 0) -> int:
        if offset > self._most:
            raise UnsafeArchive(f"it unpacks to more than {self._most} bytes")
        return self._stream.seek(offset, whence)

    def tell(self) -> int:
        return self._stream.tell()

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True


class _Exactly(io.RawIOBase):
    """A member's data: as many bytes as the member says, or UnsafeArchive."""

    def __init__(self, data: IO[bytes], member: tarfile.TarInfo) -> None:
        self._data = data
        self._member = member
        self._left = member.size

    def read(self, size: int = -1) -> bytes:
        part = self._data.read(min(size, _CHUNK))
        self._left -= len(part)
        if not part and self._left > 0:
            raise UnsafeArchive(f"{self._member.name!r} is cut off")
        return part
