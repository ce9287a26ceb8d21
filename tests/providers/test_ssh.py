"""What is particular to SSH: keys, rights, jump hosts, hosts that are gone."""

import asyncio
import socket
from collections.abc import AsyncIterator, Mapping
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import asyncssh
import pytest

from reconciler.model.target import Become, Host
from reconciler.ports.errors import Broken, Denied, TimedOut, Unreachable, WrongHostKey
from reconciler.ports.shell import Script
from reconciler.providers.ssh import SshShell
from reconciler.providers.ssh_options import SshOptions
from tests.lab.fleet import Fleet
from tests.providers.secret_values import SecretValues

TRUE = Script(text="true")


@pytest.fixture
async def fleet(tmp_path: Path) -> AsyncIterator[Fleet]:
    made = await Fleet(tmp_path / "fleet", ["web-1", "jump-1"]).start()
    yield made
    await made.stop()


@pytest.fixture
async def shell(fleet: Fleet) -> AsyncIterator[SshShell]:
    hosts = {name: fleet.host(name) for name in ("web-1", "jump-1")}
    made = connect(fleet, hosts)
    yield made
    await made.close()


def connect(fleet: Fleet, hosts: Mapping[str, Host]) -> SshShell:
    options = SshOptions(identities=(fleet.client_key,), agent=False, connect_timeout=timedelta(seconds=5))
    return SshShell(options, lambda: hosts, SecretValues({"root": "a $ecret `word`"}))


def fingerprint(key: str) -> str:
    return asyncssh.import_public_key(key).get_fingerprint()


async def test_a_host_with_another_key_gets_nothing_and_both_keys_are_told(fleet: Fleet, shell: SshShell) -> None:
    expected, shown = fleet.host("jump-1").host_key, fleet.host("web-1").host_key
    with pytest.raises(WrongHostKey) as caught:
        await shell.run(replace(fleet.host("web-1"), host_key=expected), TRUE)
    text = str(caught.value)
    assert "web-1" in text
    assert f"should be {fingerprint(expected)}, it shows {fingerprint(shown)}" in text
    assert (fleet.logins("web-1"), fleet.sessions("web-1")) == (0, 0)


async def test_a_host_without_a_key_of_the_pinned_type_is_not_the_host_we_know(fleet: Fleet, shell: SshShell) -> None:
    other = asyncssh.generate_private_key("ecdsa-sha2-nistp256").export_public_key().decode()
    with pytest.raises(WrongHostKey, match="it shows none of the pinned type"):
        await shell.run(replace(fleet.host("web-1"), host_key=other), TRUE)


async def test_a_pinned_key_that_is_no_key_is_told_with_the_way_to_get_it(fleet: Fleet, shell: SshShell) -> None:
    with pytest.raises(WrongHostKey, match=r"is not a public key .*ssh-keyscan 127\.0\.0\.1"):
        await shell.run(replace(fleet.host("web-1"), host_key="ssh-ed25519 AAAA"), TRUE)


async def test_a_user_whose_keys_are_not_known_is_denied(fleet: Fleet, shell: SshShell) -> None:
    with pytest.raises(Denied, match="cannot log in to web-1 as stranger: none of our keys is accepted"):
        await shell.run(replace(fleet.host("web-1"), user="stranger"), TRUE)


async def test_an_identity_that_cannot_be_read_is_named(fleet: Fleet, tmp_path: Path) -> None:
    shell = SshShell(SshOptions(identities=(tmp_path / "none",), agent=False), dict, SecretValues({}))
    with pytest.raises(Denied, match=r"cannot read the SSH identity .*/none"):
        await shell.run(fleet.host("web-1"), TRUE)


async def test_one_connection_carries_all_scripts(fleet: Fleet, shell: SshShell) -> None:
    await asyncio.gather(*(shell.run(fleet.host("web-1"), TRUE) for _ in range(20)))
    assert (fleet.logins("web-1"), fleet.sessions("web-1")) == (1, 20)


async def test_a_jump_host_carries_the_connection(fleet: Fleet) -> None:
    through = replace(fleet.host("web-1"), jump="jump-1")
    shell = connect(fleet, {"web-1": through, "jump-1": fleet.host("jump-1")})
    done = await shell.run(through, Script(text="pwd"))
    assert done.output.decode().strip() == str(fleet.root("web-1"))
    assert (fleet.logins("jump-1"), fleet.sessions("jump-1")) == (1, 0)
    await shell.close()


async def test_jump_hosts_that_are_unknown_or_go_in_a_circle_are_told(fleet: Fleet) -> None:
    web, jump = replace(fleet.host("web-1"), jump="jump-1"), replace(fleet.host("jump-1"), jump="web-1")
    shell = connect(fleet, {"web-1": web, "jump-1": jump})
    with pytest.raises(Broken, match="in a circle: web-1 -> jump-1 -> web-1"):
        await shell.run(web, TRUE)
    lost = connect(fleet, {})
    with pytest.raises(Unreachable, match="its jump host jump-1 is not a Host we know"):
        await lost.run(web, TRUE)


