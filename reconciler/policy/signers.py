"""Which changes of a history need whose signature, and whether they have it. Pure.

What judges a commit is the policy of the commit that was accepted before it: no commit loosens the rule that it is
judged by. Every commit that came since is judged by itself, with what it changes as seen from its parent; a merge with
what it decides by itself.
"""

import re
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache

from reconciler.model.signing import ANYBODY, SignerPolicy
from reconciler.policy.trust import Signature, Signed, distrust


@dataclass(frozen=True, slots=True)
class Step:
    """A commit of a history, with its parents' ids, the one it was made on first."""

    commit: str
    parents: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Witness:
    """What is known of a commit's signature, and the committer's email that it names."""

    signature: Signature
    committer: str

    @property
    def signer(self) -> str | None:
        """Who has signed it; None where nobody has whose signature counts."""
        counts = isinstance(self.signature, Signed) and self.signature.for_committer
        return self.committer.casefold() if counts else None


def covers(paths: Iterable[str], path: str) -> bool:
    """Whether a file is on one of the paths: ``*`` and ``?`` stay within a folder, ``**`` does not.

    A folder stands for all that is in it.
    """
    return any(_glob(each).fullmatch(path) for each in paths)


@lru_cache(maxsize=512)
def _glob(pattern: str) -> re.Pattern[str]:
    text = ""
    for part in re.split(r"(\*\*/|\*\*|\*|\?)", pattern.rstrip("/")):
        text += {"**/": r"(?:.*/)?", "**": r".*", "*": r"[^/]*", "?": r"[^/]"}.get(part, re.escape(part))
    return re.compile(f"{text}(?:/.*)?", re.DOTALL)


def decided_by_merge(
    first: Collection[str], second: Collection[str], bases: Sequence[tuple[Collection[str], Collection[str]]]
) -> frozenset[str]:
    """Return the paths that a merge does not merely take from the side that changed them.

    ``first`` and ``second`` are those in which it differs from each parent, ``bases`` those in which each parent
    differs from what both go back to: with several of these, all have to agree. What only one side has changed is
    taken as it is there by an honest merge, and that side's commits answer for it. What both have changed is written
    by whoever merges, and what is taken back to what it was before, too.
    """
    both = set(first) & set(second)
    taken_from_second = set(first) - both
    taken_from_first = set(second) - both
    undone = {each for each in taken_from_second if any(each in changed for changed, _ in bases)}
    undone |= {each for each in taken_from_first if any(each in changed for _, changed in bases)}
    return frozenset(both | undone)


def merges_with(commit: str, history: Sequence[Step]) -> frozenset[str]:
    """Return the merges of the history that bring the commit in; ``history`` has parents after children.

    A merge that was made on top of the commit, of something else, is none: who signs it may not have looked at it.
    """
    above: set[str] = {commit}
    found = set()
    for step in reversed(history):
        if above.intersection(step.parents):
            above.add(step.commit)
            if step.parents[0] not in above:
                found.add(step.commit)
    return frozenset(found)


def different(policy: SignerPolicy, witnesses: Iterable[Witness]) -> tuple[str, ...]:
    """Return signers that are different by key and by person, as many as there are, each by one of their addresses.

    Addresses that share a key in the policy, or that one key is named with, are one person's.
    """
    counted = [(each.signature, each.signer) for each in witnesses]
    signed = [(its, signer) for its, signer in counted if isinstance(its, Signed) and signer]
    people = _people(policy, [its for its, _ in signed])
    persons: dict[str, dict[str, str]] = {}
    for its, signer in sorted(signed, key=lambda each: (each[0].key, each[1])):
        persons.setdefault(its.key, {}).setdefault(people.get(signer, signer), signer)
    pairs: dict[str, str] = {}
    for key in persons:
        _pair(key, persons, pairs, set())
    return tuple(sorted(persons[key][person] for person, key in pairs.items()))


def _people(policy: SignerPolicy, signed: Iterable[Signed]) -> Mapping[str, str]:
    """Whose an address is: the first of all that are the same person's."""
    by_key: dict[str, set[str]] = {}
    for each in policy.signers:
        if each.principal not in ("", ANYBODY):
            by_key.setdefault(" ".join(each.ssh.split()[:2]) or each.gpg, set()).add(each.principal.casefold())
    people: list[set[str]] = []
    for names in (*by_key.values(), *({name.casefold() for name in each.names} for each in signed)):
        same = [each for each in people if not each.isdisjoint(names)]
        people = [*(each for each in people if each.isdisjoint(names)), names.union(*same)]
    return {name: min(each) for each in people for name in each}


def _pair(key: str, persons: Mapping[str, Collection[str]], pairs: dict[str, str], tried: set[str]) -> bool:
    """Give the key a person of its own; another key takes another person where that makes room."""
    for person in persons[key]:
        if person not in tried:
            tried.add(person)
            if person not in pairs or _pair(pairs[person], persons, pairs, tried):
                pairs[person] = key
                return True
    return False


def objection(policy: SignerPolicy, step: Step, path: str, witnesses: Mapping[str, Witness]) -> str | None:
    """Return why the change of the file by the commit lacks signatures that the policy wants, None when it has them.

    ``witnesses`` are those of the commit and of the merges that bring it in, by commit: what counts is different
    signers, the commit's own among them.
    """
    own = witnesses[step.commit]
    signers = different(policy, witnesses.values())
    if own.signer and len(signers) >= policy.count:
        return None
    wanted = " or ".join(dict.fromkeys(each.named for each in policy.signers))
    if own.signer:
        who = " and ".join(signers)
        why = f"it has {len(signers)} of {policy.count} signers: {who}; another of them merges it with a signed merge"
    else:
        why = distrust(own.signature, own.committer) or ""
    many = f"{policy.count} of " if policy.count > 1 else ""
    return (
        f"commit {step.commit[:8]} changes {path}, for which the policy {policy.name} wants the signature of "
        f"{many}{wanted}: {why}"
    )
