"""``ports.provenance.Provenance``: signatures, bills of materials and reports, fetched or made, and judged.

The archive that is looked at is one with the very digest that the documents name, whoever serves it: what is delivered
later has the same digest, or is refused.
"""

import asyncio
import tempfile
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Protocol, assert_never
from urllib.parse import unquote, urlsplit

from reconciler.model.content import Artifact
from reconciler.model.provenance import (
    ArtifactPolicy,
    CosignKey,
    GpgKeys,
    MinisignKey,
    Proof,
    Report,
    Sbom,
    Signatures,
    SigningKey,
    Unverified,
    Verified,
    Vulnerabilities,
)
from reconciler.policy import scan_reports
from reconciler.policy.provenance import NoPlace, good_until, place, short, signature_place, too_vulnerable, unsigned
from reconciler.policy.scan_reports import Unreadable
from reconciler.policy.signing_keys import minisign_key
from reconciler.ports.artifacts import Artifacts
from reconciler.ports.errors import Refused, Unreachable
from reconciler.providers import scans, signatures_cosign, signatures_gpg, signatures_minisign
from reconciler.providers.http import Http
from reconciler.providers.scans import Scans, unpack
from reconciler.providers.signatures_minisign import NotSigned

_PATIENCE = timedelta(seconds=30)
_WHOLE = timedelta(seconds=120)
_LARGEST_SIGNATURE = 64 * 1024


class Originals(Artifacts, Protocol):
    """Archives as they were published, beside what is made of them."""

    async def original(self, artifact: Artifact, into: Path) -> None:
        """Write the archive's own bytes to the file once their digest is checked; raise Unreachable, Refused."""
        ...


class _Faulty(Exception):
    """The archive does not show what policy wants. The text goes on from its name."""


@dataclass(frozen=True, slots=True)
class Verifier:
    """Looks at everything a policy asks for, the cheapest first; the first that is missing is told.

    ``folder`` is ours to work in: it has room for an archive, and for what is in it.
    """

    http: Http
    archives: Originals
    scans: Scans
    folder: Path

    async def prove(self, artifact: Artifact, policy: ArtifactPolicy, now: datetime) -> Proof:
        """Return whether the archive shows what the policy wants; raise WorldError."""
        try:
            async with _Bench(self.archives, artifact).open(self.folder) as bench:
                if policy.signatures:
                    await self._signed(policy.signatures, artifact, bench)
                if policy.sbom:
                    await self._listed(policy.sbom, artifact, bench)
                until = None
                if policy.vulnerabilities:
                    until = await self._scanned(policy.vulnerabilities, artifact, bench, now)
                return Verified(until)
        except NoPlace as error:
            return Unverified(f"{short(artifact)} cannot be verified: {error} (policy {policy.name})")
        except _Faulty as error:
            return Unverified(f"{short(artifact)} {error} (policy {policy.name})")
        except OSError as error:
            why = error.strerror or str(error)
            raise Unreachable(f"{short(artifact)} cannot be verified in {self.folder}: {why}") from error

    async def _signed(self, rule: Signatures, artifact: Artifact, bench: "_Bench") -> None:
        failures: list[tuple[SigningKey, str]] = []
        away: Unreachable | None = None
        for key in rule.keys:
            try:
                await self._signed_by(key, signature_place(rule, key, artifact), bench)
            except NotSigned as error:
                failures.append((key, str(error)))
            except Unreachable as error:
                # Others may have signed it; that this one is not there is told when they have not.
                away = error
                failures.append((key, str(error)))
            else:
                if not rule.everyone:
                    return
        if missing := unsigned(rule, failures):
            raise (Unreachable(f"{short(artifact)} {missing}") if away else _Faulty(missing))

    async def _signed_by(self, key: SigningKey, url: str, bench: "_Bench") -> None:
        signature = await self._get(url, _LARGEST_SIGNATURE)
        match key:
            case MinisignKey():
                archive = await bench.archive()
                await asyncio.to_thread(signatures_minisign.verify, minisign_key(key.key), signature, archive)
            case CosignKey():
                signatures_cosign.verify(key.key, signature, bench.artifact.digest)
            case GpgKeys():
                await signatures_gpg.verify(key.keys, signature, await bench.archive())
            case _:
                assert_never(key)

    async def _listed(self, rule: Sbom, artifact: Artifact, bench: "_Bench") -> None:
        try:
            bill = await self._get(place(rule.url, artifact), scans.MOST)
        except Unreachable:
            if rule.required:
                raise
            return
        try:
            speaks_of = scan_reports.bill_of(bill)
        except Unreadable as error:
            raise _Faulty(f"has a bill of materials that cannot be read: {error}") from error
        if speaks_of is not None and speaks_of != artifact.digest.removeprefix("sha256:"):
            raise _Faulty(f"has a bill of materials that is of another archive (sha256 {speaks_of[:12]}...)")
        await bench.keep_bill(bill)

    async def _scanned(
        self, rule: Vulnerabilities, artifact: Artifact, bench: "_Bench", now: datetime
    ) -> datetime | None:
        source = rule.source
        if isinstance(source, Report):
            printed = await self._get(place(source.url, artifact), scans.MOST)
        else:
            printed = await self.scans.report(source, await bench.files(self.scans.wanted(source)))
        try:
            found = await asyncio.to_thread(scan_reports.read, printed, source.format)
        except Unreadable as error:
            raise _Faulty(f"has a report of vulnerabilities that cannot be read: {error}") from error
        if not isinstance(source, Report):
            # It was made just now, whatever it says.
            found = scan_reports.made_at(found, now)
        if why := too_vulnerable(rule, found, now):
            raise _Faulty(why)
        return good_until(rule, found, now)

    async def _get(self, url: str, most: int) -> bytes:
        parts = urlsplit(url)
        match parts.scheme:
            case "http" | "https":
                return await self._bounded(url, most)
            case "file":
                return await asyncio.to_thread(_read, Path(unquote(parts.path)), most)
            case _:
                raise Refused(f"{url} is none of https, http and file")

    async def _bounded(self, url: str, most: int) -> bytes:
        found = bytearray()
        async for chunk in self.http.download(url, _PATIENCE, _WHOLE):
            found += chunk
            if len(found) > most:
                raise Refused(f"{url} is larger than {most} bytes")
        return bytes(found)


