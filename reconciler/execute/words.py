"""Steps in words, for the journal."""

from typing import assert_never

from reconciler.model.duration import format_duration
from reconciler.model.plan import Apply, Confirm, Drain, Mirror, Probe, Shift, Step, Stop
from reconciler.model.step import Analyse, AwaitApproval, AwaitPromotion, Bake, CallHook


def describe(step: Step) -> str:  # noqa: C901, PLR0911, PLR0912 - a case a sort of step
    """Return what the step does, in one line."""
    match step:
        case Apply():
            slot = f", slot {step.slot}," if step.slot else ""
            return f"apply batch {step.batch}{slot} to " + ", ".join(target.target for target in step.targets)
        case Stop():
            return "stop the app on " + ", ".join(target.target for target in step.targets)
        case Probe():
            checks = ", ".join(str(check) for check in step.checks)
            return f"check the health of batch {step.batch} ({checks}) on " + ", ".join(step.targets)
        case Confirm():
            return "look again at " + ", ".join(step.targets)
        case Drain():
            return f"drain {', '.join(step.servers)} within {format_duration(step.within)}"
        case Shift():
            shares = ", ".join(f"{share.server} {share.weight}" for share in step.shares)
            return f"send requests to {shares}" + (f" ({step.note})" if step.note else "")
        case Mirror(servers, 0):
            return f"send no more copies of requests to {', '.join(servers)}"
        case Mirror(servers, percent):
            return f"send copies of {percent}% of the requests to {', '.join(servers)}"
        case Bake():
            return f"wait {format_duration(step.duration)}"
        case Analyse():
            return "analyse " + ", ".join(analysis.name for analysis in step.analyses)
        case AwaitPromotion():
            return f"wait for a promotion, {format_duration(step.within)} at most"
        case AwaitApproval():
            return f"wait for {approvals(step)}, {format_duration(step.within)} at most"
        case CallHook():
            return f"call {step.hook}"
        case _:
            assert_never(step)


def approvals(step: AwaitApproval) -> str:
    """Return how many approvals the step wants, and of whom."""
    number = "an approval" if step.count == 1 else f"{step.count} approvals"
    return f"{number} of {', '.join(step.approvers)}" if step.approvers else number
