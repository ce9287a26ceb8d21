"""A daemon's parts on a simulated fleet beside a forge: a real bare repository that pull requests are pushed to."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

from reconciler.cli.render.pull_request import PullRequestWords
from reconciler.daemon.after_merge import AfterMerge
from reconciler.daemon.foresight import Foresight
from reconciler.daemon.pull_requests import PullRequests, Wanted
from reconciler.daemon.revert_requests import RevertRequests
from reconciler.desired.git import GitSource
from reconciler.desired.git_line import GitLine
from reconciler.desired.load import Folders, Loading
from reconciler.desired.remote import remote
from reconciler.model.forge import ForgeKind
from reconciler.ports.forge import Forge
from reconciler.providers.forges.catalog import Repository, forge
from reconciler.providers.http import Http
from tests.daemon import fleet as daemon
from tests.daemon.fleet import KINDS, Fleet
from tests.forges.served import TOKEN, Request, ServedForge
from tests.providers.secret_values import SecretValues


@dataclass(slots=True)
class Reviewed:
    """The fleet, its forge, and the task that tells pull requests."""

    fleet: Fleet
    served: ServedForge
    there: Forge
    foresight: Foresight

    def task(
        self, *, forks: bool = False, reverts: bool = False, comment: bool = True, status: bool = True
    ) -> PullRequests:
        """Return a task that has told nothing yet."""
        return PullRequests(
            self.there,
            self.foresight,
            AfterMerge(self.foresight, self.fleet.store.history),
            PullRequestWords(),
            Wanted(comment=comment, status=status, forks=forks, poll=timedelta(minutes=1)),
            RevertRequests(self.there, self.foresight, self.fleet.store.history) if reverts else None,
        )

    def propose(self, branch: str, start: str = "main", **documents: bytes) -> Request:
        """Commit to a branch and open a request of it, or push to the one that there is."""
        repository = self.fleet.repository
        repository.git("checkout", "--quiet", "-B", branch, start)
        head = repository.commit(branch, **{f"{name}.yaml": text for name, text in documents.items()})
        repository.git("checkout", "--quiet", "main")
        known = [each for each in self.served.requests.values() if each.source == branch]
        request = known[0] if known else self.served.open(branch, head)
        request.head = head
        kind = "merge-requests" if self.served.kind is ForgeKind.GITLAB else "pull"
        repository.git("update-ref", f"refs/{kind}/{request.number}/head", head)
        return request

    async def merge(self, request: Request) -> str:
        """Merge it as a person does on the forge, and have Git asked."""
        repository = self.fleet.repository
        repository.git("merge", "--quiet", "--no-ff", "--message", f"Merge {request.source}", request.source)
        commit = repository.git("rev-parse", "HEAD")
        self.served.merge(request, commit)
        await self.fleet.world.commits.refresh()
        return commit


@asynccontextmanager
async def reviewed(folder: Path, kind: ForgeKind = ForgeKind.GITHUB) -> AsyncIterator[Reviewed]:
    """Have all of it."""
    http = Http()
    secrets = SecretValues(
        {"forge/token": TOKEN, "shop/paint": "first", "other/secret": "what nobody outside shall read"}
    )
    try:
        with ServedForge(kind, page=50) as served:
            async with daemon.opened(folder) as fleet:
                line = GitLine(remote(str(fleet.repository.path)), folder / "git")
                source = GitSource(line, "main", ("desired-state", "policies"))
                place = Repository(api=served.api, name="acme/fleet", branch="main", token="forge/token")
                foresight = Foresight(fleet.world, source, line, Loading(KINDS, secrets, Folders()))
                yield Reviewed(fleet, served, forge(kind, place, http, secrets), foresight)
    finally:
        await http.close()
