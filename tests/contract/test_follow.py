"""What every Shell does with a script that looks without end, and hosts that tell of changes by it."""

import asyncio
from contextlib import aclosing
from datetime import timedelta

import pytest

from reconciler.kinds.catalog import CATALOG, PRELUDE
from reconciler.ports.errors import Unreachable
from reconciler.ports.shell import Question, Script
from reconciler.providers import host_watch
from reconciler.providers.survey import Probes, compose, split
from tests.contract.conftest import World
from tests.kinds.cases import resource_of

SOON = timedelta(seconds=0.2)


@pytest.fixture
def world(any_world: World) -> World:
    return any_world


async def do(world: World, text: str) -> bytes:
    return (await world.shell.run(world.host(), Script(text=text))).output


async def test_lines_come_as_they_are_said(world: World) -> None:
    text = "echo one; until test -e go; do sleep 0.05; done; echo two; sleep 20"
    async with asyncio.timeout(20), aclosing(world.shell.follow(world.host(), text)) as lines:
        assert await anext(lines) == b"one\n"
        await do(world, "touch go")
        assert await anext(lines) == b"two\n"


async def test_the_end_of_the_script_is_an_error(world: World) -> None:
    async with asyncio.timeout(20), aclosing(world.shell.follow(world.host(), "echo one")) as lines:
        assert await anext(lines) == b"one\n"
        with pytest.raises(Unreachable, match="ended"):
            await anext(lines)


async def test_a_host_tells_when_what_is_seen_there_has_changed_and_only_then(world: World) -> None:
    text = host_watch.script("cat here there 2>/dev/null; echo end", SOON)
    async with asyncio.timeout(20), aclosing(world.shell.follow(world.host(), text)) as lines:
        digests = [host_watch.digest(await anext(lines))]
        for change in ("echo one >here", "touch -d '2020-01-01 00:00' here; echo two >there", "rm here there"):
            await do(world, change)
            digests.append(host_watch.digest(await anext(lines)))
    assert None not in digests
    assert digests[0] == digests[-1]
    assert len(set(digests)) == 3


async def test_a_watch_ends_on_the_host_when_nobody_listens(world: World) -> None:
    each = "tr '\\0' ' ' <$f 2>/dev/null | grep -q '^sleep 0.217' && n=$((n+1))"
    count = f"n=0; for f in /proc/[0-9]*/cmdline; do {each}; done; echo $n"
    text = host_watch.script("echo end", timedelta(seconds=0.217))
    async with asyncio.timeout(30):
        async with aclosing(world.shell.follow(world.host(), text)) as lines:
            await anext(lines)
        while await do(world, f"{count}; sleep 0.3") != b"0\n":
            pass
        assert await do(world, count) == b"0\n"


WRITTEN = [
    ("directory", {"path": "~/etc"}),
    ("file", {"path": "~/etc/one", "content": "one\n"}),
    ("file", {"path": "~/etc/two", "content": "two\n"}),
    ("file", {"path": "~/etc/it's odd\n", "content": "odd\n"}),
    ("symlink", {"path": "~/etc/link", "to": "one"}),
    ("symlink", {"path": "~/etc/odd link", "to": "a b\n"}),
    ("file", {"path": "~/etc/none", "content": ""}),
    ("file", {"path": "/proc/1/environ/x", "content": ""}),
]


async def test_many_paths_are_looked_at_together(world: World) -> None:
    link = "ln -s one etc/link; ln -s 'a b\n' 'etc/odd link'"
    await do(world, f"mkdir etc; cd etc; echo one >one; echo TWO >two; echo odd >'it'\\''s odd\n'; cd; {link}")
    resources = [resource_of(kind, written) for kind, written in WRITTEN]
    asked = compose(resources, Probes(CATALOG, PRELUDE))
    reply = await world.shell.ask(world.host(), Question(text=asked.text))
    assert reply.completed is not None
    answers = split(reply.completed.output, asked)
    seen = [
        CATALOG[resource.id.kind].parse(resource, answer.output.splitlines()) if answer.status == 0 else answer.output
        for resource, answer in zip(resources, answers, strict=True)
    ]
    told = [each if isinstance(each, str) else dict(getattr(each, "attributes", {"type": "absent"})) for each in seen]
    kinds = [each if isinstance(each, str) else each["type"] for each in told]
    assert kinds[:7] == ["directory", "file", "file", "file", "symlink", "symlink", "absent"]
    assert "Not a directory" in str(kinds[7]) or "Permission denied" in str(kinds[7])
    assert told[1]["content"] == resources[1].attributes["content"]
    assert told[2]["content_base64"] == "VFdPCg=="
    assert "content_base64" not in told[1]
    assert told[3]["content"] == resources[3].attributes["content"]
    assert (told[4]["to"], told[5]["to"]) == ("one", "a b\n")
