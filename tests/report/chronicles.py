"""Chronicles that tests make: rollouts on a line of minutes after NOON."""

from datetime import UTC, datetime, timedelta

from reconciler.model.change import Cause
from reconciler.model.chronicle import Chronicle, Ran, Written
from reconciler.model.identity import UnitId
from reconciler.model.rollout import State

NOON = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)
SHOP = UnitId("shop", "production")
CART = UnitId("cart", "staging")


def after(minutes: float) -> datetime:
    return NOON + timedelta(minutes=minutes)


def ran(
    state: State,
    began: float,
    ended: float | None,
    *,
    cause: Cause = Cause.COMMIT,
    unit: UnitId = SHOP,
    commit: str = "",
    digest: str = "",
    failed: float | None = None,
) -> Ran:
    return Ran(
        id=f"{unit.app}-{began:g}",
        unit=unit,
        cause=cause,
        commit=commit or f"commit-{began:g}",
        version="1",
        digest=digest or f"digest-{began:g}",
        plan=f"plan-{began:g}",
        state=state,
        started_at=after(began),
        ended_at=None if ended is None else after(ended),
        failed_at=None if failed is None else after(failed),
        reason="" if state is State.SUCCEEDED else "error rate 7.2 % > 5 %",
    )


def chronicle(*rollouts: Ran, **more: object) -> Chronicle:
    told = {"since": after(-10_000), "until": after(10_000), "oldest": after(-100_000), **more}
    return Chronicle(rollouts=rollouts, **told)  # type: ignore[arg-type]


def written(commit: str, at: float, *emails: str, place: int | None = None) -> Written:
    return Written(
        commit=commit, subject=f"about {commit}", author="Ada", at=after(at), emails=frozenset(emails), place=place
    )
