"""Packages on a real Debian host: apt changes them in one run, and a transaction that fails takes them back."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from reconciler.ports.errors import Refused
from reconciler.ports.kind import Conflict
from tests.contract import toy_packages
from tests.contract.desk import FAILS, Desk, opened
from tests.lab.hosts import LabHost

pytestmark = pytest.mark.lab

LIST = "dpkg-query -W -f '${Package} ${Version} ${db:Status-Abbrev}\\n'"


@pytest.fixture
async def desk(lab_host: LabHost, tmp_path: Path) -> AsyncIterator[Desk]:
    toy_packages.made(lab_host)
    async with opened(lab_host, tmp_path) as found:
        yield found
    lab_host.sh(f"( {toy_packages.PURGE} ) >/dev/null 2>&1; true")


def there(host: LabHost) -> dict[str, str]:
    """The toys that are installed, with their versions."""
    said = host.sh(f"{LIST} 'toy*' 2>/dev/null || true")
    words = [line.split() for line in said.splitlines()]
    return {name: version for name, version, *state in words if state and state[0] in ("ii", "hi")}


def package(name: str, **more: object) -> dict[str, object]:
    return {"package": {"name": name, **more}}


async def test_packages_come_in_one_run_stay_and_go(desk: Desk, lab_host: LabHost) -> None:
    wanted = (package("toy", version="1.0", held=True), {"group": {"name": "toymakers"}}, package("toy-fan"))
    before = lab_host.sh("apt-mark showmanual")
    assert await desk.apply(*wanted) == ("change_packages", "run_command", "run_command")
    assert there(lab_host) == {"toy": "1.0", "toy-base": "1.0", "toy-fan": "1.0"}, "what is only recommended stays away"
    assert await desk.differing(*wanted) == {}

    lab_host.sh("apt-mark unhold toy")
    assert await desk.differing(*wanted) == {"package:toy": {"held": False}}
    lab_host.sh("apt-get install -y -q toy=2.0 >/dev/null")
    assert await desk.differing(*wanted) == {"package:toy": {"held": False, "version": "2.0"}}
    await desk.apply(*wanted)
    assert (there(lab_host)["toy"], lab_host.sh("apt-mark showhold").strip()) == ("1.0", "toy")

    at_least = (package("toy", atLeast="1.5", held=True), {"group": {"name": "toymakers"}}, package("toy-fan"))
    assert await desk.differing(*at_least) == {"package:toy": {"at_least": "1.0"}}
    await desk.apply(*at_least)
    assert (there(lab_host)["toy"], lab_host.sh("apt-mark showhold").strip()) == ("2.0", "toy")

    await desk.apply({"group": {"name": "toymakers"}})
    assert there(lab_host) == {"toy-base": "1.0"}
    assert lab_host.sh("test -e /etc/toy.conf && echo kept").strip() == "kept"
    await desk.apply()
    lab_host.sh("dpkg --purge toy-base")
    assert lab_host.sh("apt-mark showmanual") == before


async def test_a_transaction_that_fails_takes_packages_back(desk: Desk, lab_host: LabHost) -> None:
    await desk.apply(package("toy", version="1.0"))
    lab_host.sh("apt-mark auto toy-base; echo changed >>/etc/toy.conf")
    state = f"{LIST}; apt-mark showauto; apt-mark showhold; cat /etc/toy.conf"
    before = lab_host.sh(state)
    with pytest.raises(Refused, match="everything there is as it was"):
        await desk.apply(package("toy", version="2.0", held=True), package("toy-fan", recommends=True), FAILS)
    assert lab_host.sh(state) == before

    with pytest.raises(Refused, match="everything there is as it was"):
        await desk.apply(package("toy-base", state="absent"), package("toy", state="absent"), FAILS)
    assert lab_host.sh(state) == before


async def test_what_apt_cannot_do_is_said_and_nothing_is_changed(desk: Desk, lab_host: LabHost) -> None:
    base = (package("toy", version="1.0"), package("toy-user"))
    await desk.apply(*base)
    before = there(lab_host)
    for wanted, why in (
        (package("toy", version="3.0"), "no repository of this host has toy 3.0;"),
        (package("toy", atLeast="3.0"), "has toy 3.0 or newer; the newest it has is 2.0"),
        (package("no-such-toy"), "no repository of this host has no-such-toy;"),
        (package("toy", state="absent"), "that would also remove toy-user; name what shall go"),
    ):
        with pytest.raises(Refused, match=why):
            await desk.apply(wanted, package("toy-user"))
    with pytest.raises(Refused, match="that would also remove toy-user toy; name what shall go"):
        await desk.apply(*base, package("toy-rival"))
    assert there(lab_host) == before
    assert await desk.apply(package("toy-rival")) == ("change_packages",), "one run makes room and fills it"
    assert there(lab_host) == {"toy-base": "1.0", "toy-rival": "1.0"}
    await desk.apply(*base)
    lab_host.sh("apt-mark hold toy")
    with pytest.raises(Conflict, match="toy is held on web-1"):
        await desk.differing(package("toy", version="2.0"))


async def test_an_old_version_comes_back_though_its_repository_is_gone(desk: Desk, lab_host: LabHost) -> None:
    await desk.apply(package("toy", version="1.0"))
    wipes = "ExecStart=/bin/sh -c 'rm -r /srv/toys/*; apt-get update; false'"
    unit = {"name": "demo.service", "content": f"[Service]\nType=oneshot\n{wipes}\n", "running": True}
    with pytest.raises(Refused, match="everything there is as it was"):
        await desk.apply(package("toy", version="2.0"), {"systemdUnit": unit})
    assert there(lab_host)["toy"] == "1.0"
