"""Which state a unit is kept at: held, released, tried again, taken back to an earlier one. Pure."""

from reconciler.control.asked import Asked, Past
from reconciler.control.where import may_retry, paused, place
from reconciler.model.asking import GoBack, Hold, Refused, Release, Retry, Ruling
from reconciler.model.event import Pinned, Released, RetryRequested
from reconciler.model.record import Picture
from reconciler.model.verdict import Snapshot
from reconciler.model.waiting import Reason
from reconciler.policy.going_back import NoSuchState, lost, meant


def hold(request: Hold, picture: Picture, asked: Asked) -> Ruling:
    """Keep the unit at the state it is at, whatever Git says next."""
    unit = request.unit
    known = picture.standing.of(unit)
    if known.pinned:
        raise Refused(f"{unit} is held at {known.pinned.named} already, by {known.pinned.author}")
    if known.rollout:
        raise Refused(
            f"{unit} is between two states while it is rolled out. To stop it where it is: reconciler pause {unit} "
            f"--reason TEXT; to end it: reconciler abort {unit}"
        )
    if known.last_good is None:
        raise Refused(f"no state of {unit} was good yet, so there is none to hold it at")
    good = known.last_good.unit
    pinned = Pinned(unit=unit, digest=good.digest, named=good.named, author=asked.author, reason=request.reason)
    said = f"Held {unit} at {good.named}; new commits wait. To follow Git again: reconciler release {unit}"
    return Ruling(events=(pinned,), said=said)


def release(request: Release, picture: Picture, asked: Asked) -> Ruling:
    """Let a unit that is held follow Git again."""
    unit = request.unit
    pinned = picture.standing.of(unit).pinned
    if pinned is None:
        raise Refused(f"nobody holds {unit}; to see why it is where it is: reconciler explain {unit}")
    said = f"Released {unit} from {pinned.named}; it follows Git from now on."
    if pause := paused(picture, unit):
        resume = f"reconciler resume{f' {unit}' if pause.unit else ''}"
        said = f"Released {unit}, but it is paused; lift that with: {resume}"
    return Ruling(events=(Released(unit=unit, author=asked.author, reason=request.reason),), said=said)


def retry(request: Retry, picture: Picture, asked: Asked) -> Ruling:
    """Forget that the state was rejected."""
    unit = request.unit
    if not may_retry(picture, unit):
        raise Refused(f"{unit} is not rejected (state: {place(picture, unit).word}); there is nothing to retry")
    said = f"The verdict on {unit} is forgotten; what Git says is tried again now."
    assessed = picture.standing.of(unit).assessed
    if assessed and assessed.waiting and assessed.waiting.reason is Reason.DISAPPROVED:
        said = f"What was said of the plan of {unit} is forgotten; people are asked again."
    if paused(picture, unit):
        said = f"The verdict on {unit} is forgotten. It is paused, so nothing happens before: reconciler resume"
    return Ruling(events=(RetryRequested(unit=unit, author=asked.author, reason=request.reason),), said=said)


def go_back(request: GoBack, picture: Picture, asked: Asked) -> Ruling:
    """Go back to an earlier good state, and hold the unit there."""
    to = state_meant(request, picture, asked.past).unit
    pinned = Pinned(unit=request.unit, digest=to.digest, named=to.named, author=asked.author, reason=request.reason)
    said = (
        f"{pinned.unit} goes back to {pinned.named} and is held there. To follow it: reconciler explain "
        f"{pinned.unit}; to follow Git again: reconciler release {pinned.unit}"
    )
    return Ruling(events=(pinned,), said=said)


def state_meant(request: GoBack, picture: Picture, past: Past) -> Snapshot:
    """Return the state that is meant; Refused when there is none, or something would be lost on the way."""
    unit, known = request.unit, picture.standing.of(request.unit)
    states = [each.unit for each in past.states]
    shown = known.rollout or known.assessed
    try:
        to = meant(states, shown.digest if shown else "", request.to)
    except NoSuchState as none:
        raise Refused(f"{unit}: {none}. All that is kept: reconciler history {unit}") from none
    undone = lost(states, [each.unit for each in past.tried], to)
    if undone and not request.force:
        raise Refused(
            f"{unit} cannot go back to {to.named} without loss: {', '.join(undone)} is marked irreversible. "
            "If that is dealt with (a schema taken back by hand), say --force"
        )
    return next(each for each in past.states if each.unit.digest == to.digest)
