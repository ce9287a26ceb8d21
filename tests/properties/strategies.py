"""Random strategies of every sort, with waits of every sort."""

from datetime import timedelta
from random import Random

from reconciler.model.analysis import Analysis, Comparison, Outcome, PrometheusQuery
from reconciler.model.policy import (
    AllAtOnce,
    Amount,
    BlueGreen,
    Canary,
    CanaryStep,
    MirrorTo,
    Portion,
    Progressive,
    Recreate,
    Ring,
    Rolling,
    SetTargets,
    SetWeight,
    Strategy,
)
from reconciler.model.step import Analyse, AwaitApproval, AwaitPromotion, Bake, CallHook, HttpHook, Wait

SECOND = timedelta(seconds=1)
QUERY = PrometheusQuery(url="http://prometheus:9090", query="errors")
WITHIN = timedelta(minutes=10)


def drawn(chance: Random) -> Strategy:
    """Return a strategy of some sort."""
    match chance.randint(0, 7):
        case 0:
            return AllAtOnce()
        case 1:
            return Recreate()
        case 2 | 3:
            return rolling(chance)
        case 4 | 5:
            return Canary(tuple(_canary_steps(chance)), rolling(chance))
        case 6:
            return _blue_green(chance)
        case _:
            return Progressive(tuple(_ring(chance) for _ in range(chance.randint(1, 3))))


def background(chance: Random) -> tuple[Analysis, ...]:
    """Return the analyses that go on all the time; mostly none."""
    return (_analysis("always", chance, count=None),) if chance.random() < 0.15 else ()


def rolling(chance: Random) -> Rolling:
    """Return some rolling strategy."""
    return Rolling(
        batch_size=_amount(chance),
        pause=chance.choice((0, 0, 20, 90)) * SECOND,
        max_surge=_amount(chance) if chance.random() < 0.2 else None,
        max_unavailable=_amount(chance) if chance.random() < 0.4 else None,
        order_by="zone" if chance.random() < 0.2 else None,
    )


def _canary_steps(chance: Random) -> list[CanaryStep]:
    steps: list[CanaryStep] = []
    for percent in sorted(chance.sample((1, 10, 25, 50, 75, 100), chance.randint(1, 3))):
        if chance.random() < 0.7:
            steps.append(SetWeight(percent, auto_promote=chance.random() < 0.9))
        else:
            steps.append(SetTargets(Amount(percent, percent=True), auto_promote=chance.random() < 0.9))
        if chance.random() < 0.2:
            steps.append(MirrorTo(chance.choice((0, 10))))
        if chance.random() < 0.6:
            steps.append(_wait(chance))
    return steps


def _wait(chance: Random) -> Wait:
    match chance.randint(0, 5):
        case 0:
            return AwaitPromotion(WITHIN)
        case 1:
            return AwaitApproval(count=chance.choice((1, 1, 2)), within=WITHIN)
        case 2:
            return CallHook(HttpHook(url=f"http://hook/{chance.choice(('yes', 'yes', 'no'))}"))
        case 3 | 4:
            analyses = tuple(_analysis(f"a{number}", chance) for number in range(chance.randint(1, 2)))
            return Analyse(analyses, chance.choice((None, None, 50)), WITHIN)
        case _:
            return Bake(chance.choice((5, 30, 120)) * SECOND)


def _analysis(name: str, chance: Random, count: int | None = 3) -> Analysis:
    compared = count is not None and chance.random() < 0.2
    return Analysis(
        name=name,
        query=QUERY,
        interval=chance.choice((5, 30)) * SECOND,
        initial_delay=chance.choice((0, 10)) * SECOND,
        count=count,
        success="result < 0.05" if chance.random() < 0.8 else None,
        failure="result >= 0.05",
        failure_limit=chance.choice((0, 1)),
        on_no_data=chance.choice(list(Outcome)),
        comparison=Comparison(baseline=QUERY, minimum=2) if compared else None,
    )


def _blue_green(chance: Random) -> BlueGreen:
    return BlueGreen(
        warm_up=chance.choice((0, 10)) * SECOND,
        verify=tuple(_wait(chance) for _ in range(chance.choice((0, 0, 1)))),
        auto_switch=chance.random() < 0.85,
        shift=tuple(Portion(percent, 10 * SECOND) for percent in chance.choice(((), (10,), (25, 50)))),
        retire_after=chance.choice((0, 30, 120)) * SECOND,
    )


def _ring(chance: Random) -> Ring:
    amount = _amount(chance) if chance.random() < 0.5 else None
    return Ring(
        amount=amount,
        labels=(("zone", chance.choice(("x", "y"))),) if amount is None and chance.random() < 0.5 else (),
        strategy=AllAtOnce() if chance.random() < 0.5 else rolling(chance),
        bake=chance.choice((0, 30)) * SECOND,
        then=(_wait(chance),) if chance.random() < 0.2 else (),
    )


def _amount(chance: Random) -> Amount:
    if chance.random() < 0.6:
        return Amount(chance.choice((1, 1, 2, 3)))
    return Amount(chance.choice((10, 34, 50)), percent=True)
