"""APIs for tests to do harm to: a Docker Engine of this process's own, and an HTTP API."""

from collections.abc import Iterator

import pytest

from tests.apis.http_server import Api, serving
from tests.conftest import unavailable
from tests.lab import machine, own_engine
from tests.lab.own_engine import OwnEngine


@pytest.fixture(scope="session")
def engine_of_this_process(tmp_path_factory: pytest.TempPathFactory) -> Iterator[OwnEngine]:
    reason = machine.obstacle()
    if reason is not None:
        unavailable(reason)
    # Not below pytest's own folder: a socket's path may have 107 characters only.
    folder = tmp_path_factory.mktemp("engine")
    with own_engine.running(folder) as engine:
        yield engine


@pytest.fixture
def engine(engine_of_this_process: OwnEngine) -> OwnEngine:
    """An engine that has nothing but the images ``app:1`` and ``app:2``, which serve a page on port 80."""
    engine_of_this_process.empty()
    for name, text in (("app:1", b"one"), ("app:2", b"two")):
        engine_of_this_process.image(name, {"/www/index.html": text}, ['CMD ["httpd","-f","-h","/www"]'])
    return engine_of_this_process


@pytest.fixture
def api() -> Iterator[Api]:
    """An HTTP API that holds records, and has none yet."""
    made = Api()
    with serving(made):
        yield made
