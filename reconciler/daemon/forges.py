"""What the daemon has to do with forges, put together: webhooks that ring, and the task that tells pull requests."""

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import timedelta

from reconciler.daemon.after_merge import AfterMerge, Past
from reconciler.daemon.foresight import Foresight
from reconciler.daemon.keeping import own_secrets
from reconciler.daemon.pull_requests import PullRequests, Wanted, Wording
from reconciler.daemon.revert_requests import RevertRequests
from reconciler.daemon.settings import Settings
from reconciler.daemon.wake import Wake
from reconciler.daemon.webhooks import Webhooks, configured
from reconciler.model.forge import ForgeKind
from reconciler.ports.forge import Forge
from reconciler.providers.forges.catalog import Repository, forge
from reconciler.providers.http import Http

_SELDOM = timedelta(hours=1)


@dataclass(frozen=True, slots=True)
class Forging:
    """``webhooks`` hear what forges send; ``pushes`` rings when our branch was pushed to. ``requests`` tells pull
    requests, None where no forge is in the settings.
    """

    webhooks: Webhooks
    pushes: Wake
    requests: PullRequests | None

    async def look_when_rung(self, look: Callable[[], Awaitable[None]]) -> None:
        """Have Git looked at whenever a push is told, until cancelled; once an hour too, which harms nobody."""
        while True:
            await self.pushes.heard(_SELDOM)
            await look()


@asynccontextmanager
async def forging(settings: Settings, foresight: Foresight, past: Past, wording: Wording) -> AsyncIterator[Forging]:
    """Have what the settings say, for the time of the block."""
    http, pushes = Http(), Wake()
    requests = _requests(settings, foresight, past, wording, http) if settings.forge else None

    def proposed() -> None:
        if requests:
            requests.ring()

    def pushed() -> None:
        pushes.ring()
        proposed()

    secrets, clock = own_secrets(settings), foresight.world.clock
    hooks = Webhooks(configured(settings), settings.git.branch, secrets, clock, pushed, proposed)
    try:
        yield Forging(hooks, pushes, requests)
    finally:
        await http.close()


def _requests(settings: Settings, foresight: Foresight, past: Past, wording: Wording, http: Http) -> PullRequests:
    wanted = settings.forge
    if wanted is None:
        raise AssertionError("internal error: there is no forge in the settings")
    place = Repository(api=wanted.api, name=wanted.repository, branch=settings.git.branch, token=wanted.token)
    there: Forge = forge(ForgeKind(wanted.kind), place, http, own_secrets(settings))
    return PullRequests(
        there,
        foresight,
        AfterMerge(foresight, past),
        wording,
        Wanted(comment=wanted.comment, status=wanted.status, forks=wanted.forks, poll=wanted.poll),
        RevertRequests(there, foresight, past) if wanted.revert_request else None,
    )
