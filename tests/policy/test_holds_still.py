"""A plan begins only as long as all that it was judged by is still said."""

from dataclasses import replace

import pytest

from reconciler.model.event import Paused, PlanAccepted
from reconciler.model.standing import Standing, UnitStanding
from reconciler.model.word import Locked, TurnedAway
from reconciler.policy.holds_still import holds_still
from tests import factory as f
from tests.sim.words import asked, given

KNOWN = UnitStanding(unit=f.SHOP, words=(asked("p1"),))
JUDGED = Standing(units={f.SHOP: KNOWN})
LOCK = Locked(unit=None, environment="production", author="ann", reason="audit", at=f.NOW)
AWAY = TurnedAway(unit=f.SHOP, digest="d", policy="one", beside=("cart@production",), at=f.NOW)


@pytest.mark.parametrize(
    "now",
    [
        replace(JUDGED, paused=Paused(unit=None, author="ann", reason="looking")),
        replace(JUDGED, words=(LOCK,)),
        Standing(units={f.SHOP: replace(KNOWN, words=(asked("p1"), given("p1")))}),
        Standing(units={f.SHOP: replace(KNOWN, paused=Paused(unit=f.SHOP, author="ann", reason="looking"))}),
        Standing(units={f.SHOP: replace(KNOWN, accepted=PlanAccepted(unit=f.SHOP, plan="p1", author="ann"))}),
        Standing(),
    ],
)
def test_whatever_is_said_of_the_unit_has_it_judged_anew(now: Standing) -> None:
    assert not holds_still(f.SHOP, JUDGED, now, ())


def test_what_was_written_down_because_of_the_judgement_is_no_news() -> None:
    now = Standing(units={f.SHOP: replace(KNOWN, words=(asked("p1"), AWAY))})
    assert holds_still(f.SHOP, JUDGED, now, (AWAY,))
    assert not holds_still(f.SHOP, JUDGED, now, ())
