"""What would follow if a proposed commit were merged, told from documents alone: nothing is looked at, nothing is run.

Whoever opens a pull request may not be trusted yet, and to look at a fleet by their documents would be to do what they
say: a host they name would be logged in to with our keys, a command's ``unless`` would run there, and the text of a
file that they name would be shown. So what is there is taken to be what Git says now, and only Git's differences are
planned. Programs are not run with what is new, and of secrets only those are read that the branch reads already.
"""

import threading
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from functools import partial

from reconciler.daemon.one_pass import NothingToDo
from reconciler.daemon.world import World
from reconciler.desired.git_line import GitLine
from reconciler.desired.load import Invalid, Loading
from reconciler.desired.proposed import together
from reconciler.diff import pair
from reconciler.diff.stated import stated
from reconciler.model.assessment import Review
from reconciler.model.canonical import Digest
from reconciler.model.identity import ResourceId
from reconciler.model.resource import Absent, Observation, Present, Resource, Survey
from reconciler.model.secret_store import SecretStore
from reconciler.model.standing import Standing, UnitStanding
from reconciler.model.unit import Desired
from reconciler.model.verdict import Owned, Snapshot, Verdict, VerdictRecord
from reconciler.plan.review import review
from reconciler.plan.situation import Situation
from reconciler.policy.removal import tombstone
from reconciler.ports.secrets import SecretMissing, Secrets, SecretStores
from reconciler.ports.source import Commit, Source, SourceError


@dataclass(frozen=True, slots=True)
class InUse:
    """Secrets, and of them only those that the branch reads already: a proposal has no other one read."""

    secrets: Secrets
    references: frozenset[str]
    stores: SecretStores

    def value(self, reference: str) -> str:
        """Return the value; raise SecretMissing also for what is only proposed."""
        if reference not in self.references:
            raise SecretMissing(f"the secret {reference} is new here, and is not read before this is merged")
        return self.secrets.value(reference)

    def keyed(self, digest: Digest) -> Digest:
        """Return the keyed form of a digest."""
        return self.secrets.keyed(digest)

    def by(self, stores: Mapping[str, SecretStore]) -> Secrets:
        """Return the secrets by the stores that are followed already."""
        return self.known(stores)

    def known(self, stores: Mapping[str, SecretStore]) -> Secrets:
        """Return the secrets by those of the stores that are followed already."""
        return replace(self, secrets=self.stores.known(stores))

    def follow(self, stores: Mapping[str, SecretStore]) -> None:
        """Follow nothing: this is only a proposal."""


@dataclass(frozen=True, slots=True)
class Foresight:
    """Plans proposed commits. ``loading`` has a memory of its own, so that no proposal is remembered for the branch."""

    world: World
    source: Source
    git: GitLine
    loading: Loading
    _one_at_a_time: threading.Lock = field(default_factory=threading.Lock)

    async def review(self, head: Commit) -> Review:
        """Return what would follow from a merge of the commit into what is followed now.

        Raises Invalid, NothingToDo before the first commit, Clash where it does not merge, SourceError.
        """
        return await self._review(head, await together(self.git, self._followed(), head.id))

    async def instead(self, head: Commit) -> Review:
        """Return what would follow if the commit were followed just as it is; raises as above."""
        return await self._review(head, head.id)

    async def of_branch(self, commit: str) -> Desired:
        """Return what a commit asks for that was followed once, with secrets from where they are now.

        Raises Invalid, SourceError.
        """
        return await self.world.aside(partial(self._loaded, commit, await self.source.read(commit)))

    def _loaded(self, commit: str, files: Mapping[str, bytes]) -> Desired:
        with self._one_at_a_time:
            return self.loading.recall(commit, files)

    def _followed(self) -> str:
        followed = self.world.commits.newest.desired
        if followed is None:
            raise NothingToDo("no commit has loaded yet")
        return followed.commit

    async def _review(self, head: Commit, tree: str) -> Review:
        followed = self._followed()
        before, after = await self.source.read(followed), await self.source.read(tree)
        standing = await self.world.journal.standing()
        return await self.world.aside(partial(self._foreseen, (followed, before), (head.id, after), standing))

    def _foreseen(
        self,
        now: tuple[str, Mapping[str, bytes]],
        then: tuple[str, Mapping[str, bytes]],
        standing: Standing,
    ) -> Review:
        with self._one_at_a_time:
            base = self._base(*now)
            secrets = InUse(self.loading.secrets, _references(base), self.loading.secrets)
            desired = self.loading.propose(*then, secrets)
        told = _as_in_git(base, standing, self.world)
        kinds = stated(self.world.kinds)
        units = (*desired.units.values(), *(tombstone(each, "") for each in told.units if each not in desired.units))
        survey = _as_told(desired, told, base.contents)
        diffs = {
            unit.id: pair.compare(unit, survey, told.of(unit.id).owned, kinds, {**base.contents, **desired.contents})
            for unit in units
        }
        situation = Situation(
            desired=desired, standing=told, survey=survey, diffs=diffs, kinds=kinds, now=self.world.clock.now()
        )
        return review(situation)

    def _base(self, commit: str, files: Mapping[str, bytes]) -> Desired:
        try:
            return self.loading.load(commit, files)
        except Invalid as invalid:
            raise SourceError(f"{commit[:7]}, which is followed, does not load now: {invalid}") from invalid


def _references(desired: Desired) -> frozenset[str]:
    resources = (each for unit in desired.units.values() for each in unit.resources)
    contents = (content for each in resources for content in each.contents.values())
    return frozenset(reference for content in contents for reference in content.secrets.values())


def _as_in_git(base: Desired, standing: Standing, world: World) -> Standing:
    """The standing as it will be once everything in the branch is rolled out and good."""
    now = world.clock.now()
    units = {}
    for unit in base.units.values():
        known = standing.of(unit.id)
        good = VerdictRecord(
            unit=unit.id, digest=unit.digest, verdict=Verdict.GOOD, reason="", commit=unit.commit, at=now
        )
        units[unit.id] = UnitStanding(
            unit=unit.id,
            verdicts={**known.verdicts, unit.digest: good},
            last_good=Snapshot(unit, now),
            owned={each.id: _owned(each, known.owned.get(each.id)) for each in unit.resources},
        )
    return Standing(units=units)


def _owned(resource: Resource, known: Owned | None) -> Owned:
    return replace(known, resource=resource, sure=True) if known else Owned(resource=resource, created=True)


def _as_told(desired: Desired, told: Standing, contents: Mapping[Digest, bytes]) -> Survey:
    there: dict[ResourceId, Observation] = {
        each.id: Absent() for unit in desired.units.values() for each in unit.resources
    }
    for known in told.units.values():
        there |= {each: Present(owned.resource.attributes) for each, owned in known.owned.items()}
    return Survey(there, _by_digest(told, contents))


def _by_digest(told: Standing, contents: Mapping[Digest, bytes]) -> Mapping[Digest, bytes]:
    """What plain files hold, by the digest that they are compared with."""
    resources = (owned.resource for known in told.units.values() for owned in known.owned.values())
    plain = (content for each in resources for content in each.contents.values() if not content.secret)
    return {content.digest: contents[content.blob] for content in plain if content.blob in contents}
