"""Who signed what a branch has changed since the accepted commit, judged by the SignerPolicies of that very commit."""

import asyncio
import tempfile
from collections.abc import AsyncIterator, Iterable, Iterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path

from pydantic import ValidationError

from reconciler.desired import tree
from reconciler.desired.git import GitSource
from reconciler.desired.history import NOTHING, History, Touched, Version
from reconciler.desired.load import Folders
from reconciler.desired.reaching import LARGEST, Reach, environments_of, inside, part
from reconciler.desired.signatures import Listed, Signers
from reconciler.desired.signed_gpg import GpgSigners
from reconciler.desired.signed_ssh import SshSigners
from reconciler.desired.signer_documents import SignerPolicySpec
from reconciler.model.signing import ANYBODY, SignerPolicy
from reconciler.policy.signers import Step, Witness, covers, merges_with, objection
from reconciler.policy.trust import Unlisted
from reconciler.ports.source import SourceError

_PLAIN_FILES = frozenset({"100644", "100755"})


@dataclass(frozen=True, slots=True)
class SignedChanges:
    """Implements ``ports.source.Changes`` on the mirror.

    ``gpg_keys`` is the settings' file of exported keys, for policies that name no more than a fingerprint.
    """

    source: GitSource
    history: History
    folders: Folders
    gpg_keys: Path | None = None

    async def objection(self, head: str, accepted: str) -> str | None:
        """Return why the changes since the accepted commit are not signed as it wants, None when they are.

        Raises SourceError when that cannot be told.
        """
        policies = await self._in_force(accepted)
        if not policies:
            return None
        by_unit = any(each.match is not None for each in policies)
        before, after = [await self.source.read(each) if by_unit else {} for each in (accepted, head)]
        steps = await self.history.since(head, accepted)
        together = _Question(self.history, steps)
        for policy in policies:
            reach = await asyncio.to_thread(partial(_reach, policy, (before, after), self.folders))
            found = await self._by(policy, reach, together)
            found = found or await self._thrown_away(policy, reach, head, accepted)
            if found:
                return found
        return None

    async def _in_force(self, accepted: str) -> tuple[SignerPolicy, ...]:
        try:
            files = await replace(self.source, folders=(self.folders.policies,), blobs={}).read(accepted)
            return await asyncio.to_thread(policies_in, files, self.folders)
        except SourceError as error:
            way_out = 'to set these policies aside once, set git.trust.signer_policies = "ignore" in the settings'
            raise SourceError(f"who has to sign changes cannot be told: {error}; {way_out}") from error

    async def _by(self, policy: SignerPolicy, reach: Reach | None, question: "_Question") -> str | None:
        async with _listed(policy, self.history, self.gpg_keys) as listed:
            for step in reversed(question.steps):
                path = await self._governed(policy, reach, await question.changed(step))
                if path is None:
                    continue
                around = merges_with(step.commit, question.steps) if policy.count > 1 else ()
                seen = {each: await _witness(listed, each, policy.name) for each in (step.commit, *around)}
                if why := objection(policy, step, path, seen):
                    return why
        return None

    async def _thrown_away(self, policy: SignerPolicy, reach: Reach | None, head: str, accepted: str) -> str | None:
        """Judge a branch that was rewritten: by leaving commits out it changes files that no commit of it changes."""
        if await self.source.contains(head, accepted):
            return None
        path = await self._governed(policy, reach, await self.history.between(accepted, head))
        if path is None:
            return None
        async with _listed(policy, self.history, self.gpg_keys) as listed:
            seen = {head: await _witness(listed, head, policy.name)}
        return objection(replace(policy, count=1), Step(head, ()), path, seen)

    async def _governed(self, policy: SignerPolicy, reach: Reach | None, changed: Mapping[str, Touched]) -> str | None:
        """Return the first of the changed files that the policy speaks of; None when there is none."""
        for path in sorted(changed):
            if covers(policy.paths, path):
                return path
            if reach and await self._reaches(reach, path, changed[path]):
                return path
        return None

    async def _reaches(self, reach: Reach, path: str, touched: Touched) -> bool:
        known = reach.by_path(path)
        if known is not None:
            return known
        return any([await self._reaches_with(reach, path, each) for each in (touched.before, touched.after)])

    async def _reaches_with(self, reach: Reach, path: str, version: Version) -> bool:
        if version.mode == NOTHING:
            return False
        git, what = self.history.git, f"cannot read {path}"
        if version.mode not in _PLAIN_FILES or int(await git(what, "cat-file", "-s", version.blob)) > LARGEST:
            return True
        content = await git(what, "cat-file", "blob", version.blob)
        return await asyncio.to_thread(reach.by_content, path, content)


