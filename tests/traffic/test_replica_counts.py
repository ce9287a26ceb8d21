"""Weights as numbers of pods, and the way from one number to another."""

from collections.abc import Mapping
from dataclasses import replace
from fractions import Fraction
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from reconciler.model.traffic import Member, ReplicasRouter, Route, Share
from reconciler.traffic import replica_counts as pods
from reconciler.traffic.replica_counts import Aim, Deployed, Scaled

CASES = yaml.safe_load((Path(__file__).parent / "replica_counts.yaml").read_text())
MEMBERS = (Member("prod", "shop-blue", "blue"), Member("prod", "shop-green", "green"))
ROUTER = ReplicasRouter(hosts=("prod",), namespace="shop", total=4, surge=False, members=MEMBERS)


@pytest.mark.parametrize("case", CASES, ids=str)
def test_weights_become_pods(case: Mapping[str, Any]) -> None:
    assert pods.counts(tuple(case["weights"]), case["total"], case["surge"]) == tuple(case["pods"])


@given(weight=st.integers(1, 99), total=st.integers(1, 60), extra=st.integers(0, 1))
def test_no_other_number_of_pods_is_nearer_and_both_have_one(weight: int, total: int, extra: int) -> None:
    found = pods.counts((weight, 100 - weight), total, extra)
    assert sum(found) in (total, total + extra)
    if total + extra > 1:
        assert all(found)
        others = [(new, of - new) for of in (total, total + extra) for new in range(1, of)]
        assert _off(found, weight) == min(_off(each, weight) for each in others)


def _off(found: tuple[int, int], weight: int) -> Fraction:
    return abs(Fraction(found[0], sum(found)) - Fraction(weight, 100))


def running(replicas: int, told: Aim | None = None) -> Deployed:
    return Deployed(replicas=replicas, there=replicas, ready=replicas, enough=replicas > 0, told=told)


def world(blue: Deployed, green: Deployed) -> dict[str, Deployed]:
    return {"shop-blue": blue, "shop-green": green}


def weights(seen: Mapping[str, Deployed], router: ReplicasRouter = ROUTER) -> tuple[int, ...]:
    return tuple(route.weight for route in pods.routes(router, MEMBERS, seen))


def told(seen: Mapping[str, Deployed], blue: int, green: int, router: ReplicasRouter = ROUTER) -> list[Scaled]:
    return list(pods.scaled(router, MEMBERS, [Share("shop-blue", blue), Share("shop-green", green)], seen))


def after(seen: Mapping[str, Deployed], scales: list[Scaled]) -> dict[str, Deployed]:
    """What is there once all pods are ready."""
    return {**seen, **{each.server: running(each.replicas, each.aim) for each in scales}}


def test_before_anybody_says_anything_the_weight_is_the_part_of_all_pods() -> None:
    assert weights(world(running(4), running(0))) == (100, 0)
    assert weights(world(running(3), running(1))) == (75, 25)
    assert weights({"shop-blue": running(4)}) == (100, 0)
    assert weights({}) == (0, 0)


def test_what_was_told_is_said_again_though_the_pods_only_come_near_to_it() -> None:
    seen = world(running(3, Aim(90, 3)), running(1, Aim(10, 1)))
    assert weights(seen) == (90, 10)


@pytest.mark.parametrize(
    ("blue", "green", "said"),
    [
        ((4, Aim(100, 4)), (2, Aim(0, 0)), (100, 50)),
        ((2, Aim(100, 4)), (0, Aim(0, 0)), (50, 0)),
        ((8, Aim(100, 4)), (0, Aim(0, 0)), (200, 0)),
        ((3, Aim(100, 3)), (0, Aim(0, 0)), (75, 0)),
    ],
    ids=["the idle one has pods", "too few", "too many", "told when there were to be fewer"],
)
def test_other_numbers_of_pods_are_seen(blue: tuple[int, Aim], green: tuple[int, Aim], said: tuple[int, int]) -> None:
    seen = world(running(*blue), running(*green))
    assert weights(seen) == said
    healed = after(seen, told(seen, 100, 0))
    assert weights(after(healed, told(healed, 100, 0))) == (100, 0)


def test_one_pod_too_many_of_a_thousand_is_not_rounded_away() -> None:
    router = replace(ROUTER, total=1000)
    assert weights(world(running(1001), running(0)), router) == (101, 0)
    assert weights(world(running(999), running(0)), router) == (99, 0)


