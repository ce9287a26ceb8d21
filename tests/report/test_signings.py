"""Whether commits count as signed in a check of rules, with real keys and a real repository."""

import subprocess
from pathlib import Path

import pytest

from reconciler.daemon.report_proofs import signing
from reconciler.desired.git import GitSource
from reconciler.desired.git_line import GitLine
from reconciler.desired.remote import remote
from reconciler.desired.signed_ssh import SshSigners


def _git(repository: Path, *words: str) -> str:
    who = ("-c", "user.name=Ada", "-c", "user.email=ada@example.org", "-c", "gpg.format=ssh")
    key = ("-c", f"user.signingkey={repository.parent / 'key'}")
    command = ["git", *who, *key, *words]
    return subprocess.run(command, cwd=repository, check=True, capture_output=True, text=True).stdout.strip()


@pytest.fixture
def repository(tmp_path: Path) -> Path:
    """A repository with a signed commit and then one that is not; the key is listed in ``allowed``."""
    made = ["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", str(tmp_path / "key")]
    subprocess.run(made, check=True, capture_output=True)
    sort, key, *_ = (tmp_path / "key.pub").read_text().split()
    (tmp_path / "allowed").write_text(f"ada@example.org {sort} {key}\n")
    folder = tmp_path / "repository"
    folder.mkdir()
    _git(folder, "init", "--quiet", "--initial-branch", "main")
    _git(folder, "commit", "--quiet", "--allow-empty", "--gpg-sign", "--message", "signed")
    _git(folder, "commit", "--quiet", "--allow-empty", "--no-gpg-sign", "--message", "not signed")
    return folder


async def test_a_commit_is_signed_not_signed_or_nobody_can_tell(repository: Path, tmp_path: Path) -> None:
    line = GitLine(remote(str(repository)), tmp_path / "mirror")
    await GitSource(line, "main", (".",)).head()
    signed, unsigned = _git(repository, "rev-parse", "HEAD^"), _git(repository, "rev-parse", "HEAD")
    listed = (SshSigners(tmp_path / "allowed"),)
    found = [(await signing(each, line, lists)).signed for lists in (listed, ()) for each in (signed, unsigned)]
    assert found == [True, False, None, False]
    assert (await signing("f" * 40, line, listed)).signed is None
