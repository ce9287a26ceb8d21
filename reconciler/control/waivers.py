"""Break glass: gates that somebody passes though policy says no, and what others find of it afterwards. Pure."""

from datetime import timedelta

from reconciler.control.asked import Asked
from reconciler.control.clean import clean
from reconciler.control.consent import want_factor
from reconciler.control.phrases import listed
from reconciler.model.asking import Refused, ReviewWaiver, Ruling, Waive
from reconciler.model.duration import format_duration
from reconciler.model.record import Picture
from reconciler.model.word import Waived, WaiverReviewed
from reconciler.policy.persons import Person, same

LONGEST = timedelta(days=1)


def waive(request: Waive, asked: Asked) -> Ruling:
    """Let the unit pass the gates for so long; it is told loudly, and has to be reviewed."""
    if not request.gates:
        raise Refused("name the gates that are passed: approval, window, guardrail, lock, concurrency")
    if not 0 < request.duration.total_seconds() <= LONGEST.total_seconds():
        raise Refused(f"a waiver lasts {format_duration(LONGEST)} at most, and ends by itself")
    if not asked.factor:
        want_factor(asked.governance)
    until = asked.at + request.duration
    gates = tuple(dict.fromkeys(request.gates))
    event = Waived(
        id=asked.id,
        unit=request.unit,
        gates=gates,
        author=asked.author,
        reason=request.reason,
        until=until,
        at=asked.at,
        emails=asked.who.emails,
    )
    said = (
        f"{request.unit} passes {listed([each.value for each in gates], len(gates))} until {until:%Y-%m-%d %H:%M} UTC. "
        f"Somebody else has to look at it afterwards: reconciler review-waiver {request.unit} {asked.id} --finding TEXT"
    )
    return Ruling(events=(event,), said=said)


def review(request: ReviewWaiver, picture: Picture, asked: Asked) -> Ruling:
    """Write down what was found of a waiver; who took it does not review it."""
    waivers = [each for each in picture.standing.of(request.unit).words if isinstance(each, Waived)]
    found = next((each for each in waivers if each.id == request.id), None)
    if found is None:
        there = f"there are {listed([each.id for each in waivers], 8)}" if waivers else "there is none to review"
        raise Refused(f"there is no waiver {clean(request.id)} of {request.unit}; {there}")
    if same(Person(found.author, found.emails), Person(asked.author, asked.who.emails)):
        raise Refused(f"you ({asked.author}) took this waiver yourself; somebody else has to review it")
    event = WaiverReviewed(id=found.id, unit=found.unit, author=asked.author, finding=request.finding, at=asked.at)
    # A review takes the waiver out of force: nobody has to wait for it to run out.
    ends = " It is not in force any more." if found.until > asked.at else ""
    return Ruling(events=(event,), said=f"Reviewed the waiver {found.id} of {found.author}.{ends}")
