"""The command line against a daemon elsewhere: a real server over a Unix socket and over TCP."""

import asyncio
import os
import re
import tempfile
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from reconciler.api.app import app
from reconciler.api.listening import Tcp, Unix
from reconciler.api.server import served
from reconciler.cli.errors import Exit
from reconciler.cli.main import cli
from reconciler.daemon.exclusive import exclusive
from reconciler.model.event import Paused, Resumed
from reconciler.model.word import Word
from reconciler.providers.identities import KnownIdentities
from reconciler.providers.peers import Peers
from tests.api.world import SHOP, World, opened, prepared

Ask = Callable[..., Awaitable[Result]]
CONNECTIONS = 100


@pytest.fixture
def state() -> Iterator[Path]:
    """A folder with a short path: that of a socket has to be."""
    with tempfile.TemporaryDirectory(prefix="rcl-") as folder:
        yield Path(folder)


@pytest.fixture
async def world(state: Path) -> AsyncIterator[World]:
    await prepared(state)
    async with opened(state) as made:
        yield made


@pytest.fixture
def ask(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Ask:
    """Run a command beside the loop that answers it."""
    monkeypatch.setenv("SUDO_USER", "ann")
    monkeypatch.delenv("RECONCILER_TOKEN", raising=False)
    monkeypatch.setenv("RECONCILER_CONFIG", str(tmp_path / "none.toml"))
    return lambda *words: asyncio.to_thread(CliRunner().invoke, cli, list(words))


@asynccontextmanager
async def at_socket(world: World, path: Path) -> AsyncIterator[None]:
    """Serve at a Unix socket, where the kernel tells who comes."""

    async def said() -> tuple[Word, ...]:
        return (await world.store.standing()).words

    known = KnownIdentities(said, world.clock, Peers(os.geteuid()), None, None)
    async with served(app(replace(world.door(), identities=known)), Unix(path), CONNECTIONS):
        yield


@asynccontextmanager
async def at_port(world: World) -> AsyncIterator[str]:
    async with served(world.app(), Tcp("127.0.0.1", 0), CONNECTIONS) as address:
        yield address


async def newest(world: World) -> object:
    return (await world.store.history.since(0, 1000))[-1].event


READS = (
    ["status"],
    ["status", "--json"],
    ["explain", "shop@production"],
    ["history"],
    ["history", "shop@production", "--json"],
    ["history", "--rollout", "01jq8-shop"],
    ["logs", "shop@production", "--json"],
    ["query", "shop@production*"],
    ["query", "web-1"],
)


async def test_whatever_is_read_here_is_read_there(world: World, state: Path, ask: Ask, tmp_path: Path) -> None:
    path = state / "api.sock"
    settings = tmp_path / "reconciler.toml"
    settings.write_text(f'state_dir = "{path.parent}"\n[git]\nurl = "{tmp_path}"\n[api]\nsocket = false\n')
    with exclusive(state):
        async with at_socket(world, path):
            for words in READS:
                there = await ask("--server", f"unix://{path}", *words)
                here = await ask(words[0], "--config", str(settings), *words[1:])
                assert there.exit_code == here.exit_code, (words, there.output)
                assert ageless(there.output) == ageless(here.output), words


def ageless(text: str) -> str:
    """The text without how long ago things were: the two are asked one after the other."""
    return re.sub(r"just now|\d+ (s|min) ago", "then", text)


async def test_a_decision_goes_to_the_daemon_in_the_name_of_who_became_root(
    world: World, state: Path, ask: Ask
) -> None:
    path = state / "api.sock"
    async with at_socket(world, path):
        done = await ask("--server", f"unix://{path}", "pause", "shop@production", "--reason", "a fire")
        assert done.exit_code == Exit.DONE, done.output
        assert await newest(world) == Paused(unit=SHOP, author="ann", reason="a fire")
        again = await ask("--server", f"unix://{path}", "pause", "shop@production", "--reason", "x")
    assert again.exit_code == Exit.ERROR
    assert again.stderr == "error: shop@production is paused already, by ann: a fire\n"
    assert world.woken == 1


async def test_while_a_daemon_is_at_work_it_is_the_one_that_decides(
    world: World, state: Path, ask: Ask, tmp_path: Path
) -> None:
    settings = tmp_path / "reconciler.toml"
    settings.write_text(f'state_dir = "{state}"\n[git]\nurl = "{tmp_path}"\n')
    with exclusive(state):
        async with at_socket(world, state / "api.sock"):
            await ask("pause", "--config", str(settings), "shop@production", "--reason", "a fire")
            assert world.woken == 1
        # One that is not there any more: the journal has to do.
        done = await ask("resume", "--config", str(settings), "shop@production")
    assert done.exit_code == Exit.DONE, done.output
    assert await newest(world) == Resumed(unit=SHOP, author="ann", reason="")
    assert world.woken == 1
    assert (state / "wake").exists()


async def test_a_token_says_who_comes_and_roles_say_what_they_may(
    world: World, ask: Ask, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    async with at_port(world) as url:
        monkeypatch.setenv("RECONCILER_TOKEN", "viewer")
        seen = await ask("--server", url, "status")
        assert "shop@production" in seen.output
        assert "bank@production" not in seen.output
        told = await ask("--server", url, "pause", "shop@production", "--reason", "x")
        assert told.exit_code == Exit.ERROR
        assert "viewer may not pause shop@production" in told.stderr
        assert "there is no unit bank@production" in (await ask("--server", url, "explain", "bank@production")).stderr
        file = tmp_path / "token"
        file.write_text("operator\n")
        done = await ask("--server", url, "--token-file", str(file), "pause", "shop@production", "--reason", "x")
    assert done.exit_code == Exit.DONE, done.output
    assert await newest(world) == Paused(unit=SHOP, author="operator", reason="x")


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (["--server", "http://example.org", "status"], "--server wants https://HOST[:PORT] or unix:///PATH"),
        (["--server", "ftp://example.org", "status"], "--server wants https://HOST[:PORT] or unix:///PATH"),
        (["--server", "unix://host/path", "status"], "--server wants https://HOST[:PORT] or unix:///PATH"),
        (["--server", "https://ann:secret@example.org", "status"], "--server takes no password"),
        (["--server", "https://example.org", "status"], "there is no token in $RECONCILER_TOKEN"),
        (["--server", "https://example.org", "--token-file", "none", "status"], "cannot read the token in none"),
        (["--server", "unix:///nowhere/api.sock", "status"], "cannot ask the daemon at /nowhere/api.sock"),
    ],
)
async def test_a_server_that_is_named_wrongly_is_told_with_what_to_do(ask: Ask, words: list[str], told: str) -> None:
    done = await ask(*words)
    assert done.exit_code == Exit.ERROR
    assert told in done.stderr
    assert "secret" not in done.stderr


async def test_a_stranger_and_a_server_that_is_another_are_told_apart(
    world: World, ask: Ask, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("RECONCILER_TOKEN", "viewer")

    async def another(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(b"HTTP/1.1 404 Not Found\r\nContent-Length: 5\r\nConnection: close\r\n\r\nnope\n")
        writer.close()

    server = await asyncio.start_server(another, "127.0.0.1", 0)
    async with server:
        port = server.sockets[0].getsockname()[1]
        done = await ask("--server", f"http://127.0.0.1:{port}", "status")
    assert "HTTP 404, and no word of reconciler; is it its API?" in done.stderr
