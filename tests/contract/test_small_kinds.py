"""On a host with busybox and nothing else: what needs no tool of its own is made, found as it is, and taken away."""

from collections.abc import AsyncIterator, Mapping
from pathlib import Path
from typing import Any

import pytest

from tests.contract.conftest import Login
from tests.contract.desk import Desk, opened
from tests.lab.hosts import LabHost

pytestmark = pytest.mark.lab

KEY = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIJ8DZ4vVqN3Q0dUoXIhWq5oIz2yDXl5S1FQXyjC4vkzo"
WRITTEN: Mapping[str, Mapping[str, Any]] = {
    "line": {"path": "/etc/motd", "line": "hello", "match": "^h"},
    "block": {"path": "/etc/motd", "name": "x", "text": "a\nb\n"},
    "mount": {"path": "/mnt/m", "source": "tmpfs", "type": "tmpfs", "options": "size=1m,noexec"},
    "sysctl": {"name": "net.ipv4.ip_default_ttl", "value": "65"},
    "authorizedKey": {"user": "deploy", "key": KEY},
}


@pytest.fixture
async def desk(small_host: LabHost, tmp_path: Path) -> AsyncIterator[Desk]:
    small_host.sh("mkdir -p /mnt /srv /mnt/demo; touch /etc/fstab /etc/motd; mount -o remount,bind,rw /proc/sys")
    async with opened(small_host, tmp_path, Login("root")) as found:
        yield found


@pytest.mark.parametrize("kind", WRITTEN)
async def test_it_is_made_and_taken_away(desk: Desk, kind: str) -> None:
    written = {kind: WRITTEN[kind]}
    await desk.apply(written)
    assert await desk.differing(written) == {}
    await desk.apply()
    assert len(await desk.differing(written)) == 1


async def test_a_bind_mount_is_read_only_at_once(desk: Desk) -> None:
    written = {"mount": {"path": "/mnt/b", "source": "/mnt/demo", "type": "none", "options": "bind,ro"}}
    await desk.apply(written)
    assert await desk.differing(written) == {}
    await desk.apply()


async def test_a_command_runs_as_another_account(desk: Desk, small_host: LabHost) -> None:
    made = {"name": "d", "script": "echo $(id -un) $HOME $A >/tmp/made", "creates": "/tmp/made", "user": "deploy"}
    written = {"command": {**made, "environment": {"A": "b c"}, "unless": ["test", "-s", "/tmp/made"]}}
    await desk.apply(written)
    assert await desk.differing(written) == {}
    assert small_host.sh("cat /tmp/made") == "deploy /home/deploy b c\n"
