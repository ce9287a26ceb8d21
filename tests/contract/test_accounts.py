"""Users and groups on a real Debian host: made, changed by hand, healed, taken away, and taken back."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from reconciler.ports.errors import Refused
from tests.contract.desk import FAILS, HASHES, Desk, opened
from tests.lab.hosts import LabHost

pytestmark = pytest.mark.lab

GROUP = {"group": {"name": "shop", "gid": 4200}}
# A password that is set again is of today; how old it was is not kept.
STATE = (
    r"""cat /etc/passwd /etc/group /etc/gshadow | sort; sed 's/^\([^:]*:[^:]*\):.*/\1/' /etc/shadow | sort; ls /home"""
)
TIDY = "userdel -r shop; userdel -r other; groupdel shop; groupdel web; rm -rf /home/shop"


@pytest.fixture
async def desk(lab_host: LabHost, tmp_path: Path) -> AsyncIterator[Desk]:
    async with opened(lab_host, tmp_path) as found:
        yield found
    lab_host.sh(f"( {TIDY} ) >/dev/null 2>&1; true")


def user(**more: object) -> dict[str, object]:
    return {"user": {"name": "shop", **more}}


def entry(host: LabHost, name: str = "shop") -> list[str]:
    return host.sh(f"getent passwd {name}").strip().split(":")[2:]


def password(host: LabHost) -> str:
    return host.sh("getent shadow shop").split(":")[1]


async def test_a_user_and_its_group_are_made_healed_and_taken_away(desk: Desk, lab_host: LabHost) -> None:
    before = lab_host.sh(STATE)
    full = user(uid=4300, group="shop", groups=["adm", "web"], home="/home/shop", shell="/bin/sh", comment="The, shop")
    mine = {"file": {"path": "/home/shop/.profile", "content": "x\n", "owner": "shop", "group": "shop"}}
    written = (mine, full, GROUP, {"group": {"name": "web"}})
    await desk.apply(*written)
    assert entry(lab_host) == ["4300", "4200", "The, shop", "/home/shop", "/bin/sh"]
    assert lab_host.sh("stat -c '%U:%G' /home/shop/.profile /home/shop").split() == ["shop:shop", "shop:shop"]
    assert await desk.differing(*written) == {}

    lab_host.sh("usermod -s /bin/bash -G '' -c x shop; groupmod -g 4250 shop; usermod -aG video shop")
    assert await desk.differing(*written) == {
        "user:shop": {"shell": "/bin/bash", "comment": "x", "groups": ["video"]},
        "group:shop": {"gid": 4250},
        # It has a number that is no group's any more.
        "file:/home/shop/.profile": {"group": "4200"},
    }
    await desk.apply(*written)
    assert await desk.differing(*written) == {}
    assert set(lab_host.sh("id -Gn shop").split()) == {"shop", "adm", "web", "video"}

    await desk.apply(user(groups=["adm"], groupsExactly=True, removeHome=True), GROUP)
    assert set(lab_host.sh("id -Gn shop").split()) == {"shop", "adm"}
    await desk.apply()
    assert lab_host.sh(STATE) == before


async def test_a_password_is_set_from_a_secret_and_never_shown(desk: Desk, lab_host: LabHost) -> None:
    written = user(password="shop/hash", createHome=False)
    await desk.apply(written)
    assert password(lab_host) == HASHES.value("shop/hash")
    assert await desk.differing(written) == {}

    lab_host.sh("usermod -L shop")
    assert await desk.differing(written) == {}, "who is locked out by hand stays so while nobody says otherwise"
    await desk.apply(user(password="shop/other", createHome=False))
    assert password(lab_host) == "!" + HASHES.value("shop/other")
    opened_again = user(password="shop/other", locked=False, createHome=False)
    assert await desk.differing(opened_again) == {"user:shop": {"locked": True}}
    await desk.apply(opened_again)
    assert password(lab_host) == HASHES.value("shop/other")
    await desk.apply(user(password="shop/hash", locked=True, createHome=False))
    assert password(lab_host) == "!" + HASHES.value("shop/hash")
    with pytest.raises(Refused, match="not a crypt hash; make one with: openssl passwd -6"):
        await desk.apply(user(password="shop/plain", createHome=False))
    assert lab_host.sh("grep -rl 'salt' /var/lib/reconciler-host/tx/*/in.* 2>/dev/null || true") == ""


async def test_a_transaction_that_fails_takes_accounts_back(desk: Desk, lab_host: LabHost) -> None:
    before = lab_host.sh(STATE)
    with pytest.raises(Refused, match="everything there is as it was"):
        await desk.apply(GROUP, user(group="shop", password="shop/hash"), FAILS)
    assert lab_host.sh(STATE) == before, "the home that was made is gone too"

    await desk.apply(GROUP, user(groups=["adm"], uid=4300, password="shop/hash", shell="/bin/sh"))
    lab_host.sh("gpasswd -a plain shop >/dev/null; echo mine >/home/shop/mine")
    before = lab_host.sh(STATE)
    with pytest.raises(Refused, match="everything there is as it was"):
        await desk.apply(
            user(uid=4301, password="shop/other", locked=True, shell="/bin/bash", comment="new"),
            {"group": {"name": "shop", "gid": 4299}},
            FAILS,
        )
    assert lab_host.sh(STATE) == before
    gone = (user(present=False), {"group": {"name": "shop", "present": False}})
    with pytest.raises(Refused, match="everything there is as it was"):
        await desk.apply(*gone, FAILS)
    assert sorted(lab_host.sh(STATE).split("\n")) == sorted(before.split("\n"))
    await desk.apply(*gone)
    assert await desk.differing(*gone) == {}
    assert lab_host.sh("cat /home/shop/mine") == "mine\n", "a home stays where nobody says that it goes"


async def test_an_account_that_somebody_made_meanwhile_is_left_alone(desk: Desk, lab_host: LabHost) -> None:
    lab_host.sh("useradd -M other")
    with pytest.raises(Refused, match="there is a user other already"):
        await desk.blind({"user": {"name": "other"}})
    assert entry(lab_host, "other")[3] == "/home/other"
