"""Where this machine's secrets are, put together from its settings: all that a store in Git may use of it."""

import os
from collections.abc import Collection
from pathlib import Path

from reconciler.daemon.settings import SecretSettings, Settings
from reconciler.ports.clock import Clock
from reconciler.providers.http_in_threads import HttpInThreads
from reconciler.providers.secret_opening import Machine
from reconciler.providers.secret_stores import AllSecrets
from reconciler.providers.secrets import LocalSecrets


def secrets_by(settings: SecretSettings, state_dir: Path, clock: Clock, reserved: Collection[str] = ()) -> AllSecrets:
    """Return all secrets, to be closed in the end; the key for their digests is in the state folder, made if need be.

    ``reserved`` are references that no document may name. Raises OSError when the key cannot be made.
    """
    machine = Machine(
        local=LocalSecrets(settings.directory, state_dir / "secret-key", os.environ),
        environment=os.environ,
        clock=clock,
        threads=HttpInThreads(),
        folders=settings.folders,
        programs=settings.programs,
        reserved=reserved,
    )
    return AllSecrets(machine)


def own_secrets(settings: Settings) -> LocalSecrets:
    """Return the machine's secrets as the daemon reads them for itself: no document has a say in them.

    Raises OSError when the key for their digests cannot be made.
    """
    return LocalSecrets(settings.secrets.directory, settings.state_dir / "secret-key", os.environ)


def reserved_by(settings: Settings) -> frozenset[str]:
    """Return the references that the settings name for the daemon itself: of its doors and of what it sends to."""
    hooks, forge, proxy = settings.webhooks.values(), settings.forge, settings.api.proxy
    named = [*(each.secret for each in hooks), proxy and proxy.secret]
    named += [forge.token, forge.webhook_secret] if forge else []
    named += [each.token for each in settings.audit.sinks.values()]
    named += settings.telemetry.headers.values()
    return frozenset(each for each in named if each)
