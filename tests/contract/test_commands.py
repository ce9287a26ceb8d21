"""Commands on a real Debian host: they run when they have to, and then not again."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from reconciler.ports.errors import Refused
from tests.contract.desk import FAILS, Desk, opened
from tests.lab.hosts import LabHost

pytestmark = pytest.mark.lab


@pytest.fixture
async def desk(lab_host: LabHost, tmp_path: Path) -> AsyncIterator[Desk]:
    async with opened(lab_host, tmp_path) as found:
        yield found
    lab_host.sh("rm -rf /srv/demo /etc/demo*")


async def test_a_command_runs_until_it_has_made_what_it_shall(desk: Desk, lab_host: LabHost) -> None:
    lab_host.sh("mkdir -m 0777 /srv/demo")
    script = "echo $A $(id -un) $PWD >>runs; : >made"
    make = {"name": "make", "script": script, "creates": "/srv/demo/made", "user": "plain", "directory": "/srv/demo"}
    written = ({"command": {**make, "environment": {"A": "a b"}}},)
    await desk.apply(*written)
    assert await desk.differing(*written) == {}
    assert lab_host.sh("cat /srv/demo/runs") == "a b plain /srv/demo\n"
    lab_host.sh("rm /srv/demo/made")
    assert list(await desk.differing(*written)) == ["command:make"]
    await desk.apply(*written)
    assert lab_host.sh("wc -l </srv/demo/runs") == "2\n"


async def test_a_command_is_asked_again_after_it_ran(desk: Desk, lab_host: LabHost) -> None:
    nothing = {"command": {"name": "idle", "run": ["true"], "creates": "/srv/demo"}}
    with pytest.raises(Refused, match="cannot run idle: it ran, but /srv/demo is still not there"):
        await desk.apply(nothing)
    never = {
        "command": {
            "name": "idle",
            "run": ["touch", "/srv/demo"],
            "unless": ["false"],
            "undo": ["rm", "-f", "/srv/demo"],
        }
    }
    with pytest.raises(Refused, match="it ran, but false still ends with status 1"):
        await desk.apply(never)
    assert lab_host.sh("ls /srv") == ""


async def test_a_command_runs_when_what_it_reads_changes(desk: Desk, lab_host: LabHost) -> None:
    def written(text: str) -> tuple[dict[str, object], ...]:
        run = {"name": "load", "script": "cat /etc/demo.conf >>/etc/demo.runs", "onChange": ["file:/etc/demo.conf"]}
        return {"file": {"path": "/etc/demo.conf", "content": text}}, {"command": run}

    await desk.apply(*written("1\n"))
    assert await desk.differing(*written("1\n")) == {}
    await desk.apply(*written("2\n"))
    assert lab_host.sh("cat /etc/demo.runs") == "1\n2\n"
    with pytest.raises(Refused):
        await desk.apply(*written("3\n"), FAILS)
    lab_host.sh("echo 4 >/etc/demo.conf")
    assert "command:load" in await desk.differing(*written("2\n"))
    await desk.apply(*written("2\n"))
    assert await desk.differing(*written("2\n")) == {}
    assert lab_host.sh("tail -n 1 /etc/demo.runs") == "2\n"
