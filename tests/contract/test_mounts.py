"""Mounts and settings of the kernel on a real Debian host."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from reconciler.ports.errors import Refused
from tests.contract.desk import FAILS, Desk, opened
from tests.lab.hosts import LabHost

pytestmark = pytest.mark.lab

STATE = "cat /etc/fstab; awk '{ print $5, $6 }' /proc/self/mountinfo | grep ^/mnt; ls /etc/sysctl.d"
SETTING = "net.ipv4.ip_default_ttl"


@pytest.fixture
async def desk(lab_host: LabHost, tmp_path: Path) -> AsyncIterator[Desk]:
    lab_host.sh("touch /etc/fstab; mkdir -p /mnt")
    async with opened(lab_host, tmp_path) as found:
        yield found
    lab_host.sh("cd /; umount '/mnt/a b' /mnt/m 2>/dev/null; rm -rf /srv/demo '/mnt/a b' /mnt/m; : >/etc/fstab")


async def test_memory_and_a_folder_are_mounted_mended_and_unmounted(desk: Desk, lab_host: LabHost) -> None:
    before = lab_host.sh(STATE)
    memory = {"mount": {"path": "/mnt/m", "source": "tmpfs", "type": "tmpfs", "options": "size=1m,noexec"}}
    folder = {"mount": {"path": "/mnt/a b", "source": "/srv/demo", "type": "none", "options": "bind,ro"}}
    inside = {"file": {"path": "/mnt/m/f", "content": "x"}}
    written = (inside, memory, {"directory": {"path": "/srv/demo"}}, folder)
    await desk.apply(*written)
    assert await desk.differing(*written) == {}
    assert "noexec" in lab_host.sh("grep ' /mnt/m ' /proc/mounts")
    lab_host.sh("! touch '/mnt/a b/x' 2>/dev/null")

    lab_host.sh("umount '/mnt/a b'; mount -o remount,exec /mnt/m")
    assert await desk.differing(*written) == {
        "mount:/mnt/a b": {"mounted": False, "flags": None, "bind": None},
        "mount:/mnt/m": {"flags": []},
    }
    await desk.apply(*written)
    assert await desk.differing(*written) == {}
    await desk.apply()
    assert lab_host.sh(STATE) == before


async def test_a_mount_is_taken_back_when_the_change_fails(desk: Desk, lab_host: LabHost) -> None:
    before = lab_host.sh(STATE)
    memory = {"mount": {"path": "/mnt/m", "source": "tmpfs", "type": "tmpfs"}}
    with pytest.raises(Refused):
        await desk.apply(memory, {"file": {"path": "/mnt/m/f", "content": "x"}}, FAILS)
    assert lab_host.sh(STATE) == before


async def test_a_mount_that_is_in_use_is_told_and_stays(desk: Desk, lab_host: LabHost) -> None:
    memory = {"mount": {"path": "/mnt/m", "source": "tmpfs", "type": "tmpfs"}}
    await desk.apply(memory)
    lab_host.sh("cd /mnt/m && { sleep 30 >/dev/null 2>&1 & echo $! >/run/demo.pid; }")
    with pytest.raises(Refused, match=r"cannot unmount /mnt/m: .*busy"):
        await desk.apply()
    lab_host.sh("kill $(cat /run/demo.pid); grep -q ' /mnt/m ' /proc/mounts; grep -q ' /mnt/m ' /etc/fstab")
    await desk.apply()


async def test_a_setting_is_set_written_down_and_set_back(desk: Desk, lab_host: LabHost) -> None:
    lab_host.sh("mount -o remount,bind,rw /proc/sys")
    before = lab_host.sh(f"{STATE}; cat /proc/sys/net/ipv4/ip_default_ttl")
    written = {"sysctl": {"name": SETTING, "value": "65"}}
    with pytest.raises(Refused):
        await desk.apply(written, FAILS)
    assert lab_host.sh(f"{STATE}; cat /proc/sys/net/ipv4/ip_default_ttl") == before
    await desk.apply(written)
    lab_host.sh("[ $(cat /proc/sys/net/ipv4/ip_default_ttl) = 65 ] && echo 64 >/proc/sys/net/ipv4/ip_default_ttl")
    assert await desk.differing(written) == {f"sysctl:{SETTING}": {"value": "64"}}
    await desk.apply(written)
    assert await desk.differing(written) == {}
    await desk.apply()
    lab_host.sh(f"[ ! -e /etc/sysctl.d/90-reconciler-{SETTING}.conf ]; echo 64 >/proc/sys/net/ipv4/ip_default_ttl")


async def test_what_cannot_be_set_is_told(desk: Desk, lab_host: LabHost) -> None:
    with pytest.raises(Refused, match=r"cannot set kernel.no_such: this kernel has no such setting"):
        await desk.apply({"sysctl": {"name": "kernel.no_such", "value": "1"}})
    lab_host.sh("mount -o remount,bind,ro /proc/sys")
    with pytest.raises(Refused, match="cannot be set to 66; in a container it may be read-only"):
        await desk.apply({"sysctl": {"name": SETTING, "value": "66"}})
