"""The door of a daemon: opened where the settings say, for whom they say, and closed when the daemon leaves."""

import asyncio
import os
import subprocess
import tempfile
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from datetime import timedelta
from pathlib import Path

import httpx
import pytest

from reconciler.daemon.door import keep_door
from reconciler.daemon.pulse import Pulse
from reconciler.daemon.settings import Settings
from reconciler.daemon.wiring import Acting, acting

PROXY_SECRET = "a secret that is long enough"


@pytest.fixture
def folder() -> Iterator[Path]:
    """A folder with a short path: that of a socket has to be."""
    with tempfile.TemporaryDirectory(prefix="rcl-") as made:
        yield Path(made)


def _settings(folder: Path, more: str = "") -> Settings:
    repository = folder / "repo"
    subprocess.run(["git", "init", "-q", "-b", "main", str(repository)], check=True)
    (folder / "secrets" / "api").mkdir(parents=True)
    (folder / "secrets" / "api" / "proxy").write_text(PROXY_SECRET)
    file = folder / "reconciler.toml"
    file.write_text(
        f'state_dir = "state"\n[git]\nurl = "{repository}"\n[secrets]\ndirectory = "{folder}/secrets"\n{more}'
    )
    return Settings.load(file)


@asynccontextmanager
async def _open(settings: Settings) -> AsyncIterator[tuple[Acting, Pulse]]:
    async with acting(settings) as parts:
        pulse = Pulse(parts.world.clock)
        keeping = asyncio.create_task(keep_door(settings, parts, pulse))
        yield parts, pulse
        keeping.cancel()
        await asyncio.gather(keeping, return_exceptions=True)


async def _answer(path: Path, request: str, headers: dict[str, str] | None = None) -> httpx.Response:
    """Ask over the socket as soon as somebody listens; the test's time limit is the limit."""
    async with httpx.AsyncClient(transport=httpx.AsyncHTTPTransport(uds=str(path))) as client:
        while True:
            try:
                return await client.get(f"http://reconciler{request}", headers=headers)
            except httpx.TransportError:
                await asyncio.sleep(0.01)


async def test_our_own_user_may_do_everything_over_the_socket_and_it_is_gone_afterwards(folder: Path) -> None:
    settings = _settings(folder)
    path = settings.state_dir / "api.sock"
    async with _open(settings):
        answer = await _answer(path, "/v1/tokens")
        assert (answer.status_code, answer.json()) == (200, {"tokens": []})
    assert not path.exists()


async def test_we_are_ready_as_long_as_the_loop_keeps_its_word(folder: Path) -> None:
    settings = _settings(folder)
    path = settings.state_dir / "api.sock"
    async with _open(settings) as (_, pulse):
        assert (await _answer(path, "/readyz")).json()["details"]["loop"] == "the loop is not at work"
        pulse.promise(timedelta(minutes=1))
        assert (await _answer(path, "/readyz")).status_code == 200
        pulse.promise(timedelta(seconds=-1))
        late = await _answer(path, "/readyz")
    assert late.status_code == 503
    assert late.json()["details"]["loop"].startswith("nothing was heard of the loop since ")


async def test_a_proxy_is_believed_with_its_secret_and_never_with_headers_that_came_twice(folder: Path) -> None:
    settings = _settings(folder, '[api.proxy]\nsecret = "api/proxy"\naddresses = ["unix"]\n')
    path = settings.state_dir / "api.sock"
    proved = [("X-Reconciler-Proxy-Secret", PROXY_SECRET)]
    async with _open(settings):
        known = await _raw(path, [*proved, ("X-Remote-User", "anna")])
        twice = await _raw(path, [*proved, ("X-Remote-User", "anna"), ("X-Remote-User", "root")])
        wrong = await _raw(path, [("X-Reconciler-Proxy-Secret", "guessed"), ("X-Remote-User", "anna")])
        passed_on = await _raw(path, [("X-Forwarded-For", "192.0.2.1"), ("X-Forwarded-For", "192.0.2.2")])
    # Anna is known, and has no role.
    assert (known.status_code, "anna" in known.text) == (403, True)
    assert [each.status_code for each in (twice, wrong, passed_on)] == [401, 401, 401]
    assert PROXY_SECRET not in known.text + twice.text + wrong.text


async def _raw(path: Path, headers: list[tuple[str, str]]) -> httpx.Response:
    await _answer(path, "/healthz")
    async with httpx.AsyncClient(transport=httpx.AsyncHTTPTransport(uds=str(path))) as client:
        return await client.get("http://reconciler/v1/tokens", headers=headers)


async def test_a_door_that_cannot_be_opened_keeps_nothing_else_from_its_work(folder: Path) -> None:
    settings = _settings(folder, '[api]\nsocket = "taken"\n[api.tcp]\nlisten = "127.0.0.1:0"\n')
    (folder / "taken").write_text("precious")
    async with _open(settings) as (parts, _):
        assert await parts.newest() == 0
    assert (folder / "taken").read_text() == "precious"
    assert os.listdir(settings.state_dir)  # noqa: PTH208 - that there is anything
