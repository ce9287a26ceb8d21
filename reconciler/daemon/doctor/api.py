"""One target that is asked through an API: what it needs, and what its answers mean. Pure."""

from collections import Counter
from collections.abc import Iterator, Sequence
from typing import assert_never

from reconciler.daemon.doctor.finding import Finding, bad, good, hint
from reconciler.model.resource import Resource, Survey, Unknown
from reconciler.model.target import (
    Basic,
    Bearer,
    ClientCredentials,
    ClusterToken,
    DockerEngine,
    Host,
    HttpApi,
    InCluster,
    Kubeconfig,
    KubernetesCluster,
    NoAuth,
    Swarm,
    Target,
    TlsSocket,
)
from reconciler.model.unit import Desired
from reconciler.ports.errors import Denied, WorldError


def of_target(target: Target, desired: Desired) -> tuple[Resource, ...]:
    """Return all that the desired state puts on the target."""
    units = (unit for unit in desired.units.values() if target.name in unit.targets)
    return tuple(one for unit in units for one in unit.resources if one.id.target == target.name)


def secrets_of(target: Target) -> Iterator[str]:
    """Yield the references of the secrets that we need to reach the target."""
    match target:
        case Host():
            yield from filter(None, [target.become_password])
        case DockerEngine() | Swarm():
            yield from [target.endpoint.key] if isinstance(target.endpoint, TlsSocket) else []
        case KubernetesCluster(access=Kubeconfig(reference=reference) | ClusterToken(token=reference)):
            yield reference
        case KubernetesCluster():
            assert isinstance(target.access, InCluster)
        case HttpApi():
            yield from filter(None, [target.tls.key])
            yield from _login(target)
        case _:
            assert_never(target)


def _login(api: HttpApi) -> Iterator[str]:
    match api.auth:
        case Bearer(token=reference) | Basic(password=reference) | ClientCredentials(secret=reference):
            yield reference
        case NoAuth():
            return
        case _:
            assert_never(api.auth)


def unreached(target: Target, error: WorldError) -> tuple[Finding, ...]:
    """Return what it means that the target could not be asked at all. The error says what to do already."""
    return (bad(target.name, "rights" if isinstance(error, Denied) else "network", str(error)),)


def findings(target: Target, asked: Sequence[Resource], survey: Survey) -> tuple[Finding, ...]:
    """Return what a look at the resources means: each reason why some cannot be seen, with how many they are."""
    if not asked:
        mend = "select it in the targets of an App, or take it out of Git"
        return (hint(target.name, "resources", "no App has anything there, so it was not asked", mend),)
    seen = [survey.of(each.id) for each in asked]
    reasons = Counter(each.reason for each in seen if isinstance(each, Unknown))
    if not reasons:
        return (good(target.name, "resources", f"it answers, and all {len(asked)} can be looked at"),)
    return tuple(
        bad(target.name, "resources", f"{number} of {len(asked)} cannot be looked at: {reason}")
        for reason, number in sorted(reasons.items())
    )
