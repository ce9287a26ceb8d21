"""Rollouts that figures decide: the daemon, two hosts and a real Prometheus."""

import json
from collections.abc import Iterator
from typing import Any

import pytest

from reconciler.providers.clock import SystemClock
from tests.conftest import unavailable
from tests.e2e import documents
from tests.e2e.documents import file
from tests.e2e.world import World
from tests.lab.prometheus import obstacle, prometheus

QUERY = (
    'sum(rate(requests_total{server=~"{{ canary }}",code="500"}[5m]))'
    ' / sum(rate(requests_total{server=~"{{ canary }}"}[5m]))'
)
STEPS = ({"setTargets": 1}, {"analyse": "errors"})


@pytest.fixture(scope="module")
def figures(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A Prometheus to which 30 % of the requests to each host fail."""
    if missing := obstacle():
        unavailable(missing)
    start = int(SystemClock().now().timestamp()) - 900
    lines = ["# TYPE requests counter"]
    for name in ("web-1", "web-2"):
        for code, share in (("200", 70), ("500", 30)):
            labels = f'server="{name}",code="{code}"'
            lines += [f"requests_total{{{labels}}} {15 * share * n} {start + 15 * n}" for n in range(120)]
    with prometheus(tmp_path_factory.mktemp("prometheus"), "\n".join([*lines, "# EOF", ""])) as url:
        yield url


def analysis(**spec: Any) -> str:
    usual = {"count": 2, "interval": "100ms", "query": QUERY}
    return documents.text({"kind": "Analysis", "metadata": {"name": "errors"}, "spec": {**usual, **spec}})


def canary(world: World, **spec: Any) -> str:
    """Have the first version everywhere, then commit the second with a canary that the analysis judges."""
    world.policy(strategy={"canary": {"steps": list(STEPS)}})
    return second(world, **spec)


def second(world: World, **spec: Any) -> str:
    world.write({"policies/errors.yaml": analysis(**spec)})
    world.app(file("one\n"))
    world.settled()
    return world.app(file("two\n"), version="2")


def waits(world: World) -> str:
    """What the rollout waits for."""
    found = world.unit().get("rolloutWaits")
    return found["detail"] if found else ""


def contents(world: World) -> list[str]:
    return [(world.home(name) / "shop.txt").read_text() for name in world.names]


def test_figures_that_are_good_let_the_rest_follow(pair: World, figures: str) -> None:
    commit = canary(pair, provider={"prometheus": {"url": figures}}, success="result < 0.5")
    pair.settled()
    assert contents(pair) == ["two\n", "two\n"]
    assert pair.in_sync_at(commit)()
    newest = json.loads(pair.reconciler("history", "shop@test", "--json", "--limit", "1").out)["rollouts"][0]
    told = pair.reconciler("history", "--rollout", newest["rollout"]).flat
    assert told.count("[0.3]") >= 2, told


def test_figures_that_are_bad_take_the_canary_back(pair: World, figures: str) -> None:
    canary(pair, provider={"prometheus": {"url": figures}}, success="result < 0.05")
    said = pair.reconciler("run", "--once")
    assert said.status != 0
    assert contents(pair) == ["one\n", "one\n"]
    assert "errors: 1 failed measurement, 0 allowed; the latest answer was [0.3]" in said.flat


def test_a_monitoring_that_is_away_takes_the_canary_back(pair: World) -> None:
    asked = {"prometheus": {"url": "http://127.0.0.1:1"}}
    canary(pair, provider=asked, success="result < 0.05", consecutiveErrorLimit=0)
    said = pair.reconciler("run", "--once")
    assert said.status != 0
    assert contents(pair) == ["one\n", "one\n"]
    assert "errors: 1 error in a row, 0 allowed" in said.flat


def test_a_command_on_the_canary_is_asked(pair: World) -> None:
    asked = {"provider": {"command": {}}, "query": ["sh", "-c", "grep -c two ~/shop.txt"]}
    commit = canary(pair, **asked, success="result == 1")
    pair.settled()
    assert pair.in_sync_at(commit)()
    assert contents(pair) == ["two\n", "two\n"]


@pytest.mark.parametrize(("mode", "after"), [("0644", "two\n"), ("0600", "one\n")])
def test_what_is_there_decides(pair: World, mode: str, after: str) -> None:
    asked = {"provider": {"state": {"resource": "file:*"}}, "query": f"seen.all(s, s.attributes.mode == '{mode}')"}
    canary(pair, **asked, success="result == true")
    pair.reconciler("run", "--once")
    assert contents(pair) == [after, after]


def test_figures_that_are_bad_while_it_bakes_take_it_back_at_once(pair: World, figures: str) -> None:
    steps = [{"setTargets": 1}, {"bake": "1h"}]
    pair.policy(strategy={"canary": {"steps": steps}}, background=["errors"], progressDeadline="2h")
    second(pair, provider={"prometheus": {"url": figures}}, success="result < 0.05", failureLimit=1)
    said = pair.reconciler("run", "--once")
    assert said.status != 0
    assert contents(pair) == ["one\n", "one\n"]
    assert "errors: 2 failed measurements, 1 allowed" in said.flat


def test_figures_that_say_neither_wait_for_a_person(pair: World, figures: str) -> None:
    asked = {"prometheus": {"url": figures}}
    commit = canary(pair, provider=asked, success="result < 0.1", failure="result > 0.5")
    with pair.daemon():
        pair.until(lambda: "reconciler promote shop@test" in waits(pair), "it waits for a person")
        assert "errors: 1 inconclusive measurement, 0 allowed; the latest answer was [0.3]" in waits(pair)
        assert sorted(contents(pair)) == ["one\n", "two\n"]
        said = pair.reconciler("promote", "shop@test", "--reason", "looked at it")
        assert said.status == 0, said.text
        pair.until(pair.in_sync_at(commit), "it goes on")
    assert contents(pair) == ["two\n", "two\n"]
