"""The commits of a branch since another one, and what each of them changed, read from the mirror."""

from dataclasses import dataclass

from reconciler.desired.git_line import GitLine
from reconciler.policy.signers import Step, decided_by_merge
from reconciler.ports.source import SourceError

MOST = 2000
"""So many commits are judged at once; of more than that nobody can say that they were read."""

NOTHING = "000000"
"""The mode of a file that is not there."""


@dataclass(frozen=True, slots=True)
class Version:
    """A file in a tree: its mode and its blob; NOTHING where it is not."""

    mode: str
    blob: str


@dataclass(frozen=True, slots=True)
class Touched:
    """What became of a file."""

    before: Version
    after: Version


@dataclass(frozen=True, slots=True)
class History:
    """Commits and their differences. Files that were renamed are two: one that is gone, and one that is new."""

    git: GitLine

    async def since(self, head: str, accepted: str) -> tuple[Step, ...]:
        """Return the commits in the history of ``head`` and not in that of ``accepted``, parents after children."""
        listed = await self.git(
            f"cannot read the history of {head[:12]}",
            *("rev-list", "--topo-order", "--parents", f"--max-count={MOST + 1}", "--end-of-options"),
            *(head, f"^{accepted}", "--"),
        )
        steps = [line.split() for line in listed.decode("ascii").splitlines()]
        if len(steps) > MOST:
            raise SourceError(f"there are more than {MOST} commits since {accepted[:8]}: too many to judge who signed")
        return tuple(Step(commit, tuple(parents)) for commit, *parents in steps)

    async def changed(self, step: Step) -> dict[str, Touched]:
        """Return the files that the commit itself has changed; raise SourceError."""
        if not step.parents:
            return await self.between(await self._empty(), step.commit)
        seen = [await self.between(parent, step.commit) for parent in step.parents]
        if len(seen) == 1:
            return seen[0]
        together = {path: touched for each in reversed(seen) for path, touched in each.items()}
        if len(seen) > 2:
            return together
        decided = decided_by_merge(seen[0].keys(), seen[1].keys(), await self._sides(step))
        return {path: touched for path, touched in together.items() if path in decided}

    async def between(self, before: str, after: str) -> dict[str, Touched]:
        """Return the files in which two commits or trees differ; raise SourceError."""
        raw = await self.git(
            f"cannot compare {before[:12]} and {after[:12]}",
            *("diff-tree", "-r", "-z", "--raw", "--no-renames", "--no-abbrev", "--end-of-options", before, after),
        )
        fields = raw.split(b"\0")[:-1]
        found = {}
        for facts, path in zip(fields[::2], fields[1::2], strict=True):
            old_mode, mode, old_blob, blob, _ = facts.decode("ascii").removeprefix(":").split(" ")
            found[path.decode(errors="backslashreplace")] = Touched(Version(old_mode, old_blob), Version(mode, blob))
        return found

    async def _sides(self, step: Step) -> list[tuple[frozenset[str], frozenset[str]]]:
        """What each parent of a merge has changed since they went apart; since nothing, where they never were one."""
        bases = await self._bases(*step.parents) or [await self._empty()]
        first, second = step.parents
        return [
            (frozenset(await self.between(base, first)), frozenset(await self.between(base, second))) for base in bases
        ]

    async def _bases(self, first: str, second: str) -> list[str]:
        # merge-base ends with status 1 where there is none; what is asked so is not, and names them with a ^.
        what = f"cannot read the history of {first[:12]}"
        listed = await self.git(what, "rev-parse", "--revs-only", f"{first}...{second}")
        return [each[1:] for each in listed.decode("ascii").split() if each.startswith("^")]

    async def _empty(self) -> str:
        made = await self.git("cannot make an empty tree", "hash-object", "-t", "tree", "--stdin")
        return made.decode("ascii").strip()
