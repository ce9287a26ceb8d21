"""What Git says is asked beside the passes, and a new commit does not wait for approvals that are slow to read."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import timedelta
from pathlib import Path

from reconciler.daemon.git_approvals import GitApprovals
from reconciler.daemon.serve import refreshed
from reconciler.daemon.settings import Settings
from reconciler.daemon.wake import Wake
from reconciler.daemon.wiring import acting
from reconciler.model.identity import UnitId
from reconciler.model.word import ApprovalAsked
from reconciler.ports.source import SignedConsent
from tests.daemon.fleet import BASE
from tests.desired.repository import Repository

SHOP = UnitId("shop", "testing")
APP = b"""\
kind: App
metadata: {name: shop}
spec:
  version: "1"
  environments: {testing: {}}
  targets: {hosts: {role: web}}
  resources: [file: {path: /etc/shop, content: "1"}]
"""
POLICY = b"""\
kind: ApprovalPolicy
metadata: {name: in-git}
spec: {stages: [{roles: [approver]}], fromGit: true}
"""


@dataclass(slots=True)
class SlowConsents:
    """A repository that takes its time to tell what people say in it."""

    said: tuple[SignedConsent, ...] = ()
    asked: asyncio.Event = field(default_factory=asyncio.Event)
    may_answer: asyncio.Event = field(default_factory=asyncio.Event)

    async def consents(self) -> Sequence[SignedConsent]:
        self.asked.set()
        await self.may_answer.wait()
        return self.said


async def rung(wake: Wake) -> None:
    """Return at the next ring; TimeoutError when there is none."""
    async with asyncio.timeout(30):
        await wake.heard(timedelta(hours=1))


async def test_a_commit_wakes_the_loop_before_approvals_are_read_and_they_do_so_again(tmp_path: Path) -> None:
    repository = Repository(tmp_path / "fleet")
    repository.write("policies/in-git.yaml", POLICY)
    repository.commit("first", **{"base.yaml": BASE.encode(), "shop.yaml": APP})
    file = tmp_path / "reconciler.toml"
    file.write_text(f'state_dir = "state"\n[git]\nurl = "{repository.path}"\n')
    async with acting(Settings.load(file)) as parts:
        now = parts.world.clock.now()
        asked = ApprovalAsked(unit=SHOP, plan="a" * 16, policies=("in-git",), at=now)
        await parts.world.journal.append([asked], now)
        slow = SlowConsents((SignedConsent(unit=SHOP, plan="a" * 16, email="eve@example.org", at=now),))
        looking = asyncio.create_task(refreshed(replace(parts, approvals=GitApprovals(slow, parts.world))))
        await slow.asked.wait()
        await rung(parts.wake)
        assert not looking.done()
        slow.may_answer.set()
        await rung(parts.wake)
        await looking