async def test_a_host_that_failed_is_not_tried_again_at_once(fleet: Fleet, shell: SshShell) -> None:
    host = fleet.host("web-1")
    await fleet.cut("web-1")
    with pytest.raises(Unreachable, match="connection refused"):
        await shell.run(host, TRUE)
    await fleet.restore("web-1")
    with pytest.raises(Unreachable, match="connection refused"):
        await shell.run(host, TRUE)
    assert fleet.logins("web-1") == 0


async def test_a_connection_that_died_unnoticed_is_opened_anew(fleet: Fleet, shell: SshShell) -> None:
    await shell.run(fleet.host("web-1"), TRUE)
    await fleet.cut("web-1")
    await fleet.restore("web-1")
    await shell.run(fleet.host("web-1"), TRUE)
    assert fleet.logins("web-1") == 2


async def test_a_host_that_never_answers_is_given_up_in_time(fleet: Fleet) -> None:
    silent = socket.create_server(("127.0.0.1", 0))
    port = silent.getsockname()[1]
    options = SshOptions(identities=(fleet.client_key,), agent=False, connect_timeout=timedelta(seconds=0.2))
    shell = SshShell(options, dict, SecretValues({}))
    with pytest.raises(TimedOut, match=r"no answer within 0\.2 s"):
        await shell.run(replace(fleet.host("web-1"), port=port), TRUE)
    silent.close()


SUDO = """#!/bin/sh
# As sudo where the password is "a $ecret `word`": three tries, then it gives up. Every wrong one is recorded.
ask=yes valid=
while :; do
    case $1 in -n) ask=never ;; -k | -S) ;; -v) valid=yes; break ;; -p) shift ;; --) shift; break ;; esac
    shift
done
case $(cat "$HOME/sudo") in
    free) [ -z "$valid" ] || exit 0; exec env -u HOME "$@" ;;
    nobody) echo "deploy is not in the sudoers file.  This incident will be reported." >&2; exit 1 ;;
esac
[ $ask = yes ] || { echo "sudo: a password is required" >&2; exit 1; }
for try in 1 2 3; do
    IFS= read -r given || [ "$given" ] || break
    if [ "$given" = 'a $ecret `word`' ]; then [ -z "$valid" ] || exit 0; exec env -u HOME "$@"; fi
    echo wrong >>"$HOME/tries"
    echo "Sorry, try again." >&2
done
echo "sudo: 3 incorrect password attempts" >&2
exit 1
"""


def with_sudo(fleet: Fleet, rule: str, password: str | None) -> Host:
    root = fleet.root("web-1")
    (root / "bin/sudo").write_text(SUDO)
    (root / "bin/sudo").chmod(0o755)
    (root / "sudo").write_text(rule)
    return replace(fleet.host("web-1"), become=Become.SUDO, become_password=password)


@pytest.mark.parametrize(("rule", "password"), [("free", None), ("free", "root"), ("asks", "root")])
async def test_sudo_gives_a_shell_with_and_without_a_password(
    fleet: Fleet, shell: SshShell, rule: str, password: str | None
) -> None:
    text = 'cat; echo "$HOME"; tr "\\0" " " </proc/$$/cmdline'
    done = await shell.run(with_sudo(fleet, rule, password), Script(text=text, payloads=(b"payload\n",)))
    assert done.output.startswith(f"payload\n{fleet.root('web-1')}\n".encode())
    assert b"ecret" not in done.output
    assert done.errors == ""


DENIED = [
    ("asks", None, "sudo wants a password for .*; name one in becomePassword"),
    ("nobody", "root", "may not use sudo there; add .* to the sudoers"),
    ("asks", "none", "the secret none is in no store"),
]


@pytest.mark.parametrize(("rule", "password", "reason"), DENIED)
async def test_missing_rights_are_told_in_plain_words(
    fleet: Fleet, shell: SshShell, rule: str, password: str | None, reason: str
) -> None:
    with pytest.raises(Denied, match=f"cannot become root on web-1: .*{reason}"):
        await shell.run(with_sudo(fleet, rule, password), TRUE)


async def test_a_wrong_password_is_told_by_the_name_of_its_secret(fleet: Fleet) -> None:
    options = SshOptions(identities=(fleet.client_key,), agent=False)
    shell = SshShell(options, dict, SecretValues({"root": "wrong"}))
    with pytest.raises(Denied, match="sudo did not accept the password in the secret root") as caught:
        await shell.run(with_sudo(fleet, "asks", "root"), Script(text="touch ran\ntrue\ntrue"))
    assert "wrong" not in str(caught.value)
    assert not (fleet.root("web-1") / "ran").exists()
    assert (fleet.root("web-1") / "tries").read_text() == "wrong\n"
    await shell.close()


async def test_sudo_that_is_not_installed_is_told(fleet: Fleet, shell: SshShell) -> None:
    host = replace(fleet.host("web-1"), become=Become.SUDO)
    with pytest.raises(Denied, match="sudo is not installed there"):
        await shell.run(host, TRUE)
