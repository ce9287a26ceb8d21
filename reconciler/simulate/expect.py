"""What a scenario expects, against how it ended. Pure."""

from collections.abc import Iterator

from reconciler.model.duration import format_duration
from reconciler.simulate.play import Ended, Played
from reconciler.simulate.scenario import Expectation


def unmet(expected: Expectation, played: Played) -> Iterator[str]:
    """Yield what is not as it was expected of the unit, in words."""
    ended = played.ended.get(expected.unit)
    if ended is None:
        yield f"{expected.unit} is in no commit"
        return
    yield from (f"{expected.unit}: {each}" for each in _differences(expected, ended))


def _differences(expected: Expectation, ended: Ended) -> Iterator[str]:
    state = ended.rollout.state if ended.rollout else None
    if expected.state is not None and state is not expected.state:
        reason = f" ({ended.rollout.reason})" if ended.rollout and ended.rollout.reason else ""
        yield f"expected {expected.state.value}, it is {state.value if state else 'not rolled out'}{reason}"
    others = {version for version in ended.versions.values() if version != expected.version}
    if expected.version is not None and others:
        where = ", ".join(target for target, version in ended.versions.items() if version in others)
        yield f"expected version {expected.version} everywhere, there is {', '.join(sorted(others))} on {where}"
    if expected.unavailable is not None and ended.down > expected.unavailable:
        yield f"expected {expected.unavailable} targets out of service at most, there were {ended.down}"
    if expected.within is not None and ended.took > expected.within:
        yield f"expected an end within {format_duration(expected.within)}, it took {format_duration(ended.took)}"