def test_the_new_one_grows_before_the_old_one_shrinks() -> None:
    seen = world(running(4, Aim(100, 4)), running(0, Aim(0, 0)))
    first = told(seen, 0, 100)
    assert first == [Scaled("shop-green", 4, Aim(100, 4)), Scaled("shop-blue", 4, Aim(0, 0))]
    starting = Deployed(replicas=4, there=4, ready=1, enough=False, told=Aim(100, 4))
    seen = world(running(4, Aim(0, 0)), starting)
    assert weights(seen) == (100, 100)
    assert told(seen, 0, 100) == [Scaled("shop-blue", 3, Aim(0, 0))]
    seen = world(running(3, Aim(0, 0)), running(4, Aim(100, 4)))
    assert told(seen, 0, 100) == [Scaled("shop-blue", 0, Aim(0, 0))]
    seen = world(running(0, Aim(0, 0)), running(4, Aim(100, 4)))
    assert told(seen, 0, 100) == []
    assert weights(seen) == (0, 100)


@given(
    start=st.tuples(st.integers(0, 9), st.integers(0, 9)),
    ready=st.lists(st.tuples(st.integers(0, 9), st.integers(0, 9)), max_size=6),
    weight=st.integers(0, 100),
    total=st.integers(1, 6),
    surge=st.booleans(),
)
def test_whatever_gets_ready_when_there_are_never_fewer_pods_asked_for_than_in_all(
    start: tuple[int, int], ready: list[tuple[int, int]], weight: int, total: int, surge: bool
) -> None:
    router = replace(ROUTER, total=total, surge=surge)
    seen = world(running(start[0]), running(start[1]))
    for each in [*ready, (9, 9), (9, 9), (9, 9)]:
        before = sum(one.ready for one in seen.values())
        for scale in told(seen, 100 - weight, weight, router):
            seen[scale.server] = replace(seen[scale.server], replicas=scale.replicas, told=scale.aim)
        seen = {
            name: replace(one, ready=min(one.replicas, max(one.ready, its)), there=one.replicas)
            for (name, one), its in zip(seen.items(), each, strict=True)
        }
        assert sum(one.ready for one in seen.values()) >= min(before, total)
    assert weights(seen, router) == (100 - weight, weight)
    assert told(seen, 100 - weight, weight, router) == []


def test_a_pod_that_could_go_to_either_goes_to_the_one_that_gets_more_than_before() -> None:
    router = replace(ROUTER, total=3)
    for new in (0, 1):
        one = [running(3, Aim(100, 3)), running(3, Aim(100, 3))]
        one[new] = running(0, Aim(0, 0))
        seen = world(*one)
        for _ in range(3):
            seen = after(seen, told(seen, 50, 50, router))
        assert [each.replicas for each in seen.values()][new] == 2


def test_who_is_not_named_keeps_its_weight() -> None:
    seen = world(running(3, Aim(90, 3)), running(1, Aim(10, 1)))
    found = list(pods.scaled(ROUTER, MEMBERS, [Share("shop-green", 90)], seen))
    assert found == [Scaled("shop-green", 2, Aim(90, 2)), Scaled("shop-blue", 3, Aim(90, 2))]


def test_somebody_has_to_have_pods() -> None:
    with pytest.raises(pods.Nowhere, match="shop-blue and shop-green would have no pods at all"):
        told(world(running(4), running(0)), 0, 0)


def deployment(**status: object) -> dict[str, Any]:
    return {
        "metadata": {"name": "shop-blue", "uid": "1", "generation": 2},
        "spec": {"replicas": 4},
        "status": {"observedGeneration": 2, "replicas": 4, "readyReplicas": 3, **status},
    }


AVAILABLE = [{"type": "Progressing", "status": "True"}, {"type": "Available", "status": "True"}]


def test_enough_pods_are_ready_when_the_deployment_says_so_of_what_was_asked_last() -> None:
    assert pods.deployed(deployment(conditions=AVAILABLE)) == Deployed(4, 4, 3, enough=True)
    assert not pods.deployed(deployment()).enough
    assert pods.deployed(deployment(conditions=AVAILABLE, observedGeneration=1)) == Deployed(4, 4, 0, enough=False)
    assert not pods.deployed(deployment(conditions=AVAILABLE, readyReplicas=0)).enough
    fresh = {"metadata": {"name": "shop-blue", "uid": "1", "generation": 1}, "spec": {}}
    assert pods.deployed(fresh) == Deployed(replicas=1, there=0, ready=0, enough=False)


def test_what_was_told_is_kept_at_the_deployment() -> None:
    scale = Scaled("shop-blue", 3, Aim(75, 3))
    name = pods.ObjectName("apps/v1", "Deployment", "shop", "shop-blue")
    given = pods.fields(name, scale, deployment())
    assert pods.deployed({**deployment(), **given}).told == Aim(75, 3)
    assert given["spec"] == {"replicas": 3}


def test_a_deployment_without_pods_has_no_requests_under_way() -> None:
    seen = world(running(4), running(0))
    assert pods.routes(ROUTER, MEMBERS, seen) == (
        Route("shop-blue", 100, serving=True, exact=True),
        Route("shop-green", 0, serving=False, in_flight=0, exact=True),
    )
