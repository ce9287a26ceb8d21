"""The moments that happenings wait for: each comes once."""

from collections.abc import Callable, Sequence

from reconciler.model.event import Event, RolloutMoved, StepStarted
from reconciler.model.identity import UnitId
from reconciler.simulate.journal import MemoryJournal
from reconciler.simulate.scenario import Happening, When


class Moments:
    """Happenings without a time; ``comes`` is called when the moment of one is there."""

    def __init__(self, happenings: Sequence[Happening], comes: Callable[[Happening], None]) -> None:
        self._waiting = [each for each in happenings if each.when is not None]
        self._comes = comes

    def heard(self, event: Event, journal: MemoryJournal) -> None:
        """Notice steps that begin and states that are reached."""
        match event:
            case StepStarted():
                plan = journal.plans[event.record.plan]
                word = plan.steps[event.record.index].step
                self._reached(event.unit, lambda when: when.step == word)
            case RolloutMoved():
                self._reached(event.unit, lambda when: when.state is not None and when.state.value == event.after)
            case _:
                pass

    def weighs(self, unit: UnitId, percent: float) -> None:
        """Notice how much of the requests the newest version has."""
        self._reached(unit, lambda when: when.weight is not None and percent >= when.weight)

    def _reached(self, unit: UnitId, fits: Callable[[When], bool]) -> None:
        for each in list(self._waiting):
            if each.when and each.when.unit in (None, unit) and fits(each.when):
                self._waiting.remove(each)
                self._comes(each)
