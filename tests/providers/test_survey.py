"""The order in which a host is asked: what changes while it is looked at is seen where it changed."""

from typing import Any

import pytest

from reconciler.kinds.catalog import CATALOG, PRELUDE
from reconciler.providers.checks import HealthChecks
from reconciler.providers.clock import SystemClock
from reconciler.providers.hosts import HostTargets, Supplies
from reconciler.providers.survey import Probes, compose
from tests.contract.desk import HASHES, Desk
from tests.kinds.cases import resource_of
from tests.providers.local_shell import LocalShell, host
from tests.providers.machine import HOLDER, Tars

WATCHED = {
    "file:~/conf": {"file": {"path": "~/conf", "content": "blue\n"}},
    "line:~/conf#blue": {"line": {"path": "~/conf", "line": "blue"}},
}


@pytest.fixture
def desk(shell: LocalShell) -> Desk:
    supplies, checks = Supplies(Tars({}), HASHES), HealthChecks(shell, shell, SystemClock())
    return Desk(HostTargets(shell, Probes(CATALOG, PRELUDE), supplies, checks, HOLDER), host(), HASHES)


@pytest.mark.parametrize("place", [0, 1, 2])
@pytest.mark.parametrize("ref", WATCHED)
async def test_what_is_changed_during_a_look_is_not_only_seen_in_what_follows_from_it(
    desk: Desk, shell: LocalShell, ref: str, place: int
) -> None:
    written: list[dict[str, Any]] = [
        WATCHED[ref],
        {"command": {"name": "load", "run": ["true"], "onChange": [ref]}},
    ]
    await desk.apply(*written)
    assert await desk.differing(*written) == {}
    # A probe that changes something is there as soon as the host is asked for it.
    change = f"echo red >'{shell.home / 'conf'}'"
    written.insert(place, {"command": {"name": "hand", "run": ["true"], "unless": ["sh", "-c", change]}})
    seen = await desk.differing(*written)
    assert (shell.home / "conf").read_text() == "red\n"
    assert "command:load" not in seen or ref in seen
    del written[place]
    assert set(await desk.differing(*written)) == {ref, "command:load"}


@pytest.mark.parametrize("turned", [False, True])
def test_what_watches_is_asked_before_what_it_watches(turned: bool) -> None:
    chain = [
        resource_of("file", {"path": "/etc/shop", "content": ""}),
        resource_of("line", {"path": "/etc/hosts", "line": "one"}),
        resource_of("systemdUnit", {"name": "shop.service", "running": True, "restartOn": ["file:/etc/shop"]}),
        resource_of("command", {"name": "tell", "run": ["true"], "onChange": ["systemdUnit:shop.service"]}),
        resource_of("command", {"name": "more", "run": ["true"], "onChange": ["command:tell"]}),
    ]
    resources = chain[::-1] if turned else chain
    asked = compose(resources, Probes(CATALOG, PRELUDE))
    order = [resources[index].id.ref for frame in asked.frames for index in frame]
    assert len(order) == len(resources)
    refs = [each.id.ref for each in (chain[4], chain[3], chain[2], chain[0])]
    assert [each for each in order if each in refs] == refs
