"""A simulated fleet: everything of a pass but the network. Prints JSON.

    python -m bench.ten_thousand HOSTS PASSES

Documents, rendering, comparing, planning and the journal are the real ones; hosts are values in memory.
"""

import asyncio
import json
import sys
import tempfile
import time
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import yaml

from bench.memory import mebibytes
from reconciler.daemon.carry_out import carry_out
from reconciler.daemon.hands import Hands
from reconciler.daemon.intake import Intake
from reconciler.daemon.keeping import secrets_by
from reconciler.daemon.one_pass import one_pass
from reconciler.daemon.settings import SecretSettings
from reconciler.daemon.settle import settle
from reconciler.daemon.wake import Wake
from reconciler.daemon.world import World
from reconciler.desired.load import Folders, load
from reconciler.execute.driver import Driver
from reconciler.kinds.catalog import CATALOG
from reconciler.model.unit import Desired
from reconciler.providers.artifacts import ArtifactCache
from reconciler.providers.clock import SystemClock
from reconciler.providers.http import Http
from reconciler.simulate.archives import SimProvenance
from reconciler.simulate.world import SimWorld
from reconciler.store.journal import SqliteStore
from tests.sim.reach import reach

UNITS = 20
_FILES = ("a.conf", "b.conf", "c.conf")


def documents(hosts: int) -> dict[str, bytes]:
    """Return a repository of so many hosts, twenty apps of three files each on their share of them."""
    key = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIHB1dCB0aGUga2V5IG9mIHlvdXIgb3duIGhvc3QgaGVy"
    found: list[dict[str, Any]] = [{"kind": "Environment", "metadata": {"name": "bench"}}]
    for number in range(hosts):
        spec: dict[str, Any] = {
            "environment": "bench",
            "address": f"10.{number >> 16}.{number >> 8 & 255}.{number & 255}",
        }
        labels = {"group": f"g{number % UNITS}"}
        spec |= {"user": "deploy", "hostKey": key}
        found.append({"kind": "Host", "metadata": {"name": f"h{number}", "labels": labels}, "spec": spec})
    for unit in range(min(UNITS, hosts)):
        files = [{"file": {"path": f"~/{name}", "content": f"{name} of app {unit}\n"}} for name in _FILES]
        spec = {"version": "1", "environments": {"bench": {}}, "targets": {"hosts": {"group": f"g{unit}"}}}
        found.append({"kind": "App", "metadata": {"name": f"app{unit}"}, "spec": {**spec, "resources": files}})
    return {"desired-state/all.yaml": yaml.dump_all(found, Dumper=yaml.CSafeDumper).encode()}


def as_wished(desired: Desired, world: SimWorld) -> None:
    """Make the simulated fleet what is asked for."""
    for unit in desired.units.values():
        for resource in unit.resources:
            world.state.setdefault(resource.id.target, {})[resource.id] = resource


async def main() -> None:
    hosts, count = int(sys.argv[1]), int(sys.argv[2])
    files, clock = documents(hosts), SystemClock()
    with tempfile.TemporaryDirectory() as folder:
        secrets = secrets_by(SecretSettings(), Path(folder), clock)
        began = time.perf_counter()
        desired = load("0" * 40, files, CATALOG, secrets, Folders())
        loaded = time.perf_counter() - began
        fleet = SimWorld(clock)
        as_wished(desired, fleet)
        store = await SqliteStore.open(Path(folder) / "journal.db")
        around = reach(fleet, clock, CATALOG)
        driver = Driver(store, around, owner="bench")
        world = World(
            commits=cast(Any, SimpleNamespace(newest=Intake(desired=desired))),
            authorship=cast(Any, None),  # nobody has to consent here
            journal=store,
            log=store,
            targets=fleet,
            routers=around.routers,
            artifacts=ArtifactCache(Path(folder) / "artifacts", Http(), cast(Any, None)),
            provenance=SimProvenance(),
            kinds=CATALOG,
            clock=clock,
            driver=driver,
            aside=asyncio.to_thread,
        )
        wake = Wake()
        hands = Hands(driver, wake.ring)
        began = time.perf_counter()
        await settle(world, hands, wake, lambda _: True)
        settled = time.perf_counter() - began
        passes = []
        for _ in range(count):
            began = time.perf_counter()
            seen = await one_pass(world)
            await carry_out(seen, world, hands)
            passes.append(time.perf_counter() - began)
            assert all(each.in_sync for each in seen.review.assessments), "the simulated fleet is not as it was made"
        await store.close()
    peak = mebibytes("VmHWM:")
    print(json.dumps({"hosts": hosts, "load": loaded, "adopt": settled, "passes": passes, "peak_mib": peak}))


if __name__ == "__main__":
    asyncio.run(main())
