"""All the services that apprise knows beside, by its URLs. The URL holds the key: it is a secret as a whole."""

import logging
from functools import partial

from reconciler.policy.dialects import PLAIN_CHAT
from reconciler.ports.channels import Delivered, Outgoing
from reconciler.ports.errors import Denied, Unreachable
from reconciler.providers.channels import content
from reconciler.providers.channels.aside import aside


async def deliver(url: str, message: Outgoing) -> Delivered:
    """Have apprise tell it; raise as the port says. It does not say why something failed."""
    return await aside(partial(_told, url, message))


def _told(url: str, message: Outgoing) -> Delivered:
    try:
        import apprise  # noqa: PLC0415 - an extra, and slow: it looks for all its plugins
    except ImportError:
        raise Denied("this needs apprise: pip install 'reconciler[apprise]'") from None
    # What it logs may hold the URL.
    logging.getLogger("apprise").setLevel(logging.CRITICAL + 1)
    name = message.channel.name
    teller = apprise.Apprise()
    if not teller.add(url):
        raise Denied(f"the URL of channel {name} is none that apprise knows; its schema comes first, as in ntfy://")
    kinds = {"info": "info", "warning": "warning", "error": "failure", "critical": "failure"}
    told = teller.notify(
        title=PLAIN_CHAT.escape(content.title(message.notice, 200)),
        body=content.body(message, PLAIN_CHAT),
        notify_type=kinds[message.notice.severity.value],
        body_format=apprise.NotifyFormat.TEXT,
    )
    if not told:
        raise Unreachable(f"apprise could not tell it through channel {name}, and does not say why")
    return Delivered(detail="apprise says it is told")
