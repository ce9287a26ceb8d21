"""What all tests share: the lab, and how its absence is told."""

import os
from collections.abc import Iterator

import hypothesis
import pytest
import structlog

from tests.lab import hosts, machine
from tests.lab import swarm as real_swarm
from tests.lab.hosts import Lab
from tests.lab.kubernetes import binaries
from tests.lab.kubernetes import cluster as kubernetes

pytest_plugins = ("tests.leaks",)

# A busy machine is no failure of a property; and in CI the same commit is asked the same questions each time.
hypothesis.settings.register_profile("here", deadline=None)
hypothesis.settings.register_profile("ci", deadline=None, derandomize=True, database=None)
hypothesis.settings.load_profile("ci" if os.environ.get("CI") == "true" else "here")


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--regolden", action="store_true", help="accept what was seen as the new golden transcripts")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if {"lab", "cluster", "swarm"} & set(getattr(item, "fixturenames", ())):
            item.add_marker("lab")


@pytest.fixture(autouse=True)
def logging_as_before() -> Iterator[None]:
    """What a command says about logs is for its process; here many run in one."""
    before = structlog.get_config()
    yield
    structlog.configure(**before)


@pytest.fixture(scope="session")
def lab_of_this_process() -> Iterator[Lab]:
    reason = machine.obstacle()
    if reason is not None:
        unavailable(reason)
    with hosts.opened() as lab:
        yield lab


@pytest.fixture
def lab(lab_of_this_process: Lab) -> Iterator[Lab]:
    """A lab without hosts; ``lab.host("web-1")`` makes a fresh one. They are taken away after the test."""
    yield lab_of_this_process
    lab_of_this_process.clear()


@pytest.fixture(scope="session")
def cluster_of_this_process(tmp_path_factory: pytest.TempPathFactory) -> Iterator[kubernetes.Cluster]:
    reason = binaries.obstacle()
    if reason is not None:
        unavailable(reason)
    with kubernetes.opened(tmp_path_factory.mktemp("kubernetes")) as cluster:
        yield cluster


@pytest.fixture
def cluster(cluster_of_this_process: kubernetes.Cluster) -> Iterator[kubernetes.Cluster]:
    """A Kubernetes cluster; ``cluster.namespace()`` is the test's own, and is taken away after it."""
    yield cluster_of_this_process
    cluster_of_this_process.clear()


@pytest.fixture(scope="module")
def swarm_of_this_module(tmp_path_factory: pytest.TempPathFactory) -> Iterator[real_swarm.RealSwarm]:
    # A machine has room for one Swarm: who waits for it in another process must not wait for all tests of this one.
    reason = machine.obstacle()
    if reason is not None:
        unavailable(reason)
    with real_swarm.running(tmp_path_factory.mktemp("swarm")) as there:
        for name, text in (("app:1", b"one"), ("app:2", b"two")):
            there.engine.image(name, {"/www/index.html": text}, ['CMD ["httpd","-f","-h","/www"]'])
        yield there


@pytest.fixture
def swarm(swarm_of_this_module: real_swarm.RealSwarm) -> real_swarm.RealSwarm:
    """A Swarm that has nothing but the images ``app:1`` and ``app:2``, which serve a page on port 80."""
    swarm_of_this_module.empty()
    return swarm_of_this_module


def unavailable(reason: str) -> None:
    """Skip for a real part that is missing here; in CI that is a failure."""
    if os.environ.get("CI") == "true":
        pytest.fail(f"CI must run this, but {reason}", pytrace=False)
    pytest.skip(reason)
