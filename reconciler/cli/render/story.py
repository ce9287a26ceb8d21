"""How a simulation ended, in words."""

from collections.abc import Iterator

from reconciler.model.duration import format_duration
from reconciler.simulate.play import Ended, Played
from reconciler.simulate.transcript import grouped


def ending(played: Played) -> Iterator[str]:
    """Yield who has which version, how the rollouts ended, and how many targets were out of service at most."""
    yield ""
    for unit, ended in sorted(played.ended.items()):
        state = ended.rollout.state.value.replace("_", " ") if ended.rollout else "nothing was rolled out"
        yield f"{unit}: {state}{_reason(ended)}"
        yield f"  versions      {grouped(ended.versions)}"
        yield f"  out of service {ended.down} of {len(ended.unit.targets)} targets at most"
        yield f"  took          {format_duration(ended.took)}"
    for missed in played.missed:
        if missed.when:
            yield f"never came: {missed.when.model_dump(exclude_none=True, mode='json')}"


def _reason(ended: Ended) -> str:
    return f": {ended.rollout.reason}" if ended.rollout and ended.rollout.reason else ""