def _read(path: Path, most: int) -> bytes:
    try:
        # Whoever opens a pipe waits for somebody to write into it.
        if path.exists() and not path.is_file():
            raise Unreachable(f"cannot read {path}: it is no file")
        with path.open("rb") as file:
            found = file.read(most + 1)
    except OSError as error:
        raise Unreachable(f"cannot read {path}: {error.strerror}") from error
    if len(found) > most:
        raise Refused(f"{path} is larger than {most} bytes")
    return found


class _Bench:
    """A folder with what is looked at of one archive, each fetched when it is needed, and gone afterwards."""

    def __init__(self, archives: Originals, artifact: Artifact) -> None:
        self.artifact = artifact
        self._archives = archives
        self._folder = Path()

    @asynccontextmanager
    async def open(self, folder: Path) -> AsyncIterator["_Bench"]:
        """Have the folder for the time of the block."""
        await asyncio.to_thread(folder.mkdir, mode=0o700, parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(prefix="proof-", dir=folder) as made:
            self._folder = Path(made)
            yield self

    async def archive(self) -> Path:
        """Return the archive as it was published."""
        path = self._folder / "archive"
        if not path.exists():
            await self._archives.original(self.artifact, path)
        return path

    async def keep_bill(self, bill: bytes) -> None:
        """Keep the bill of materials for a scanner."""
        await asyncio.to_thread((self._folder / "sbom.json").write_bytes, bill)

    async def files(self, names: frozenset[str]) -> dict[str, Path]:
        """Return what a scanner is given, by the names of its placeholders; raise WorldError."""
        found = {"sbom": self._folder / "sbom.json"}
        if "sbom" in names and not found["sbom"].exists():
            raise Unreachable(f"{short(self.artifact)} has no bill of materials that could be scanned")
        if "archive" in names:
            found["archive"] = await self.archive()
        if "folder" in names:
            found["folder"] = self._folder / "unpacked"
            await asyncio.to_thread(unpack, await self._archives.fetch(self.artifact), found["folder"])
        return found
