"""What fails after a part of it was done is no longer as it was before."""

from collections.abc import Iterator
from contextlib import contextmanager

from reconciler.ports.errors import Broken, Denied, Halfway, Refused, Stale


@contextmanager
def begun(done: str) -> Iterator[None]:
    """Have what says in the block that nothing was done say that ``done`` was, which stays: raise Halfway for it."""
    try:
        yield
    except (Refused, Denied, Stale, Broken) as error:
        raise Halfway(f"{error} ({done}, and that stays)") from error
