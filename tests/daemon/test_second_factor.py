"""A one-time code at the desk: asked for where policy wants one, good once, used up only by what it was shown for."""

import base64
from datetime import timedelta

import pyotp
import pytest

from reconciler.daemon.desk import JournalDesk, Surroundings
from reconciler.model.access import Identity, Login
from reconciler.model.asking import Approve, FactorNeeded, Refused, Request, Waive
from reconciler.model.governance import GateKind
from reconciler.model.identity import UnitId
from reconciler.model.unit import Desired
from reconciler.model.word import AccessRefused, ApprovalGiven, FactorUsed
from reconciler.providers.one_time_codes import OneTimeCodes
from tests.daemon.fleet import Fleet, app
from tests.providers.secret_values import SecretValues

UNIT = UnitId("shop", "testing")
SECRET = base64.b32encode(b"12345678901234567890").decode()
BEN = Identity(name="ben", login=Login.LOCAL, owner=True)
CHO = Identity(name="cho", login=Login.LOCAL, owner=True)

WITH_CODE = b"""\
kind: ApprovalPolicy
metadata: {name: two-with-codes}
spec: {stages: [{count: 2}], secondFactor: true}
"""


def desk(fleet: Fleet) -> JournalDesk:
    async def rules(_: Request | None) -> Desired | None:
        return fleet.world.commits.newest.desired

    async def authors(_: UnitId) -> frozenset[str]:
        return frozenset()

    devices = SecretValues({"one-time-codes/ben": SECRET, "one-time-codes/cho": SECRET})
    around = Surroundings(
        append=fleet.world.journal.append,
        wake=fleet.wake.ring,
        rules=rules,
        authors=authors,
        codes=OneTimeCodes(devices.value),
        at_work=lambda: True,
        secret=lambda: b"s" * 32,
        clock=fleet.clock,
    )
    return JournalDesk(fleet.store, around)


@pytest.fixture
async def waiting(fleet: Fleet) -> Fleet:
    fleet.repository.write("policies/approvals.yaml", WITH_CODE)
    await fleet.commit("red", shop=app("red"))
    await fleet.settled()
    return fleet


def code(fleet: Fleet) -> str:
    return pyotp.TOTP(SECRET).at(fleet.clock.now())


async def test_two_people_with_codes_let_it_go_on(waiting: Fleet) -> None:
    there = desk(waiting)
    with pytest.raises(FactorNeeded):
        await there.decide(Approve(unit=UNIT), BEN)
    await there.decide(Approve(unit=UNIT, code=code(waiting)), BEN)
    await there.decide(Approve(unit=UNIT, code=code(waiting)), CHO)
    await waiting.settled()
    assert waiting.colours() == ["red", "red"]
    said = [each for each in await waiting.events() if isinstance(each, ApprovalGiven | FactorUsed)]
    assert [type(each) for each in said] == [FactorUsed, ApprovalGiven, FactorUsed, ApprovalGiven]
    assert not any(SECRET in repr(each) or code(waiting) in repr(each) for each in await waiting.events())


async def test_a_code_is_good_once_whatever_restarts(waiting: Fleet) -> None:
    await desk(waiting).decide(Approve(unit=UNIT, code=code(waiting)), BEN)
    waive = Waive(unit=UNIT, gates=(GateKind.APPROVAL,), reason="fire", code=code(waiting))
    with pytest.raises(Refused, match="used already"):
        await desk(waiting).decide(waive, BEN)
    waiting.clock.jump(waiting.clock.now() + timedelta(seconds=30))
    again = Waive(unit=UNIT, gates=(GateKind.APPROVAL,), reason="fire", code=code(waiting))
    await desk(waiting).decide(again, BEN)


async def test_a_wrong_code_is_written_down_and_approves_nothing(waiting: Fleet) -> None:
    with pytest.raises(Refused, match="the code is wrong"):
        await desk(waiting).decide(Approve(unit=UNIT, code="000000"), BEN)
    said = [each for each in await waiting.events() if isinstance(each, ApprovalGiven | FactorUsed | AccessRefused)]
    assert [type(each) for each in said] == [AccessRefused]


async def test_a_code_is_not_used_up_by_what_is_refused(waiting: Fleet) -> None:
    there = desk(waiting)
    with pytest.raises(Refused, match="the plan of"):
        await there.decide(Approve(unit=UNIT, plan="f" * 16, code=code(waiting)), BEN)
    await there.decide(Approve(unit=UNIT, code=code(waiting)), BEN)
