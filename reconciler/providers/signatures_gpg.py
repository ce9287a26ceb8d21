"""Detached GPG signatures, verified by gpg against keys that are given, in a home folder made for the question."""

import os
import tempfile
from collections.abc import Sequence
from datetime import timedelta
from pathlib import Path

from reconciler.ports.errors import Unreachable
from reconciler.providers.local_program import Answered, Bounds, NotRun, run
from reconciler.providers.signatures_minisign import NotSigned

_LIMIT = timedelta(minutes=2)
_MOST = 1024 * 1024
_BAD = {
    "BADSIG": "the signature is that of another file",
    "EXPSIG": "the signature has expired",
    "EXPKEYSIG": "the key that signed has expired",
    "REVKEYSIG": "the key that signed was revoked",
    "ERRSIG": "it is signed with a key that the policy does not have, or in a way that cannot be checked",
    "NO_PUBKEY": "it is signed with a key that the policy does not have",
}


async def verify(keys: str, signature: bytes, file: Path) -> str:
    """Return the fingerprint of the key that has signed the file; raise NotSigned, Unreachable where gpg is missing.

    The path of the file is an absolute one.
    """
    with tempfile.TemporaryDirectory(prefix="reconciler-gpg-") as made:
        home = Path(made)
        imported = await _gpg(home, ("--import",), keys.encode())
        if not any(line[0] == "IMPORT_OK" for line in _status(imported)):
            raise NotSigned("the policy has no GPG key that gpg can read")
        (home / "signature").write_bytes(signature)
        said = _status(await _gpg(home, ("--verify", "signature", str(file)), b""))
    return _signer(said)


def _signer(said: Sequence[tuple[str, ...]]) -> str:
    for word, why in _BAD.items():
        if any(line[0] == word for line in said):
            raise NotSigned(why)
    valid = [line for line in said if line[0] == "VALIDSIG"]
    good = sum(line[0] == "GOODSIG" for line in said)
    if len(valid) != 1 or good != 1 or len(valid[0]) < 2:
        raise NotSigned("it is no detached GPG signature")
    return valid[0][-1]


async def _gpg(home: Path, arguments: Sequence[str], given: bytes) -> Answered:
    # Nothing is asked of a key server, an agent or a web of trust: the policy says who counts.
    safe = ("--homedir", str(home), "--no-options", "--batch", "--no-tty", "--no-autostart", "--status-fd", "1")
    offline = ("--trust-model", "always", "--no-auto-key-retrieve", "--no-auto-key-locate", "--no-auto-key-import")
    environment = {"PATH": os.environ.get("PATH", os.defpath), "HOME": str(home), "LC_ALL": "C.UTF-8"}
    bounds = Bounds(folder=home, environment=environment, limit=_LIMIT, most=_MOST)
    try:
        return await run(("gpg", *safe, *offline, *arguments), given, bounds)
    except NotRun as error:
        raise Unreachable(f"GPG signatures cannot be verified: {error}") from error


def _status(answered: Answered) -> list[tuple[str, ...]]:
    start = "[GNUPG:] "
    lines = answered.output.decode(errors="replace").splitlines()
    said = (tuple(line.removeprefix(start).split()) for line in lines if line.startswith(start))
    return [words for words in said if words]
