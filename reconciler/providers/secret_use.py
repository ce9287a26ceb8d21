"""Secrets for those who talk to the world: what is missing, and what is not known, as errors by what to do about it."""

from reconciler.ports.errors import Unreachable, WorldError
from reconciler.ports.secrets import SecretMissing, Secrets, SecretUnknown


def used(secrets: Secrets, reference: str, purpose: str, missing: type[WorldError]) -> str:
    """Return the value; raise Unreachable when its store cannot be asked now, ``missing`` when there is none.

    To be called in a thread: a store far away takes its time.
    """
    try:
        return secrets.value(reference)
    except SecretUnknown as error:
        raise Unreachable(f"{purpose}: {error}") from error
    except SecretMissing as error:
        raise missing(f"{purpose}: {error}") from error
