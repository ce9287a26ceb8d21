"""The lab keeps its promises: without that, no test that uses it says anything."""

import pytest

from tests.lab.engine import LabError
from tests.lab.hosts import Lab, sudo_with_password
from tests.lab.image import BUSYBOX


def test_a_host_lets_each_of_its_users_in_with_the_key_and_nobody_else(lab: Lab) -> None:
    host = lab.host("web-1")
    for user in ("deploy", "careful", "plain", "root"):
        assert host.ssh(user, "whoami; hostname").stdout.split() == [user, "web-1"]
    stranger = host.ssh("nobody", "true")
    assert stranger.returncode == 255
    assert "Permission denied" in stranger.stderr


def test_users_become_root_as_far_as_they_are_allowed(lab: Lab) -> None:
    host = lab.host("web-1")
    assert host.ssh("deploy", "sudo -n whoami").stdout == "root\n"
    assert "password is required" in host.ssh("careful", "sudo -n whoami").stderr
    assert host.ssh("careful", sudo_with_password("whoami")).stdout == "root\n"
    assert "password is required" in host.ssh("plain", "sudo -n whoami").stderr


def test_transient_timers_and_user_units_work(lab: Lab) -> None:
    host = lab.host("web-1")
    fired = host.ssh(
        "deploy",
        "sudo systemd-run --quiet --on-active=100ms --timer-property=AccuracySec=1ms touch /run/fired"
        " && until test -e /run/fired; do sleep 0.02; done",
        limit=20,
    )
    assert fired.returncode == 0, fired.stderr
    unit = r"[Service]\nExecStart=/bin/sleep infinity\n[Install]\nWantedBy=default.target\n"
    script = f"""mkdir -p ~/.config/systemd/user && printf '{unit}' >~/.config/systemd/user/nap.service &&
      systemctl --user daemon-reload && systemctl --user enable --now --quiet nap.service &&
      systemctl --user is-active nap.service && systemctl --user is-enabled nap.service"""
    answer = host.ssh("plain", script)
    assert answer.stdout.split() == ["active", "enabled"], answer.stderr


def test_two_hosts_have_addresses_and_keys_of_their_own(lab: Lab) -> None:
    first, second = lab.host("web-1"), lab.host("web-2")
    assert first.address != second.address
    assert first.host_key != second.host_key
    assert second.ssh("deploy", "hostname").stdout == "web-2\n"


def test_a_host_made_again_is_fresh_at_the_same_address(lab: Lab) -> None:
    host = lab.host("web-1")
    before = (host.address, host.host_key)
    host.sh("touch /etc/drift")
    again = lab.host("web-1")
    assert again.address == before[0]
    assert again.host_key != before[1]
    with pytest.raises(LabError, match="status 1"):
        again.sh("test -e /etc/drift")


def test_a_host_comes_back_from_everything_that_can_befall_it(lab: Lab) -> None:
    host = lab.host("web-1")
    key = host.host_key
    host.sh("touch /etc/mark")

    host.disconnect()
    assert host.ssh("deploy", "true").returncode == 255
    host.connect()
    assert host.ssh("deploy", "cat /etc/mark").returncode == 0

    host.pause()
    with pytest.raises(LabError):
        host.sh("true", limit=2)
    host.unpause()
    assert host.ssh("deploy", "cat /etc/mark").returncode == 0

    for end in (host.kill, host.stop):
        end()
        assert host.ssh("deploy", "true").returncode == 255
        host.start()
        assert host.ssh("deploy", "cat /etc/mark").returncode == 0
        assert host.host_key == key


def test_a_host_has_the_tools_that_some_kinds_need(lab: Lab) -> None:
    tools = "git crontab inotifywait python3"
    assert lab.host("web-1").sh(f"for tool in {tools}; do command -v $tool >/dev/null || echo $tool; done") == ""


def test_a_small_host_has_busybox_and_dropbear_and_no_more(lab: Lab) -> None:
    host = lab.host("small-1", BUSYBOX)
    for user in ("deploy", "root"):
        assert host.ssh(user, "whoami; hostname").stdout.split() == [user, "small-1"]
    said = host.ssh("deploy", "for tool in stat sha256sum awk; do $tool --help 2>&1 | head -n 1; done")
    assert [line.split()[0] for line in said.stdout.splitlines()] == ["BusyBox"] * 3, said.stdout
    assert host.ssh("deploy", "command -v systemctl sudo python3 bash").stdout == ""
