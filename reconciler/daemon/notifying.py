"""Puts together what reads the journal for notices: people are told."""

from collections.abc import Iterator

from reconciler.daemon.deliveries import Deliveries
from reconciler.daemon.notice_facts import NoticeFacts
from reconciler.daemon.notices import Notices
from reconciler.daemon.sources import Keeping, Sources
from reconciler.providers.channels.all import AllChannels


def notifying(sources: Sources) -> Iterator[tuple[str, Keeping]]:
    """Yield the name of each reader, and what reads until it is cancelled."""
    world, store = sources.world, sources.store
    deliveries = Deliveries(
        outbox=store.outbox,
        channels=AllChannels(sources.http, sources.secrets, world.clock),
        following=world.commits,
        clock=world.clock,
        news=sources.news,
    )
    notices = Notices(
        store=store,
        facts=NoticeFacts(store=store, authorship=world.authorship, links=sources.settings.notifications.links),
        following=world.commits,
        news=sources.news.reader(),
        tell=deliveries.tell,
    )
    yield "notices", notices.keep
    yield "deliveries", deliveries.keep
