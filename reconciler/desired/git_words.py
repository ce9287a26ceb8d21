"""Consent that is in the repository: signed tags and notes that name a unit and a plan, read from the mirror.

A tag is ``reconciler/approve/<app>@<environment>/<plan id>``, annotated and signed (``git tag --sign``). A note is the
whole text of such a tag (``git cat-file tag NAME``), under ``refs/notes/reconciler``. What counts is who signed it, by
the same lists as for commits, and that the signed text itself names the unit and the plan: under another name, or with
another's address, it is worth nothing.
"""

import re
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import assert_never

from reconciler.desired.git_line import GitLine
from reconciler.desired.signatures import SignedCommit, Signers
from reconciler.model.identity import UnitId
from reconciler.policy.trust import Broken, Signature, Signed, Unlisted, Unsigned
from reconciler.ports.source import SignedConsent

TAGS = "reconciler/approve"
NOTES = "refs/notes/reconciler"
_MIRRORED_TAGS = "refs/reconciler/words/tags"
_MIRRORED_NOTES = "refs/reconciler/words/notes"
_MOST = 1000
"""So many are looked at, of tags the newest; each costs calls of programs, once."""

_LARGEST = 64 * 1024
_HEAD = re.compile(
    rb"object [0-9a-f]{40,64}\ntype \w+\ntag " + TAGS.encode() + rb"/([^/\s]+)/([0-9a-f]{7,64})\n"
    rb"tagger [^<>\n]*<([^<>\s]+)> ([0-9]{1,11}) [-+][0-9]+\n\n"
)
_SIGNATURE = re.compile(rb"^-----BEGIN (?:SSH|PGP) SIGNATURE-----\n", re.MULTILINE)
_TOGETHER = re.compile(rb"(?<=SIGNATURE-----\n)\n?(?=object )")


@dataclass(frozen=True, slots=True)
class GitWords:
    """Reads consent. What was verified is remembered by object: signers that are listed later count after a restart."""

    git: GitLine
    signers: tuple[Signers, ...]
    _known: dict[str, tuple[SignedConsent | None, ...]] = field(default_factory=dict, repr=False, compare=False)

    async def consents(self) -> tuple[SignedConsent, ...]:
        """Fetch, and return all that is said; raise SourceError."""
        what = f"cannot fetch approvals from {self.git.remote.shown}"
        await self.git.fetch(what, f"+refs/tags/{TAGS}/*:{_MIRRORED_TAGS}/*")
        await self.git.fetch(what, f"+{NOTES}*:{_MIRRORED_NOTES}*")
        named = dict.fromkeys(await self._tags(), "tag") | dict.fromkeys(await self._notes(), "blob")
        found: list[SignedConsent | None] = []
        for name, kind in named.items():
            if len(found) >= _MOST:
                break
            found += await self._said(kind, name)
        for gone in self._known.keys() - named.keys():
            del self._known[gone]
        return tuple(dict.fromkeys(each for each in found if each))

    async def _tags(self) -> list[str]:
        ids = await self._ids("%(objecttype) %(objectname)", _MIRRORED_TAGS)
        return [each.split()[1] for each in ids if each.startswith("tag ")]

    async def _notes(self) -> list[str]:
        blobs: list[str] = []
        for ref in await self._ids("%(refname)", "refs/reconciler/words"):
            if ref == _MIRRORED_NOTES:
                listed = await self.git("cannot read notes", "ls-tree", "-r", "--format=%(objectname)", ref)
                blobs += listed.decode("ascii").split()
        return blobs[:_MOST]

    async def _ids(self, form: str, under: str) -> list[str]:
        asked = ("--sort=-creatordate", f"--count={_MOST}", f"--format={form}", under)
        return (await self.git("cannot list approvals", "for-each-ref", *asked)).decode(errors="replace").splitlines()

    async def _said(self, kind: str, name: str) -> tuple[SignedConsent | None, ...]:
        if name not in self._known:
            text = (await self.git(f"cannot read {name[:12]}", "cat-file", kind, name))[:_LARGEST]
            texts = [text] if kind == "tag" else _TOGETHER.split(text)
            self._known[name] = tuple([await self._read(each) for each in texts[:_MOST]])
        return self._known[name]

    async def _read(self, text: bytes) -> SignedConsent | None:
        """What is no consent at all is passed over; what is one by nobody that counts says why."""
        named = _HEAD.match(text)
        if named is None:
            return None
        try:
            unit = UnitId.parse(named[1].decode())
        except (ValueError, UnicodeDecodeError):
            return None
        starts = list(_SIGNATURE.finditer(text))
        email = named[3].decode(errors="replace")
        why = "it is not signed" if not starts else "there is more than one signature"
        if len(starts) == 1:
            start = starts[0].start()
            why = _worth(await self._examined(SignedCommit(email, text[:start], text[start:])), email)
        at = datetime.fromtimestamp(int(named[4]), UTC)
        return SignedConsent(unit=unit, plan=named[2].decode(), email=email, at=at, distrust=why)

    async def _examined(self, said: SignedCommit) -> Signature:
        for each in self.signers:
            if said.signature.startswith(each.START):
                return await each.examine(said, self.git.mirror)
        return Broken("nobody is listed whose signatures are of this sort")


def _worth(signature: Signature, email: str) -> str:
    match signature:
        case Signed(for_committer=True):
            return ""
        case Signed(key, names):
            return f"it is signed by {' or '.join(names)} ({key}), and not by {email}"
        case Unlisted(key, why):
            return f"it is signed with {key}, which {why}"
        case Broken():
            return "its signature does not fit it"
        case Unsigned():
            return "it is not signed"
        case _:
            assert_never(signature)
