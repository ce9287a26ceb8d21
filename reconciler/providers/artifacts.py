"""Artifacts: fetched once, checked, made safe, kept by digest."""

import asyncio
import hashlib
import os
import tempfile
from collections.abc import AsyncIterator, Awaitable, Callable
from datetime import timedelta
from pathlib import Path
from typing import IO, TypeAlias
from urllib.parse import unquote, urlsplit

from reconciler.model.canonical import Digest
from reconciler.model.content import Artifact
from reconciler.ports.errors import Refused, Unreachable
from reconciler.providers.archive import UnsafeArchive, to_plain_tar
from reconciler.providers.http import Http

Blobs: TypeAlias = Callable[[Digest], Awaitable[bytes]]
"""Gives stored bytes by digest; KeyError when there are none."""

_PATIENCE = timedelta(seconds=30)
_WHOLE = timedelta(hours=1)
_CHUNK = 1024 * 1024
_MOST = 4 * 1024**3


class ArtifactCache:
    """``ports.artifacts.Artifacts`` for http, https and file URLs, and ``repo:<sha256>`` for files of the repository.

    ``folder`` keeps plain tars by the digest of the archive they were made from. ``most`` bounds an archive, in bytes.
    """

    def __init__(self, folder: Path, http: Http, blobs: Blobs, most: int = _MOST) -> None:
        self._folder = folder
        self._http = http
        self._blobs = blobs
        self._most = most
        self._fetching: dict[Digest, asyncio.Lock] = {}

    async def fetch(self, artifact: Artifact) -> Path:
        """Return a local plain tar made from the artifact; raise Unreachable or Refused."""
        kept = self._folder / f"{artifact.digest.removeprefix('sha256:')}.tar"
        async with self._fetching.setdefault(artifact.digest, asyncio.Lock()):
            try:
                if not await asyncio.to_thread(kept.exists):
                    await self._make(artifact, kept)
            except OSError as error:
                why = error.strerror or str(error)
                raise Unreachable(f"cannot keep {artifact.url} in {self._folder}: {why}") from error
        return kept

    async def original(self, artifact: Artifact, into: Path) -> None:
        """Write the artifact's own bytes to a file, which is there when their digest is right.

        Raises Unreachable, and Refused when the digest is another one.
        """
        new = into.with_name(f".new-{into.name}")
        digest = await self._save(artifact, new)
        if digest != artifact.digest:
            new.unlink()
            raise Refused(
                f"{artifact.url} has the wrong digest: {digest}, where {artifact.digest} is asked for; "
                "it was not opened. Fix sha256, or find out who changed the file"
            )
        new.replace(into)

    async def _make(self, artifact: Artifact, kept: Path) -> None:
        self._folder.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(prefix=".new-", dir=self._folder) as scratch:
            archive, plain = Path(scratch, "archive"), Path(scratch, "plain")
            await self.original(artifact, archive)
            try:
                await asyncio.to_thread(to_plain_tar, archive, plain)
            except UnsafeArchive as error:
                raise Refused(f"{artifact.url} is not safe to unpack: {error}") from error
            await asyncio.to_thread(_keep, plain, kept)

    async def _save(self, artifact: Artifact, archive: Path) -> Digest:
        sha256, size = hashlib.sha256(), 0
        with archive.open("wb") as file:
            async for chunk in self._bytes(artifact):
                size += len(chunk)
                if size > self._most:
                    raise Refused(f"{artifact.url} is larger than {self._most} bytes")
                sha256.update(chunk)
                file.write(chunk)
        return f"sha256:{sha256.hexdigest()}"

    async def _bytes(self, artifact: Artifact) -> AsyncIterator[bytes]:
        parts = urlsplit(artifact.url)
        match parts.scheme:
            case "http" | "https":
                async for chunk in self._http.download(artifact.url, _PATIENCE, _WHOLE):
                    yield chunk
            case "file":
                async for chunk in _read(Path(unquote(parts.path))):
                    yield chunk
            case "repo":
                yield await self._stored(parts.path)
            case _:
                raise Refused(f"{artifact.url} is none of https, http, file and a path in the repository")

    async def _stored(self, hexdigits: str) -> bytes:
        try:
            return await self._blobs("sha256:" + hexdigits.removeprefix("sha256:"))
        except KeyError as error:
            raise Unreachable(f"the repository's file with the sha256 {hexdigits} is not stored any more") from error


async def _read(path: Path) -> AsyncIterator[bytes]:
    try:
        file = await asyncio.to_thread(_opened, path)
    except OSError as error:
        raise Unreachable(f"cannot read {path}: {error.strerror}") from error
    with file:
        while chunk := await asyncio.to_thread(file.read, _CHUNK):
            yield chunk


def _opened(path: Path) -> IO[bytes]:
    # Whoever opens a pipe waits for somebody to write into it.
    if path.exists() and not path.is_file():
        raise Unreachable(f"cannot read {path}: it is no file")
    return path.open("rb")


def _keep(plain: Path, kept: Path) -> None:
    with plain.open("rb") as file:
        os.fsync(file.fileno())
    plain.replace(kept)
