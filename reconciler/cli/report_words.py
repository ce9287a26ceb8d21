"""What people said of a rollout, as its report tells it."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from reconciler.cli.render.sentence import decided
from reconciler.model.event import DecisionTaken, Event, PlanAccepted
from reconciler.model.plan import Plan
from reconciler.model.record import Entry
from reconciler.model.rollout import Rollout
from reconciler.model.word import ApprovalAsked, ApprovalGiven, ApprovalRefused, Waived, WaiverReviewed
from reconciler.plan.consent import as_asked
from reconciler.report.case import Word


def words(entries: Sequence[Entry], rollout: Rollout, plan: Plan) -> Iterator[Word]:
    """Yield what people said of this rollout and its plan, and the waivers that were in force when it began."""
    about = _About(rollout, as_asked(plan).id, _waivers(entries, rollout))
    for entry in entries:
        if (said := _word(entry.event, about)) is not None:
            yield Word(entry.at, *said)


@dataclass(frozen=True, slots=True)
class _About:
    """``asked`` is the id by which people consent, which is not that of the plan: it says nothing of the commit."""

    rollout: Rollout
    asked: str
    waivers: frozenset[str]


def _waivers(entries: Sequence[Entry], rollout: Rollout) -> frozenset[str]:
    waived = (each.event for each in entries if isinstance(each.event, Waived))
    return frozenset(each.id for each in waived if each.at <= rollout.started_at < each.until)


def _word(event: Event, about: _About) -> tuple[str, str, str] | None:  # noqa: PLR0911 - a word a case
    match event:
        case ApprovalAsked(plan=about.asked, policies=policies):
            return ("", f"asked for approval ({', '.join(policies)})", "")
        case ApprovalGiven(plan=about.asked):
            instead = f" instead of {event.instead_of}" if event.instead_of else ""
            factor = " with a second factor" if event.factor else ""
            return (event.author, f"approved{instead}{factor}", event.reason)
        case ApprovalRefused(plan=about.asked):
            return (event.author, "did not approve", event.reason)
        case PlanAccepted() if event.plan == about.rollout.forward:
            return (event.author, "accepted the plan by hand", "")
        case DecisionTaken(decision=decision) if decision.rollout == about.rollout.id:
            return (decision.author, decided(decision).split(" by ")[0], decision.reason)
        case Waived() if event.id in about.waivers:
            how = "waived in an emergency" if event.emergency else "waived"
            return (event.author, f"{how}: {', '.join(event.gates)}", event.reason)
        case WaiverReviewed() if event.id in about.waivers:
            return (event.author, "reviewed the waiver", event.finding)
        case _:
            return None
