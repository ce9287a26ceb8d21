"""Pictures and people for the tests of rulings."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import timedelta

from reconciler.control.asked import Asked, Principal
from reconciler.model.access import Identity, Login
from reconciler.model.event import Assessed
from reconciler.model.governance import ApprovalPolicy, ApprovalStage, Governance
from reconciler.model.identity import UnitId
from reconciler.model.record import Picture
from reconciler.model.standing import Standing, UnitStanding
from reconciler.model.waiting import Reason, WaitingOn
from reconciler.model.word import Word
from tests.cli.examples import NEWER, NOW, SHOP

BANK = UnitId("bank", "production")
PLAN = "3f2a8c1d9e0b4a57"
HOUR = timedelta(hours=1)


def waiting(*words: Word, plan: str = PLAN, unit: UnitId = SHOP) -> UnitStanding:
    """A unit whose plan waits for people."""
    found = Assessed(
        unit=unit,
        commit=NEWER,
        digest="sha256:" + "d" * 64,
        version="1.4.2",
        in_sync=False,
        waiting=WaitingOn(Reason.APPROVAL, "it needs an approval of sre"),
        plan=plan,
    )
    return UnitStanding(unit=unit, assessed=found, words=words)


def picture(*units: UnitStanding, words: tuple[Word, ...] = (), at_work: bool | None = True) -> Picture:
    standing = Standing(units={each.unit: each for each in units}, words=words)
    return Picture(standing=standing, accepted=None, refused=None, refused_at=None, now=NOW, at_work=at_work)


def asked(
    name: str = "ann",
    roles: tuple[str, ...] = ("sre",),
    governance: Governance | None = None,
    instead_of: Mapping[str, tuple[str, ...]] | None = None,
    **more: object,
) -> Asked:
    made = Asked(
        who=Identity(name=name, login=Login.TOKEN),
        at=NOW,
        id="w1",
        roles=roles,
        governance=governance or governed(),
        instead_of=tuple(Principal(name=each, roles=theirs) for each, theirs in (instead_of or {}).items()),
    )
    return replace(made, **more)  # type: ignore[arg-type]


def governed(**policy: object) -> Governance:
    stages = (ApprovalStage(count=1, roles=("sre",)),)
    made = replace(ApprovalPolicy(name="two-eyes", stages=stages), **policy)  # type: ignore[arg-type]
    return Governance(approvals=(made,))
