"""Lines, blocks and keys on a real Debian host: put, changed by hand, put right, taken away, and taken back."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from reconciler.ports.errors import Refused
from tests.contract.desk import FAILS, Desk, opened
from tests.lab.hosts import LabHost

pytestmark = pytest.mark.lab

KEY = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIJ8DZ4vVqN3Q0dUoXIhWq5oIz2yDXl5S1FQXyjC4vkzo"
LINE = {
    "line": {"path": "/etc/ssh/sshd_config", "line": "PermitRootLogin no", "match": "^#?PermitRootLogin[[:space:]]"}
}
BLOCK = {"block": {"path": "/etc/profile", "name": "shop", "text": "shop 4242/tcp\nshop 4242/udp\n"}}
TIDY = "userdel -r shop; rm -f /etc/demo.conf /etc/ssh/sshd_config.d/demo.conf; systemctl restart ssh"
STATE = "cat /etc/ssh/sshd_config /etc/profile; stat -c '%n %a %U:%G' /etc/ssh/sshd_config /etc/profile"


@pytest.fixture
async def desk(lab_host: LabHost, tmp_path: Path) -> AsyncIterator[Desk]:
    async with opened(lab_host, tmp_path) as found:
        yield found
    lab_host.sh(f"( {TIDY} ) >/dev/null 2>&1; true")


async def test_lines_and_blocks_are_put_right_and_taken_away(desk: Desk, lab_host: LabHost) -> None:
    before = lab_host.sh(STATE)
    mine = {"line": {"path": "/etc/demo.conf", "line": "level = 1", "match": "^level", "mode": "0640", "group": "adm"}}
    written = (BLOCK, mine, {"line": {"path": "/etc/demo.conf", "line": "other"}})
    await desk.apply(*written)
    assert await desk.differing(*written) == {}
    assert lab_host.sh("stat -c '%a %U:%G' /etc/demo.conf; cat /etc/demo.conf") == ("640 root:adm\nlevel = 1\nother\n")
    lab_host.sh("sed -i 's/^level.*/level = 7/; /other/d' /etc/demo.conf; sed -i 's/4242.udp/4243\\/udp/' /etc/profile")
    seen = await desk.differing(*written)
    assert seen["block:/etc/profile#shop"] == {"text": "shop 4242/tcp\nshop 4243/udp\n"}
    assert seen["line:/etc/demo.conf#other"] == {"line": None}
    assert "not shown" in str(seen["line:/etc/demo.conf#^level"]["line"])
    await desk.apply(*written)
    assert await desk.differing(*written) == {}
    lab_host.sh("echo by hand >>/etc/demo.conf")
    await desk.apply()
    assert lab_host.sh(STATE) == before
    assert lab_host.sh("cat /etc/demo.conf") == "by hand\n"


async def test_a_line_that_takes_the_place_of_another_comes_back_when_the_change_fails(
    desk: Desk, lab_host: LabHost
) -> None:
    before = lab_host.sh(STATE)
    with pytest.raises(Refused):
        await desk.apply(LINE, BLOCK, FAILS)
    assert lab_host.sh(STATE) == before


async def test_a_key_lets_a_user_in_who_is_made_in_the_same_change(desk: Desk, lab_host: LabHost) -> None:
    user = {"user": {"name": "shop", "home": "/srv/shop", "shell": "/bin/sh"}}
    public = " ".join(lab_host.client_key.with_suffix(".pub").read_text().split()[:2])
    written = ({"authorizedKey": {"user": "shop", "key": f"{public} lab"}}, user)
    await desk.apply(*written)
    assert await desk.differing(*written) == {}
    lab_host.sh("echo AllowUsers shop >/etc/ssh/sshd_config.d/demo.conf; systemctl restart ssh")
    assert lab_host.ssh("shop", "id -un").stdout == "shop\n"
    assert lab_host.sh("cd /srv/shop && stat -c '%n %a %U' .ssh .ssh/authorized_keys") == (
        ".ssh 700 shop\n.ssh/authorized_keys 600 shop\n"
    )
    lab_host.sh(
        f"sed -i 's/^/no-pty /' /srv/shop/.ssh/authorized_keys; echo '{KEY} other' >>/srv/shop/.ssh/authorized_keys"
    )
    assert list(await desk.differing(*written)) != []
    await desk.apply(*written)
    await desk.apply(user)
    assert lab_host.sh("cat /srv/shop/.ssh/authorized_keys") == f"{KEY} other\n"
