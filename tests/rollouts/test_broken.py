"""Each strategy is broken at each of its steps: all is as before then, and no request has failed. Then it succeeds."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeAlias

import pytest

from tests.lab import app
from tests.lab.hosts import Lab
from tests.rollouts.figures import FIGURE, figure
from tests.rollouts.world import UNIT, World

GOOD = "1.0.0"
REFUSES = "/run/app/refuses"
"""Where this file is, the hook says no."""

Break: TypeAlias = Callable[[World, str], None]
"""Makes a version go wrong."""


@dataclass(frozen=True, slots=True)
class Fault:
    """What goes wrong: before the commit, or as soon as the rollout waits for ``at``. ``told`` is in the reason."""

    name: str
    do: Break
    told: str
    at: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """A strategy on hosts with labels, and all that goes wrong with it, one after the other."""

    name: str
    strategy: Mapping[str, Any]
    faults: tuple[Fault, ...]
    webs: int = 4
    labels: Callable[[int], Mapping[str, str]] = lambda _: {}
    slots: Mapping[str, int] = field(default_factory=dict)
    down: bool = False


def unwell(host: str) -> Break:
    return lambda world, version: app.control(world.webs[host], {f"{version}:healthy": "no"})


def dead(host: str) -> Break:
    return lambda world, version: app.control(world.webs[host], {f"{version}:starts": "no"})


def bad_figure(world: World, _: str) -> None:
    world.each(lambda host: host.write(FIGURE, b"1"))


def refuses(world: World, _: str) -> None:
    world.each(lambda host: host.write(REFUSES, b""))


def decided(word: str) -> Break:
    def decide(world: World, _: str) -> None:
        done = world.controller.run(word, UNIT, "--reason", "orders are missing")
        assert done.returncode == 0, done.stdout

    return decide


def zones(number: int) -> Mapping[str, str]:
    return {"zone": "a" if number < 3 else "b"}


HOOK = {"hook": {"command": ["test", "!", "-e", REFUSES], "attempts": 1}}

CASES = (
    Case(
        name="rolling, zone after zone, half of it at once",
        strategy={"rolling": {"maxUnavailable": "50%", "orderBy": "zone", "pauseBetweenBatches": "1s"}},
        labels=zones,
        faults=(
            Fault("the first batch is not well", unwell("web-1"), "web-1"),
            Fault("figures get bad in the pause", bad_figure, "figure", at="time"),
            Fault("one of the last batch does not start", dead("web-4"), "web-4"),
        ),
    ),
    Case(
        name="canary",
        strategy={"canary": {"steps": [{"setWeight": 50}, {"analyse": "figure"}, HOOK, {"approve": {}}]}},
        faults=(
            Fault("the canary is not well", unwell("web-1"), "web-1"),
            Fault("its figures are bad", bad_figure, "figure"),
            Fault("the hook says no", refuses, "hook"),
            Fault("a person rejects it", decided("reject"), "orders are missing", at="approval"),
        ),
    ),
    Case(
        name="blue-green",
        strategy={
            "blueGreen": {
                "verify": [{"analyse": "figure"}],
                "autoSwitch": False,
                "shift": [{"weight": 50, "for": "1s"}],
                "retireAfter": "2s",
            }
        },
        webs=2,
        slots={"blue": 8080, "green": 8081},
        faults=(
            Fault("the idle side does not start", dead("web-2"), "web-2"),
            Fault("its figures are bad", bad_figure, "figure"),
            Fault("a person takes it back before the switch", decided("abort"), "orders are missing", at="promotion"),
        ),
    ),
    Case(
        name="recreate",
        strategy={"recreate": {}},
        webs=2,
        down=True,
        faults=(
            Fault("one is not well", unwell("web-1"), "web-1"),
            Fault("one does not start", dead("web-2"), "web-2"),
        ),
    ),
    Case(
        name="progressive",
        strategy={"progressive": {"rings": [{"targets": 1, "bake": "1s"}, {"zone": "a"}, {"all": True}]}},
        labels=zones,
        faults=(
            Fault("the first ring is not well", unwell("web-1"), "web-1"),
            Fault("it gets unwell while it is watched", unwell("web-1"), "web-1", at="time"),
            Fault("the ring of a zone is not well", unwell("web-2"), "web-2"),
            Fault("one of the last ring does not start", dead("web-4"), "web-4"),
        ),
    ),
)


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_whatever_step_is_broken_all_is_as_before_and_then_it_succeeds(lab: Lab, tmp_path: Path, case: Case) -> None:
    policy = {"strategy": case.strategy, "background": ["figure"] if "rolling" in case.strategy else []}
    with World(lab, tmp_path, policy, webs=case.webs, labels=case.labels, slots=case.slots) as world:
        world.documents = [figure()]
        world.first(GOOD)
        with world.requests() as requests:
            for number, fault in enumerate(case.faults, start=1):
                broken(world, f"1.0.{number}", fault)
                assert set(world.versions().values()) == {GOOD}, fault.name
                assert case.down or not requests.tally.failed, (fault.name, requests.tally)
                heal(world)
            world.commit("1.1.0")
            if not case.strategy.get("blueGreen", {}).get("autoSwitch", True):
                promote(world)
            if case.name == "canary":
                approve(world)
            world.until(state="in sync", version="1.1.0")
            last = requests.next(200)
        assert set(last.versions) == {"1.1.0"}
        assert case.down or not requests.tally.failed, requests.tally
        assert set(world.versions().values()) == {"1.1.0"}
        if case.down:
            assert "is down on all 2 targets" in world.planned("2.0.0")


def broken(world: World, version: str, fault: Fault) -> None:
    """Commit a version that goes wrong, and wait until it is taken back."""
    if not fault.at:
        fault.do(world, version)
    world.commit(version)
    if fault.at:
        waits(world, version, fault.at)
        fault.do(world, version)
    reason = world.rejected()["rejected"]["reason"]
    assert fault.told in reason, (fault.name, reason)
    print(f"{fault.name}: {reason}")  # noqa: T201


def waits(world: World, version: str, reason: str) -> None:
    def there(now: Mapping[str, Any]) -> bool:
        return now.get("version") == version and (now.get("rolloutWaits") or {}).get("reason") == reason

    world.wait(world.status, there)


def heal(world: World) -> None:
    """What goes wrong goes well from now on."""
    world.each(lambda host: host.sh(f"rm -f {app.CONTROL} {REFUSES} {FIGURE}"))


def promote(world: World) -> None:
    waits(world, world.version, "promotion")
    assert world.controller.run("promote", UNIT, "--reason", "it does well").returncode == 0


def approve(world: World) -> None:
    waits(world, world.version, "approval")
    assert world.controller.run("approve", UNIT, "--reason", "yes").returncode == 0
