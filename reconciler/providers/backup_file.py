"""A backup as one file: a tar with gzip, sealed with age where it is for somebody; written whole or not at all.

What is read is not trusted: only the files that are known, each of the size and digest that the manifest says, and no
name leads anywhere.
"""

import hashlib
import os
import tarfile
import tempfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from io import BytesIO
from pathlib import Path
from typing import IO, Any

from reconciler.model.backup import Part
from reconciler.ports.errors import Broken, Denied
from reconciler.providers.sealing import seal, unseal

MANIFEST = "manifest.json"
_MANIFEST_LIMIT = 1024 * 1024
_CHUNK = 1024 * 1024
_SEALED = b"age-encryption.org/"


class NotABackup(Broken):
    """The file is no backup, or is damaged. The text says what is wrong with it."""


def part(path: Path) -> Part:
    """Return the size and digest of a file."""
    with path.open("rb") as file:
        return Part(size=path.stat().st_size, digest=f"sha256:{hashlib.file_digest(file, 'sha256').hexdigest()}")


def write(path: Path, manifest: bytes, files: Mapping[str, Path], recipients: Sequence[str]) -> None:
    """Write the backup, which only we may read; raise Denied when it cannot be written there."""
    try:
        with _whole(path) as made:
            if not recipients:
                _pack(made, manifest, files)
                return
            with tempfile.TemporaryFile(dir=path.parent) as plain:
                _pack(plain, manifest, files)
                plain.seek(0)
                seal(plain, made, recipients)
    except OSError as error:
        raise Denied(f"cannot write the backup {path}: {error.strerror or error}") from error


def _pack(made: IO[bytes], manifest: bytes, files: Mapping[str, Path]) -> None:
    with tarfile.open(fileobj=made, mode="w:gz", compresslevel=6, format=tarfile.PAX_FORMAT) as tar:
        head = tarfile.TarInfo(MANIFEST)
        head.size, head.mode = len(manifest), 0o600
        tar.addfile(head, BytesIO(manifest))
        for name, path in files.items():
            entry = tarfile.TarInfo(name)
            entry.size, entry.mode = path.stat().st_size, 0o600
            with path.open("rb") as file:
                tar.addfile(entry, file)


@contextmanager
def _whole(path: Path) -> Iterator[IO[bytes]]:
    descriptor, name = tempfile.mkstemp(prefix=f".{path.name}.", dir=path.parent)
    try:
        with os.fdopen(descriptor, "wb") as made:
            yield made
            made.flush()
            os.fsync(made.fileno())
        Path(name).replace(path)
        sync_folder(path.parent)
    except BaseException:
        Path(name).unlink(missing_ok=True)
        raise


def sync_folder(folder: Path) -> None:
    """Have the names in the folder outlast a loss of power; raise OSError."""
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def read(path: Path, identity: Path | None, into: Path, parts: Callable[[bytes], Mapping[str, Part]]) -> bytes:
    """Put the files of the backup into the folder, checked; return its manifest. Raises NotABackup, Denied.

    ``parts`` says what a manifest promises; it raises ValueError for one that makes no sense.
    """
    try:
        with path.open("rb") as file, tempfile.TemporaryFile(dir=into) as plain:
            if file.read(len(_SEALED)) != _SEALED:
                file.seek(0)
                return _unpack(file, into, parts)
            if identity is None:
                raise Denied(f"{path} is sealed with age; name the file with the private key (--identity)")
            file.seek(0)
            unseal(file, plain, identity)
            plain.seek(0)
            return _unpack(plain, into, parts)
    except (tarfile.TarError, EOFError, ValueError) as error:
        raise NotABackup(f"{path} is no backup, or is damaged: {error}") from error
    except OSError as error:
        # What is wrong with gzip is an OSError too.
        raise NotABackup(f"cannot read the backup {path}: {error.strerror or error}") from error


def _unpack(file: IO[bytes], into: Path, parts: Callable[[bytes], Mapping[str, Part]]) -> bytes:
    with tarfile.open(fileobj=file, mode="r|gz") as tar:
        first = tar.next()
        if first is None or first.name != MANIFEST or not first.isreg() or first.size > _MANIFEST_LIMIT:
            raise ValueError("it does not begin with a manifest")
        manifest = _content(tar, first).read()
        promised = dict(parts(manifest))
        for entry in iter(tar.next, None):
            expected = promised.pop(entry.name, None)
            if expected is None or not entry.isreg():
                raise ValueError(f"there is something in it that its manifest does not name: {entry.name!r:.100}")
            _take(_content(tar, entry), into / entry.name, entry, expected)
    if promised:
        raise ValueError(f"{min(promised)} is missing in it")
    return manifest


def _content(tar: tarfile.TarFile, entry: tarfile.TarInfo) -> IO[bytes]:
    content: Any = tar.extractfile(entry)
    opened: IO[bytes] = content
    return opened


def _take(content: IO[bytes], path: Path, entry: tarfile.TarInfo, expected: Part) -> None:
    if entry.size != expected.size:
        raise ValueError(f"{entry.name} has {entry.size} bytes, and not {expected.size}")
    summed = hashlib.sha256()
    with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW, 0o600), "wb") as file:
        while chunk := content.read(_CHUNK):
            summed.update(chunk)
            file.write(chunk)
        file.flush()
        os.fsync(file.fileno())
    if f"sha256:{summed.hexdigest()}" != expected.digest:
        raise ValueError(f"{entry.name} is not what was backed up: its digest is another one")
