"""People who sign commits, with keys made by the real ssh-keygen and gpg."""

import os
import subprocess
from dataclasses import dataclass
from pathlib import Path

from tests.desired.repository import Repository


@dataclass(frozen=True, slots=True)
class SshPerson:
    """Somebody with an SSH key."""

    email: str
    key: Path

    @staticmethod
    def new(folder: Path, email: str) -> "SshPerson":
        key = folder / email
        subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-C", "", "-f", key], check=True)
        return SshPerson(email, key)

    def line(self, principals: str = "", options: str = "") -> str:
        """Return a line of allowed signers that names this key."""
        public = self.key.with_name(self.key.name + ".pub").read_text().strip()
        return " ".join(word for word in (principals or self.email, options, public) if word) + "\n"

    @property
    def options(self) -> tuple[str, ...]:
        return ("-c", "gpg.format=ssh", "-c", f"user.signingKey={self.key}")


@dataclass(frozen=True, slots=True)
class GpgPerson:
    """Somebody with a GPG key; ``home`` holds the secret half."""

    email: str
    home: Path
    fingerprint: str

    @staticmethod
    def new(folder: Path, email: str, *expiry: str, on: str = "") -> "GpgPerson":
        """Make a key; ``on`` is the day it is then, and stays, for whoever has the secret half.

        The folder has a short name, thus not a test's own: gpg's agent listens in it, and sockets have 107 letters.
        """
        home = folder / f"gpg-{email}"
        home.mkdir(mode=0o700)
        (home / "gpg.conf").write_text(f"faked-system-time {on}!\n" if on else "")
        gpg(home, "--passphrase", "", "--quick-generate-key", f"Somebody <{email}>", "ed25519", "sign", *expiry)
        listed = gpg(home, "--with-colons", "--list-keys")
        return GpgPerson(email, home, next(line.split(":")[9] for line in listed.splitlines() if line[:4] == "fpr:"))

    def exported(self) -> str:
        """Return the public key."""
        return gpg(self.home, "--armor", "--export")

    def add_name(self, email: str) -> None:
        """Give the key another name."""
        gpg(self.home, "--passphrase", "", "--quick-add-uid", self.fingerprint, f"Somebody <{email}>")

    def revoke_name(self, email: str) -> None:
        """Take a name from the key."""
        gpg(self.home, "--passphrase", "", "--quick-revoke-uid", self.fingerprint, f"Somebody <{email}>")

    def revoke(self) -> None:
        """Revoke the key by the certificate that was made with it."""
        certificate = (self.home / "openpgp-revocs.d" / f"{self.fingerprint}.rev").read_text()
        file = self.home / "revocation"
        file.write_text(certificate.replace(":-----BEGIN", "-----BEGIN"))
        gpg(self.home, "--import", str(file))

    def close(self) -> None:
        """End the agent that gpg has started."""
        subprocess.run(["gpgconf", "--homedir", self.home, "--kill", "all"], check=True)

    @property
    def options(self) -> tuple[str, ...]:
        return ("-c", "gpg.format=openpgp", "-c", f"user.signingKey={self.fingerprint}")


def gpg(home: Path, *words: str) -> str:
    command = ["gpg", "--homedir", str(home), "--batch", "--pinentry-mode", "loopback", *words]
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout


def signed(repository: Repository, who: SshPerson | GpgPerson, committer: str = "", parent: str = "") -> str:
    """Make a commit signed by somebody, whom it names as its committer unless told otherwise; return its id."""
    environment = {"GIT_COMMITTER_EMAIL": committer or who.email, "GNUPGHOME": str(getattr(who, "home", ""))}
    tree = repository.git("write-tree")
    command = ["git", *who.options, "commit-tree", "-S", *(["-p", parent] if parent else []), "-m", "signed", tree]
    git = {**os.environ, **environment, "GIT_COMMITTER_NAME": "a", "GIT_AUTHOR_NAME": "a", "GIT_AUTHOR_EMAIL": "a@x"}
    done = subprocess.run(command, cwd=repository.path, env=git, check=True, capture_output=True, text=True)
    repository.git("update-ref", "refs/heads/main", done.stdout.strip())
    return done.stdout.strip()
