"""What the doctor says of targets that are asked through an API."""

import pytest

from reconciler.daemon.doctor.api import findings, of_target, secrets_of, unreached
from reconciler.daemon.doctor.finding import Level
from reconciler.model.identity import ResourceId
from reconciler.model.resource import Absent, Observation, Resource, Survey, Unknown
from reconciler.model.target import (
    ApiTls,
    Basic,
    Bearer,
    ClientCredentials,
    ClusterToken,
    DockerEngine,
    HostSocket,
    HttpApi,
    InCluster,
    Kubeconfig,
    KubernetesCluster,
    NoAuth,
    Swarm,
    Target,
    TlsSocket,
    UnixSocket,
)
from reconciler.ports.errors import Denied, Unreachable, WorldError
from tests.factory import SHOP, desired, host, unit

API = HttpApi(name="dns", environment="production", url="https://dns", labels={})


def record(name: str, target: str = "dns") -> Resource:
    return Resource(id=ResourceId(SHOP, target, "record", name), attributes={})


def engine(endpoint: UnixSocket | TlsSocket | HostSocket) -> DockerEngine:
    return DockerEngine(name="e", environment="production", address="a", endpoint=endpoint, labels={})


def cluster(access: Kubeconfig | ClusterToken | InCluster) -> KubernetesCluster:
    return KubernetesCluster(name="k", environment="production", access=access, labels={})


def api(auth: NoAuth | Bearer | Basic | ClientCredentials, tls: ApiTls) -> HttpApi:
    return HttpApi(name="a", environment="production", url="https://a", auth=auth, tls=tls, labels={})


TLS = TlsSocket(host="e", ca="", certificate="", key="its/key")
NO_TLS = ApiTls()


@pytest.mark.parametrize(
    ("target", "named"),
    [
        (host("web-1"), []),
        (engine(UnixSocket()), []),
        (engine(HostSocket(host=host("web-1"))), []),
        (engine(TLS), ["its/key"]),
        (Swarm(name="s", environment="production", address="a", endpoint=TLS, labels={}), ["its/key"]),
        (cluster(InCluster()), []),
        (cluster(Kubeconfig(reference="its/config")), ["its/config"]),
        (cluster(ClusterToken(server="", ca="", token="its/token")), ["its/token"]),
        (api(NoAuth(), NO_TLS), []),
        (api(Bearer(token="its/token"), ApiTls(certificate="", key="its/key")), ["its/key", "its/token"]),
        (api(Basic(user="u", password="its/password"), NO_TLS), ["its/password"]),
        (api(ClientCredentials(token_url="", client="c", secret="its/secret"), NO_TLS), ["its/secret"]),
    ],
)
def test_the_secrets_that_it_takes_to_reach_a_target_are_known(target: Target, named: list[str]) -> None:
    assert list(secrets_of(target)) == named


@pytest.mark.parametrize(
    ("seen", "said"),
    [
        ([Absent(), Absent()], [(Level.GOOD, "it answers, and all 2 can be looked at")]),
        ([], [(Level.HINT, "no App has anything there, so it was not asked")]),
        (
            [Absent(), Unknown("HTTP 403"), Unknown("HTTP 500"), Unknown("HTTP 403")],
            [
                (Level.BAD, "2 of 4 cannot be looked at: HTTP 403"),
                (Level.BAD, "1 of 4 cannot be looked at: HTTP 500"),
            ],
        ),
    ],
)
def test_each_reason_why_something_cannot_be_looked_at_is_a_finding(
    seen: list[Observation], said: list[tuple[Level, str]]
) -> None:
    asked = [record(str(index)) for index in range(len(seen))]
    survey = Survey({one.id: each for one, each in zip(asked, seen, strict=True)})

    assert [(each.level, each.said) for each in findings(API, asked, survey)] == said


@pytest.mark.parametrize(
    ("error", "subject"),
    [(Denied("the token of dns is refused"), "rights"), (Unreachable("dns does not answer"), "network")],
)
def test_a_target_that_cannot_be_asked_is_told_with_what_to_do(error: WorldError, subject: str) -> None:
    (found,) = unreached(API, error)

    assert (found.about, found.subject, found.level, found.said) == ("dns", subject, Level.BAD, str(error))


def test_a_target_is_asked_for_all_that_the_desired_state_puts_there_and_nothing_else() -> None:
    here, there = record("a"), record("a", "other")
    wanted = desired(unit(here, there))

    assert of_target(API, wanted) == (here,)
