"""A commit that waits for a window, and the rollout that it has ended."""

import asyncio
from pathlib import Path

from reconciler.daemon.carry_out import carry_out
from reconciler.daemon.one_pass import one_pass
from reconciler.model.event import Pinned
from reconciler.model.waiting import Reason
from tests.daemon.fleet import app, opened
from tests.daemon.test_windows import NIGHTS, SHOP, looked


async def test_a_rollout_that_a_waiting_commit_pre_empts_stays_half_way_until_a_person_goes_back(
    tmp_path: Path,
) -> None:
    async with opened(tmp_path) as fleet:
        await fleet.commit("red", shop=app("red"))
        await fleet.settled()
        fleet.hosts.unhealthy = {"pink"}
        await fleet.commit("slow", shop=app("pink").replace(b"failureThreshold: 2", b"failureThreshold: 100000"))
        await carry_out(await one_pass(fleet.world), fleet.world, fleet.hands)
        while fleet.clock.sleepers < 2:  # noqa: ASYNC110 - its lease, and its check
            await asyncio.sleep(0)
        fleet.repository.write("policies/windows.yaml", NIGHTS)
        await fleet.commit("blue, at night", shop=app("blue"))
        found = await looked(fleet)
        assert found.waiting
        assert (found.waiting.reason, fleet.colours()) == (Reason.WINDOW, ["pink", "pink"])
        good = (await fleet.world.journal.standing()).of(SHOP).last_good
        assert good
        back = Pinned(unit=SHOP, digest=good.unit.digest, named="red", author="ann", reason="back")
        await fleet.world.journal.append([back], fleet.clock.now())
        await fleet.settled()
        assert fleet.colours() == ["red", "red"]
