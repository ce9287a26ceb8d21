"""What people write under policies/ about who signs commits: SignerPolicy."""

from typing import Annotated

from pydantic import AfterValidator, Field, model_validator

from reconciler.desired.fields import Count, HostKey, Matching, Strict
from reconciler.desired.policy_documents import MatchSpec
from reconciler.model.access import Match
from reconciler.model.signing import Signer, SignerPolicy

_Principal = Annotated[
    str,
    Matching(
        r"\*|[^\s\"',!?*#@]+@[^\s\"',!?*#@]+", "the email of a committer, or '*' for a key that signs for everybody"
    ),
]
_Path = Annotated[
    str,
    Matching(
        r"(?!/)(?!\.{1,2}(?:/|$))(?:(?!//|/\.{1,2}(?:/|$))[^\0\[\]{}\\!])+",
        "a path from the top of the repository, for example desired-state/production/**; only *, ** and ? are special",
    ),
]
"""What can fit no file would protect nothing, and is a mistake."""


def _fingerprint(value: str) -> str:
    plain = value.replace(" ", "").upper()
    if len(plain) not in (40, 64) or set(plain) - set("0123456789ABCDEF"):
        raise ValueError("expected the whole fingerprint of a GPG key, 40 or 64 hex digits")
    return plain


def _armoured(value: str) -> str:
    if not value.lstrip().startswith("-----BEGIN PGP PUBLIC KEY BLOCK-----"):
        raise ValueError("expected a public key as gpg --armor --export prints it")
    return value


class SignerSpec(Strict):
    """A key that signs, and for whom: exactly one of ssh and gpg.

    ``key`` is the GPG key as ``gpg --armor --export`` prints it; without it, it has to be in ``git.trust.gpg_keys`` of
    the settings.
    """

    principal: _Principal | None = None
    ssh: HostKey | None = None
    gpg: Annotated[str, AfterValidator(_fingerprint)] | None = None
    key: Annotated[str, AfterValidator(_armoured)] | None = None

    @model_validator(mode="after")
    def _one_key(self) -> "SignerSpec":
        if (self.ssh is None) == (self.gpg is None):
            raise ValueError("expected exactly one of ssh and gpg")
        if self.ssh and self.principal is None:
            raise ValueError("expected a principal beside ssh: the email of the committer whose key this is")
        if self.ssh and self.key:
            raise ValueError("key goes with gpg; an SSH key is written out in ssh")
        return self

    def to_model(self) -> Signer:
        """Return the signer."""
        return Signer(principal=self.principal or "", ssh=self.ssh or "", gpg=self.gpg or "", key=self.key or "")


class SignerPolicySpec(Strict):
    """Who has to sign commits that change files on these paths, or what reaches the units that match."""

    match: MatchSpec | None = None
    paths: tuple[_Path, ...] = ()
    signers: Annotated[tuple[SignerSpec, ...], Field(min_length=1)]
    count: Count = 1

    @model_validator(mode="after")
    def _can_be_met(self) -> "SignerPolicySpec":
        if self.match is None and not self.paths:
            raise ValueError("expected paths or match; for everything: paths ['**']")
        everybody = any(each.principal == "*" for each in self.signers)
        if self.count > len(self.signers) and not everybody:
            raise ValueError(f"expected at least {self.count} signers, there are {len(self.signers)}")
        return self

    def to_model(self, name: str) -> SignerPolicy:
        """Return the policy."""
        match = Match(environments=self.match.environments, apps=self.match.apps) if self.match is not None else None
        signers = tuple(each.to_model() for each in self.signers)
        return SignerPolicy(name=name, signers=signers, count=self.count, paths=self.paths, match=match)
