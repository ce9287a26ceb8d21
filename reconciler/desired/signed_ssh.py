"""SSH signatures, verified by ssh-keygen against a file of allowed signers on this machine."""

import re
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from reconciler.desired.process import Ended, Place, plain_environment, run
from reconciler.desired.signatures import SignedCommit
from reconciler.policy.trust import Broken, Signature, Signed, Unlisted
from reconciler.ports.source import SourceError

_LIMIT = 20.0
_KEY = re.compile(r"with (\S+) key (\S+)")


@dataclass(frozen=True, slots=True)
class SshSigners:
    """Those whom a file in the format of ``ssh-keygen`` (ALLOWED SIGNERS) names.

    A key that has expired counts for nobody, also on an old commit: a commit's time is what its author says it is.
    """

    allowed: Path
    START = b"-----BEGIN SSH SIGNATURE-----"

    async def examine(self, commit: SignedCommit, folder: Path) -> Signature:
        """Return what the signature is worth; raise SourceError."""
        _readable(self.allowed)
        with tempfile.NamedTemporaryFile(dir=folder, prefix="signature-") as file:
            file.write(commit.signature)
            file.flush()
            signature = ("-n", "git", "-s", file.name)
            told = await _keygen(("-Y", "check-novalidate", *signature), commit.payload, folder)
            if told.status:
                return Broken("it is not that of this commit")
            key = _key(told)
            listed = ("-f", str(self.allowed))
            of_committer = ("-Y", "verify", "-I", commit.committer, *listed, *signature)
            if (await _keygen(of_committer, commit.payload, folder)).status == 0:
                return Signed(key, (commit.committer,), for_committer=True)
            found = await _keygen(("-Y", "find-principals", *listed, "-s", file.name), b"", folder)
        names = tuple(found.output.decode(errors="replace").split())
        if commit.committer in names:
            return Unlisted(key, f"is not listed for commits (the namespace git) in {self.allowed}")
        return Signed(key, names, for_committer=False) if names else Unlisted(key, _why(found, self.allowed))


def _readable(file: Path) -> None:
    try:
        file.read_bytes()
    except OSError as error:
        raise SourceError(f"signatures cannot be verified: cannot read {file}: {error.strerror}") from error


async def _keygen(arguments: Sequence[str], given: bytes, folder: Path) -> Ended:
    place = Place(folder=folder, environment=plain_environment(), limit=_LIMIT)
    try:
        return await run(("ssh-keygen", *arguments), given, place)
    except TimeoutError:
        raise SourceError(f"signatures cannot be verified: ssh-keygen took longer than {_LIMIT:g} s") from None
    except OSError as error:
        raise SourceError(f"signatures cannot be verified: cannot run ssh-keygen: {error.strerror}") from error


def _key(told: Ended) -> str:
    match = _KEY.search(told.output.decode(errors="replace"))
    return f"the {match[1]} key {match[2]}" if match else "an SSH key"


def _why(found: Ended, allowed: Path) -> str:
    said = found.errors.decode(errors="replace")
    if "expired" in said:
        return "has expired"
    if "not yet valid" in said:
        return "is not valid yet"
    return f"is not in {allowed}"
