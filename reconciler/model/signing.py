"""Who has to sign commits that change what: what SignerPolicies say, as values. The rules are in ``policy.signers``."""

from dataclasses import dataclass

from reconciler.model.access import Match

ANYBODY = "*"
"""The principal of a key that signs for every committer, as a forge's does that merges for people."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Signer:
    """A key, and the committer (an email) whom it may sign for.

    ``ssh`` is a public key, ``gpg`` a fingerprint; one of them is given. Without a ``principal`` a GPG key signs for
    the addresses in its names. ``key`` is the GPG key itself (ASCII armour), empty where the settings have it.
    """

    principal: str = ""
    ssh: str = ""
    gpg: str = ""
    key: str = ""

    @property
    def named(self) -> str:
        """How people call them."""
        if self.principal and self.principal != ANYBODY:
            return self.principal
        return f"the GPG key {self.gpg}" if self.gpg else f"the key {' '.join(self.ssh.split()[:2])[:40]}..."


@dataclass(frozen=True, slots=True, kw_only=True)
class SignerPolicy:
    """Commits that change files on one of the paths, or what reaches the units of ``match``, need these signers.

    ``paths`` are globs from the top of the repository; ``match`` None: only the paths count. ``count`` is how many
    different signers: of the commit itself, and of merges that bring it in.
    """

    name: str
    signers: tuple[Signer, ...]
    count: int = 1
    paths: tuple[str, ...] = ()
    match: Match | None = None
