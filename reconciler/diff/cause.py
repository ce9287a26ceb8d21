"""Why a resource differs: a commit asks for something new, or somebody changed what we had put there."""

from reconciler.model.change import Cause
from reconciler.model.resource import Resource
from reconciler.model.verdict import Owned


def cause_of(wanted: Resource | None, owned: Owned | None) -> Cause:
    """Return drift if what is wanted is what we last applied and know to have been there, commit otherwise.

    ``wanted`` is None for a resource that nobody asks for any more. The planner turns commit into revert when what is
    wanted is the last known good state and not what Git says.
    """
    if wanted is not None and owned is not None and owned.sure and owned.resource.digest == wanted.digest:
        return Cause.DRIFT
    return Cause.COMMIT
