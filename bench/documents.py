"""How long documents take: loading them, loading one that changed, and planning many resources. No network, no disk.

    .venv/bin/python -m bench.documents

Prints seconds of CPU, and the longest time that the event loop stood still meanwhile.
"""

import asyncio
import gc
import time
from collections.abc import Awaitable, Callable, Mapping
from typing import TypeVar

from reconciler.daemon.quiet import quietly
from reconciler.desired.folder import NoSecrets
from reconciler.desired.load import Folders, Loading, load
from reconciler.diff import pair
from reconciler.kinds.catalog import CATALOG
from reconciler.model.resource import Absent, Observation, Present, Resource, Survey
from reconciler.model.standing import Standing
from reconciler.model.unit import Desired
from reconciler.plan.review import review
from reconciler.plan.situation import Situation
from reconciler.providers.clock import SystemClock

T = TypeVar("T")
KEY = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIOMqqnkVzrm0SdG6UOoqKLsabgH5C9okWi0dh2l9GKJl"
LINES = "\n".join(f"        # line {number} of a document as long as documents are" for number in range(3))


def many_documents(count: int) -> dict[str, bytes]:
    """Return ``count`` documents, a file each: environments, hosts (a fifth), and apps of two files each."""
    environments, hosts = 10, count // 5
    files = {f"desired-state/environments/e{n}.yaml": environment(n) for n in range(environments)}
    for number in range(hosts):
        files[f"desired-state/hosts/h{number}.yaml"] = host(number, number % environments, number // 2)
    for number in range(count - environments - hosts - 1):
        role = number % (hosts // 2)
        files[f"desired-state/apps/a{number}.yaml"] = app(
            number, role, 2, f"e{role * 2 % 10}: {{}}, e{(role * 2 + 1) % 10}: {{}}"
        )
    return files | {"policies/all.yaml": _POLICY}


def many_resources(hosts: int, each: int) -> dict[str, bytes]:
    """Return ten apps that share that many hosts, each host with that many resources."""
    files = {"desired-state/environment.yaml": environment(0), "policies/all.yaml": _POLICY}
    for number in range(hosts):
        files[f"desired-state/hosts/h{number}.yaml"] = host(number, 0, number % 10)
    for number in range(10):
        files[f"desired-state/apps/a{number}.yaml"] = app(number, number, each, "e0: {}")
    return files


_POLICY = b"kind: RolloutPolicy\nmetadata: {name: all}\nspec: {}\n"


def environment(number: int) -> bytes:
    return f"kind: Environment\nmetadata: {{name: e{number}}}\nspec: {{vars: {{level: {number}}}}}\n".encode()


def host(number: int, environment_number: int, role: int) -> bytes:
    return f"""\
apiVersion: reconciler/v1
kind: Host
metadata:
  name: h{number}
  labels: {{role: r{role}, zone: z{number % 3}}}
spec:
  environment: e{environment_number}
  address: 10.{number // 65536}.{number // 256 % 256}.{number % 256}
  user: deploy
  become: sudo
  hostKey: "{KEY}"
""".encode()


def app(number: int, role: int, resources: int, environments: str) -> bytes:
    written = "\n".join(
        f"""\
    - file:
        path: /etc/a{number}/file-{index}.conf
        content: |
          level = {{{{ vars.level }}}}
          one {index} for {{{{ target.name }}}}
        mode: "0640"
        owner: root"""
        for index in range(resources)
    )
    return f"""\
apiVersion: reconciler/v1
kind: App
metadata:
  name: a{number}
  labels: {{team: t{number % 20}}}
spec:
  version: "1.{number}"
  environments: {{{environments}}}
  targets: {{hosts: {{role: r{role}}}}}
  resources:
{written}
""".encode()


async def longest_stop(work: Awaitable[object]) -> float:
    """Return how long the event loop stood still at most while the work was done, in seconds."""
    longest = 0.0
    doing = asyncio.ensure_future(work)
    while not doing.done():
        before = time.perf_counter()
        await asyncio.sleep(0.002)
        longest = max(longest, time.perf_counter() - before - 0.002)
    await doing
    return longest


def timed(what: str, work: Callable[[], T]) -> T:
    """Do the work and print how much CPU it took."""
    before = time.process_time()
    done = work()
    print(f"{what:<50}{time.process_time() - before:8.2f} s")
    return done


def planned(desired: Desired, see: Callable[[Resource], Observation]) -> None:
    """Compare and plan everything, with what would be seen of each resource."""
    survey = Survey({each.id: see(each) for unit in desired.units.values() for each in unit.resources})
    diffs = {unit.id: pair.compare(unit, survey, {}, CATALOG, desired.contents) for unit in desired.units.values()}
    now = SystemClock().now()
    review(Situation(desired=desired, standing=Standing(), survey=survey, diffs=diffs, kinds=CATALOG, now=now))


def main(count: int, hosts: int, each: int) -> None:
    gc.set_threshold(50_000, 20, 20)  # as the program does
    files = many_documents(count)
    loading = Loading(CATALOG, NoSecrets(), Folders())
    timed(f"{count:,} documents loaded", lambda: asyncio.run(quietly(lambda: loading.load("a" * 40, files))))
    name = "desired-state/apps/a7.yaml"
    files[name] = files[name].replace(b"one 0", b"two 0")
    timed("one file of them changed", lambda: loading.load("b" * 40, files))
    stop = asyncio.run(longest_stop(quietly(lambda: loaded(files))))
    print(f"{'longest stop of the loop while all are loaded':<50}{stop:8.2f} s")
    desired = loaded(many_resources(hosts, each))
    timed(f"{hosts:,} hosts x {each}: planned, nothing is there", lambda: planned(desired, lambda _: Absent()))
    equal = {one.id: Present(dict(one.attributes)) for unit in desired.units.values() for one in unit.resources}
    timed(
        f"{hosts:,} hosts x {each}: planned, all is as it shall be", lambda: planned(desired, lambda one: equal[one.id])
    )


def loaded(files: Mapping[str, bytes]) -> Desired:
    return load("c" * 40, files, CATALOG, NoSecrets(), Folders())


if __name__ == "__main__":
    main(10_000, 1_000, 20)
