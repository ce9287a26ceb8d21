"""Shares of the requests as numbers of pods: two Deployments behind one Service. Pure.

Rule: Argo Rollouts' for a canary without a router.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from itertools import permutations
from typing import Any

from reconciler.model.cluster import ObjectName
from reconciler.model.traffic import WEIGHT_ANNOTATION, Member, ReplicasRouter, Route, Share
from reconciler.ports.cluster import ObjectJson

FULL = 100
_TOLD = re.compile(r"(\d{1,9}) \((\d{1,9}) pods\)")


class Nowhere(Exception):
    """Nobody would get any requests."""


@dataclass(frozen=True, slots=True)
class Aim:
    """A weight, and how many pods it comes to."""

    weight: int
    pods: int

    def __str__(self) -> str:
        return f"{self.weight} ({self.pods} pods)"


@dataclass(frozen=True, slots=True)
class Deployed:
    """What one Deployment says: pods it shall have, pods there are, those that are ready, and if these are enough.

    ``told`` is what it was given last, None where nobody gave it anything.
    """

    replicas: int
    there: int
    ready: int
    enough: bool
    told: Aim | None = None


@dataclass(frozen=True, slots=True)
class Scaled:
    """How many replicas a Deployment is to have now, and what it is on the way to."""

    server: str
    replicas: int
    aim: Aim


def counts(weights: tuple[int, int], total: int, extra: int) -> tuple[int, int]:
    """Return how many pods each of two gets so that the first comes nearest to its part of the weights.

    There are ``total`` together, or up to ``extra`` more where that is nearer. Neither gets none while it has a weight,
    unless there is but one pod. Of two that are as near, the one with fewer pods; then with more for the first.
    """
    first, second = weights
    if not second or not first:
        return (total, 0) if first else (0, total if second else 0)
    wanted = Fraction(first, first + second)
    pairs = [pair for of in range(total, total + extra + 1) for pair in _around(wanted, of)]
    both = [pair for pair in pairs if all(pair)]
    return min(both or pairs, key=lambda pair: (abs(Fraction(pair[0], sum(pair)) - wanted), sum(pair), -pair[0]))


def _around(wanted: Fraction, of: int) -> Iterator[tuple[int, int]]:
    low = int(wanted * of)
    yield from ((each, of - each) for each in (low, low + 1) if each <= of)


def deployed(found: ObjectJson) -> Deployed:
    """Read a Deployment."""
    metadata, spec, status = found["metadata"], found.get("spec") or {}, found.get("status") or {}
    told = _TOLD.fullmatch(str((metadata.get("annotations") or {}).get(WEIGHT_ANNOTATION, "")))
    seen = (status.get("observedGeneration") or 0) >= (metadata.get("generation") or 0)
    available = any(
        each.get("type") == "Available" and each.get("status") == "True" for each in status.get("conditions") or ()
    )
    replicas = int(spec.get("replicas", 1))
    # What was said before its last change may be about pods that are going.
    ready = min(replicas, int(status.get("readyReplicas") or 0)) if seen else 0
    return Deployed(
        replicas=replicas,
        there=int(status.get("replicas") or 0),
        ready=ready,
        enough=available and ready > 0,
        told=Aim(int(told[1]), int(told[2])) if told else None,
    )


def routes(router: ReplicasRouter, members: Sequence[Member], seen: Mapping[str, Deployed]) -> tuple[Route, ...]:
    """Return the weights that the Deployments stand for: those that they were given, while their pods are as many.

    Otherwise the weight is how many percent of all pods that there shall be a Deployment has; that may be more than
    100. One that is not there gets nothing.
    """
    given = _given(router, members, seen)
    return tuple(
        Route(
            server=each.server,
            weight=given.get(each.server, 0),
            serving=each.server in seen and seen[each.server].enough,
            in_flight=0 if each.server in seen and not seen[each.server].there else None,
            exact=each.server in seen,
        )
        for each in members
    )


def scaled(
    router: ReplicasRouter, members: Sequence[Member], shares: Sequence[Share], seen: Mapping[str, Deployed]
) -> Iterator[Scaled]:
    """Yield what each Deployment is to be given now, those that grow first; nothing for what is so already.

    One shrinks by as many pods as the other has ready, so that there are never fewer than ``total`` because of it.
    Raise Nowhere.
    """
    aims = _aims(router, members, shares, seen)
    for name, other in sorted(permutations(aims), key=lambda pair: aims[pair[0]].pods < seen[pair[0]].replicas):
        replicas = max(aims[name].pods, min(seen[name].replicas, router.total - seen[other].ready))
        if (replicas, aims[name]) != (seen[name].replicas, seen[name].told):
            yield Scaled(name, replicas, aims[name])


def fields(name: ObjectName, scale: Scaled, found: ObjectJson) -> dict[str, Any]:
    """Return the fields of a Deployment that are ours."""
    return {
        "apiVersion": name.api_version,
        "kind": name.kind,
        "metadata": {
            "name": name.name,
            "namespace": name.namespace,
            "uid": found["metadata"]["uid"],
            "annotations": {WEIGHT_ANNOTATION: str(scale.aim)},
        },
        "spec": {"replicas": scale.replicas},
    }


def _given(router: ReplicasRouter, members: Sequence[Member], seen: Mapping[str, Deployed]) -> Mapping[str, int]:
    told = _told(router, members, seen)
    if told and all(seen[name].replicas == aim.pods for name, aim in told.items()):
        return {name: aim.weight for name, aim in told.items()}
    return {name: _percent(each.replicas, router.total) for name, each in seen.items()}


def _aims(
    router: ReplicasRouter, members: Sequence[Member], shares: Sequence[Share], seen: Mapping[str, Deployed]
) -> Mapping[str, Aim]:
    told, before = _told(router, members, seen), _given(router, members, seen)
    asked = {name: aim.weight for name, aim in told.items()} or before
    after = {**asked, **{share.server: share.weight for share in shares}}
    if not any(after.values()):
        raise Nowhere(f"{' and '.join(sorted(after))} would have no pods at all")
    if told and after == asked:
        return told
    # Who gets more than before is the new one: a pod that could go to either goes to it.
    new, old = sorted((each.server for each in members), key=lambda name: (before[name] - after[name], name))
    pods = counts((after[new], after[old]), router.total, int(router.surge))
    return {name: Aim(after[name], its) for name, its in zip((new, old), pods, strict=True)}


def _told(router: ReplicasRouter, members: Sequence[Member], seen: Mapping[str, Deployed]) -> Mapping[str, Aim]:
    """What both were given last; nothing where that does not come to so many pods (any more)."""
    told = {each.server: aim for each in members if each.server in seen and (aim := seen[each.server].told)}
    if len(told) < len(members):
        return {}
    one, other = told.values()
    ways = ((one, other), (other, one))
    fitting = ((a.pods, b.pods) == counts((a.weight, b.weight), router.total, int(router.surge)) for a, b in ways)
    return told if any(fitting) else {}


def _percent(replicas: int, total: int) -> int:
    """Not rounded to what it is not: 1 of 1000 too many are more than all."""
    exact = Fraction(replicas * FULL, total)
    return int(exact) if exact <= FULL else -int(-exact // 1)
