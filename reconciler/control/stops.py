"""A person's stop, and what lifts it: pauses and locks. Pure."""

from datetime import timedelta

from reconciler.control.asked import Asked
from reconciler.control.named import environment_named
from reconciler.model.asking import Lock, Pause, Refused, Resume, Ruling, Unlock
from reconciler.model.event import Paused, Resumed
from reconciler.model.record import Picture
from reconciler.model.word import Locked, Unlocked

LONGEST = timedelta(days=366)


def pause(request: Pause, picture: Picture, asked: Asked) -> Ruling:
    """Stop automation for a unit, or for everything."""
    unit, standing = request.unit, picture.standing
    present = standing.of(unit).paused if unit else standing.paused
    name = str(unit) if unit else "everything"
    if present:
        raise Refused(f"{name} is paused already, by {present.author}: {present.reason}")
    rollouts = [each.rollout for each in standing.units.values() if each.rollout and unit in (None, each.unit)]
    stopping = f" {len(rollouts)} under way: stopped at the next step." if rollouts else ""
    return Ruling(
        events=(Paused(unit=unit, author=asked.author, reason=request.reason),),
        said=f"Paused {name}.{stopping} To go on: reconciler resume{f' {unit}' if unit else ''}",
    )


def resume(request: Resume, picture: Picture, asked: Asked) -> Ruling:
    """Lift a pause."""
    unit, standing = request.unit, picture.standing
    everything = standing.paused is not None
    single = sorted(str(each.unit) for each in standing.units.values() if each.paused)
    if unit and not standing.of(unit).paused:
        all_of_it = "; everything is, lift that with: reconciler resume" if everything else ""
        raise Refused(f"{unit} is not paused by itself{all_of_it}")
    if not unit and not everything:
        named = f"; these units are: {', '.join(single)}" if single else ""
        raise Refused(f"there is no pause of everything{named}")
    still = f" Paused still: {', '.join(single)}." if single and not unit else ""
    said = f"Resumed {unit or 'everything'}; what is due is done now.{still}"
    if unit and everything:
        said = f"Resumed {unit}, but everything is paused still; lift that with: reconciler resume"
    return Ruling(events=(Resumed(unit=unit, author=asked.author, reason=request.reason),), said=said)


def lock(request: Lock, picture: Picture, asked: Asked) -> Ruling:
    """Keep a unit or an environment from being changed; what is under way goes on to its end."""
    environment = _environment(request, picture)
    present = _present(request, environment, picture)
    if present and (present.until is None or present.until > asked.at):
        raise Refused(f"{_what(request, environment)} is locked already, {_by(present)}")
    if request.duration and not timedelta(0) < request.duration <= LONGEST:
        raise Refused(f"a lock lasts {LONGEST.days} days at most, or until it is unlocked")
    until = asked.at + request.duration if request.duration else None
    event = Locked(
        unit=request.unit,
        environment=environment,
        author=asked.author,
        reason=request.reason,
        at=asked.at,
        until=until,
    )
    ends = f"until {until:%Y-%m-%d %H:%M} UTC" if until else "until it is unlocked"
    goes_on = " What is under way goes on to its end." if _busy(request, environment, picture) else ""
    return Ruling(
        events=(event,),
        said=f"Locked {_what(request, environment)} {ends}.{goes_on} To end it: {_unlock(request, environment)}",
    )


def unlock(request: Unlock, picture: Picture, asked: Asked) -> Ruling:
    """Take a lock away, whoever took it; what is said names them."""
    environment = _environment(request, picture)
    present = _present(request, environment, picture)
    what = _what(request, environment)
    if present is None:
        raise Refused(f"{what} is not locked{_other_locks(request, environment, picture)}")
    event = Unlocked(
        unit=request.unit, environment=environment, author=asked.author, reason=request.reason, at=asked.at
    )
    return Ruling(events=(event,), said=f"Unlocked {what}; it was locked {_by(present)}")


def _environment(request: Lock | Unlock, picture: Picture) -> str:
    if request.unit:
        return request.unit.environment
    return environment_named(request.environment, picture.standing.units)


def _present(request: Lock | Unlock, environment: str, picture: Picture) -> Locked | None:
    words = picture.standing.of(request.unit).words if request.unit else picture.standing.words
    found = (each for each in words if isinstance(each, Locked) and each.environment == environment)
    return next(found, None)


def _by(lock: Locked) -> str:
    until = f" until {lock.until:%Y-%m-%d %H:%M} UTC" if lock.until else ""
    return f"by {lock.author} since {lock.at:%Y-%m-%d %H:%M} UTC{until}: {lock.reason}"


def _what(request: Lock | Unlock, environment: str) -> str:
    return str(request.unit) if request.unit else f"environment {environment}"


def _unlock(request: Lock, environment: str) -> str:
    return f"reconciler unlock {request.unit or f'--environment {environment}'}"


def _busy(request: Lock, environment: str, picture: Picture) -> bool:
    units = picture.standing.units.values()
    return any(
        each.rollout and (each.unit == request.unit if request.unit else each.unit.environment == environment)
        for each in units
    )


def _other_locks(request: Unlock, environment: str, picture: Picture) -> str:
    """Where the other sort of lock is there, say which command ends it."""
    if request.unit:
        of_all = any(isinstance(each, Locked) and each.environment == environment for each in picture.standing.words)
        return f"; its environment is: reconciler unlock --environment {environment}" if of_all else ""
    single = sorted(
        str(each.unit)
        for each in picture.standing.units.values()
        if each.unit.environment == environment and any(isinstance(word, Locked) for word in each.words)
    )
    return f"; these units are: {', '.join(single)}" if single else ""
