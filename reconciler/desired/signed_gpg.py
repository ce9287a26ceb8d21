"""GPG signatures, verified by gpg against a file of exported public keys, in a home folder made for the question."""

import tempfile
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from reconciler.desired.process import Ended, Place, plain_environment, run
from reconciler.desired.signatures import SignedCommit
from reconciler.policy.trust import Broken, Signature, Signed, Unlisted
from reconciler.ports.source import SourceError

_LIMIT = 20.0
_WORTHLESS = {"EXPKEYSIG": "has expired", "REVKEYSIG": "was revoked", "NO_PUBKEY": "is not in {keys}"}
_GONE = frozenset("ren")  # revoked, expired, not valid


@dataclass(frozen=True, slots=True)
class GpgSigners:
    """Those whose public keys are in a file (``gpg --export``, with or without ``--armor``).

    ``forges`` are fingerprints of keys that sign for every committer, as a forge does that merges for people.
    ``bound``: only these keys count, by fingerprint, each for the committers that are named with it; where none is, for
    those in its names. ``more`` are further files of keys.
    """

    keys: Path
    forges: Collection[str] = ()
    bound: Mapping[str, Collection[str]] | None = None
    more: tuple[Path, ...] = field(default=())
    START = b"-----BEGIN PGP SIGNATURE-----"

    async def examine(self, commit: SignedCommit, folder: Path) -> Signature:
        """Return what the signature is worth; raise SourceError."""
        # Made anew each time, in the system's folder: what the file says now counts, and the path has to be short.
        with tempfile.TemporaryDirectory(prefix="reconciler-gpg-") as made:
            home = Path(made)
            await self._import(home)
            (home / "signature").write_bytes(commit.signature)
            primary = _signer(_status(await _gpg(home, ("--verify", "signature", "-"), commit.payload)), self.keys)
            if not isinstance(primary, str):
                return primary
            return self._signed(primary, tuple(_emails(await _listing(home, primary))), commit.committer)

    def _signed(self, primary: str, emails: tuple[str, ...], committer: str) -> Signed | Unlisted:
        if self.bound is not None and primary not in self.bound:
            return Unlisted(f"the GPG key {primary}", f"is not in {self.keys}")
        emails = tuple((self.bound or {}).get(primary, ())) or emails
        listed = {each.replace(" ", "").upper() for each in self.forges}
        theirs = committer.lower() in {each.lower() for each in emails}
        return Signed(f"the GPG key {primary}", emails or ("nobody",), for_committer=theirs or primary in listed)

    async def _import(self, home: Path) -> None:
        for file in (self.keys, *self.more):
            try:
                exported = file.read_bytes()
            except OSError as error:
                raise SourceError(f"signatures cannot be verified: cannot read {file}: {error.strerror}") from error
            done = await _gpg(home, ("--import",), exported)
            if not any(line[0] == "IMPORT_OK" for line in _status(done)):
                raise SourceError(f"signatures cannot be verified: there is no public GPG key in {file}")


async def _gpg(home: Path, arguments: Sequence[str], given: bytes) -> Ended:
    # Nothing is asked of a key server, an agent or a web of trust: the file says who counts.
    safe = ("--homedir", str(home), "--no-options", "--batch", "--no-tty", "--no-autostart", "--status-fd", "1")
    offline = ("--trust-model", "always", "--no-auto-key-retrieve", "--no-auto-key-locate", "--no-auto-key-import")
    place = Place(folder=home, environment=plain_environment(), limit=_LIMIT)
    try:
        return await run(("gpg", *safe, *offline, *arguments), given, place)
    except TimeoutError:
        raise SourceError(f"signatures cannot be verified: gpg took longer than {_LIMIT:g} s") from None
    except OSError as error:
        raise SourceError(f"signatures cannot be verified: cannot run gpg: {error.strerror}") from error


async def _listing(home: Path, key: str) -> bytes:
    return (await _gpg(home, ("--with-colons", "--list-keys", key), b"")).output


def _status(ended: Ended) -> list[tuple[str, ...]]:
    start = "[GNUPG:] "
    lines = ended.output.decode(errors="replace").splitlines()
    said = (tuple(line.removeprefix(start).split()) for line in lines if line.startswith(start))
    return [words for words in said if words]


def _signer(said: Sequence[tuple[str, ...]], keys: Path) -> str | Broken | Unlisted:
    """The fingerprint of the primary key that made the one good signature, or what is wrong with it."""
    if sum(line[0] == "NEWSIG" for line in said) > 1:
        return Broken("there is more than one signature")
    for word, why in _WORTHLESS.items():
        for line in said:
            if line[0] == word:
                return Unlisted(f"the GPG key {line[1] if len(line) > 1 else 'of nobody'}", why.format(keys=keys))
    valid = [line for line in said if line[0] == "VALIDSIG"]
    if len(valid) != 1 or len(valid[0]) < 2 or not any(line[0] == "GOODSIG" for line in said):
        return Broken("it is not that of this commit, or it has expired")
    return valid[0][-1]


def _emails(listing: bytes) -> Iterator[str]:
    """The addresses in the names of a key that are neither revoked nor expired."""
    for line in listing.decode(errors="replace").splitlines():
        fields = line.split(":")
        whole = fields[0] == "uid" and len(fields) > 9
        if whole and not _GONE.intersection(fields[1]) and fields[9].endswith(">"):
            yield fields[9].rpartition("<")[2].removesuffix(">")
