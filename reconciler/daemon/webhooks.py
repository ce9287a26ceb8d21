"""What becomes of a webhook: the right secret and the first time it comes, it wakes those who look for themselves."""

import asyncio
from collections import OrderedDict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from reconciler.api.webhooks import Heard
from reconciler.daemon.forge_settings import WebhookSettings
from reconciler.daemon.logs import log
from reconciler.daemon.settings import Settings
from reconciler.model.forge import ForgeKind, HookEvent, Told
from reconciler.ports.clock import Clock
from reconciler.ports.secrets import SecretMissing, Secrets
from reconciler.providers.hooks_in import Delivery, NotSigned, Unreadable, heard

REMEMBERED = 4096
"""So many deliveries are known again. One that is forgotten and comes again has Git asked once more, and no harm."""

_QUIET = timedelta(minutes=1)


@dataclass(slots=True)
class Webhooks:
    """The webhooks of the settings. ``pushed`` and ``proposed`` only ring: nothing of a delivery is handed on."""

    hooks: Mapping[str, WebhookSettings]
    branch: str
    secrets: Secrets
    clock: Clock
    pushed: Callable[[], None]
    proposed: Callable[[], None]
    _seen: OrderedDict[str, None] = field(default_factory=OrderedDict)
    _told: dict[str, datetime] = field(default_factory=dict)

    def has(self, kind: ForgeKind, name: str) -> bool:
        """Return whether that forge has a webhook of that name; empty for the one of ``[forge]``."""
        return self._hook(kind, name) is not None

    async def receive(self, kind: ForgeKind, name: str, delivery: Delivery) -> Heard:
        """Hear a delivery for that webhook."""
        hook = self._hook(kind, name)
        if hook is None:
            return Heard.NO_SUCH_HOOK
        try:
            secret = await asyncio.to_thread(self.secrets.value, hook.secret)
            told = heard(kind, delivery, secret, self.clock.now())
        except (NotSigned, SecretMissing) as error:
            self._warn(name or kind, str(error))
            return Heard.STRANGER
        except Unreadable:
            return Heard.UNREADABLE
        if self._again(told.marks):
            return Heard.AGAIN
        return self._wake(told)

    def _hook(self, kind: ForgeKind, name: str) -> WebhookSettings | None:
        hook = self.hooks.get(name)
        return hook if hook and hook.kind is kind else None

    def _wake(self, told: Told) -> Heard:
        if told.event is HookEvent.PUSH and self.branch in told.branches:
            self.pushed()
            return Heard.WOKEN
        if told.event is HookEvent.PULL_REQUEST:
            self.proposed()
            return Heard.WOKEN
        return Heard.NOTHING_TO_US

    def _again(self, marks: Sequence[str]) -> bool:
        if any(mark in self._seen for mark in marks):
            return True
        self._seen.update(dict.fromkeys(marks))
        while len(self._seen) > 2 * REMEMBERED:
            self._seen.popitem(last=False)
        return False

    def _warn(self, hook: str, reason: str) -> None:
        """Log it, once a minute for each webhook: whoever can send one can send a million."""
        now, last = self.clock.now(), self._told.get(hook)
        if last is None or now - last >= _QUIET:
            self._told[hook] = now
            log.warning("webhook refused", webhook=hook, reason=reason)


def configured(settings: Settings) -> Mapping[str, WebhookSettings]:
    """Return the webhooks of the settings by name; the one of ``[forge]`` has none."""
    forge = settings.forge
    if forge is None or forge.webhook_secret is None:
        return settings.webhooks
    own = WebhookSettings(kind=ForgeKind(forge.kind), secret=forge.webhook_secret)
    return {**settings.webhooks, "": own}
