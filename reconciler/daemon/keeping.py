"""Where this machine's secrets are, put together from its settings: all that a store in Git may use of it."""

import os
from pathlib import Path

from reconciler.daemon.settings import SecretSettings
from reconciler.ports.clock import Clock
from reconciler.providers.http_in_threads import HttpInThreads
from reconciler.providers.secret_opening import Machine
from reconciler.providers.secret_stores import AllSecrets
from reconciler.providers.secrets import LocalSecrets


def secrets_by(settings: SecretSettings, state_dir: Path, clock: Clock) -> AllSecrets:
    """Return all secrets, to be closed in the end; the key for their digests is in the state folder, made if need be.

    Raises OSError when it cannot be made.
    """
    machine = Machine(
        local=LocalSecrets(settings.directory, state_dir / "secret-key", os.environ),
        environment=os.environ,
        clock=clock,
        threads=HttpInThreads(),
        folders=settings.folders,
        programs=settings.programs,
    )
    return AllSecrets(machine)