class _Question:
    """The commits that are judged; what each has changed is asked once for all policies."""

    def __init__(self, history: History, steps: Sequence[Step]) -> None:
        self.steps = steps
        self._history = history
        self._changed: dict[str, dict[str, Touched]] = {}

    async def changed(self, step: Step) -> dict[str, Touched]:
        if step.commit not in self._changed:
            self._changed[step.commit] = await self._history.changed(step)
        return self._changed[step.commit]


def policies_in(files: Mapping[str, bytes], folders: Folders) -> tuple[SignerPolicy, ...]:
    """Return the policies that stand in the files of a commit that has loaded; raise SourceError."""
    found = []
    documents, _ = tree.read({path: data for path, data in files.items() if inside(path, folders.policies)})
    for document in documents:
        if part(document.data, "kind") == "SignerPolicy":
            name = str(part(part(document.data, "metadata"), "name"))
            try:
                found.append(SignerPolicySpec.model_validate(document.data.get("spec")).to_model(name))
            except ValidationError as error:
                why = error.errors(include_url=False)[0]["msg"]
                message = f"the policy {name} of the accepted commit, in {document.file}, cannot be read now: {why}"
                raise SourceError(message) from error
    return tuple(sorted(found, key=lambda each: each.name))


def _reach(policy: SignerPolicy, commits: Iterable[Mapping[str, bytes]], folders: Folders) -> Reach | None:
    if policy.match is None:
        return None
    named = (environments_of(files, folders, policy.match.environments) for files in commits)
    return Reach(policy.match, frozenset(name for each in named for name in each), folders)


async def _witness(listed: Listed, commit: str, policy: str) -> Witness:
    seen = await listed.witness(commit)
    if isinstance(seen.signature, Unlisted) and " /" in seen.signature.why:
        # The list is a file only while it is asked.
        return replace(seen, signature=Unlisted(seen.signature.key, f"is not in the policy {policy}"))
    return seen


@asynccontextmanager
async def _listed(policy: SignerPolicy, history: History, gpg_keys: Path | None) -> AsyncIterator[Listed]:
    """Have the signers of a policy as lists that ssh-keygen and gpg read, for the time of the block."""
    with tempfile.TemporaryDirectory(prefix="reconciler-signers-") as made:
        lists: list[Signers] = []
        if lines := [f'{each.principal} namespaces="git" {each.ssh}\n' for each in policy.signers if each.ssh]:
            allowed = Path(made) / "allowed_signers"
            allowed.write_text("".join(lines))
            lists.append(SshSigners(allowed))
        if fingerprints := [each.gpg for each in policy.signers if each.gpg]:
            files = list(_key_files(policy, Path(made), gpg_keys))
            forges = [each.gpg for each in policy.signers if each.gpg and each.principal == ANYBODY]
            lists.append(GpgSigners(files[0], forges, _bound(policy, fingerprints), tuple(files[1:])))
        yield Listed(history.git, tuple(lists))


def _bound(policy: SignerPolicy, fingerprints: Iterable[str]) -> dict[str, frozenset[str]]:
    """The committers that a key may sign for, by fingerprint; none: those that its names say."""
    return {
        each: frozenset(
            signer.principal
            for signer in policy.signers
            if signer.gpg == each and signer.principal not in ("", ANYBODY)
        )
        for each in fingerprints
    }


def _key_files(policy: SignerPolicy, folder: Path, gpg_keys: Path | None) -> Iterator[Path]:
    for each in (each for each in policy.signers if each.key):
        file = folder / f"{policy.name}-{each.gpg}.asc"
        file.write_text(each.key)
        yield file
    without = next((each.gpg for each in policy.signers if each.gpg and not each.key), None)
    if without is not None and gpg_keys is None:
        missing = "write it out under key, or let the settings name a file that has it (git.trust.gpg_keys)"
        raise SourceError(f"the policy {policy.name} names the GPG key {without}, which is not here: {missing}")
    if without is not None and gpg_keys is not None:
        yield gpg_keys
