"""Steps in words, for the journal."""

from typing import assert_never

from reconciler.model.duration import format_duration
from reconciler.model.plan import Apply, Probe, Step
from reconciler.model.step import Bake


def describe(step: Step) -> str:
    """Return what the step does, in one line."""
    match step:
        case Apply():
            return f"apply batch {step.batch} to " + ", ".join(target.target for target in step.targets)
        case Probe():
            checks = ", ".join(str(check) for check in step.checks)
            return f"check the health of batch {step.batch} ({checks}) on " + ", ".join(step.targets)
        case Bake():
            return f"wait {format_duration(step.duration)}"
        case _:
            assert_never(step)
