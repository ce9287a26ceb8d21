"""Which changes can cut us off, and what the policy and the resource's own word make of it."""

from datetime import timedelta

import pytest

from reconciler.model.change import Action, Cause, Change
from reconciler.model.content import Content
from reconciler.model.guard import Guard, Guarding, GuardMode
from reconciler.model.identity import ResourceId, UnitId
from reconciler.model.operation import (
    ChangePackages,
    ControlUnit,
    EditFile,
    MakeDirectory,
    Operation,
    PackageTool,
    PackageVersion,
    PutLine,
    RemoveFile,
    RunCommand,
    Scope,
    SetPassword,
    UnitVerb,
    WriteFile,
)
from reconciler.model.plan import TargetChanges
from reconciler.policy.guarded import can_cut_off, guard_of

UNIT = UnitId("shop", "production")
PLAIN = RemoveFile("/srv/shop/shop.conf")
GUARD = Guard(timedelta(seconds=20), persistent=True)


def file(path: str) -> Operation:
    return WriteFile(path, Content("sha256:0", "sha256:0", 0), "0644")


def run(*argv: str, what: str = "do it") -> Operation:
    return RunCommand(what=what, argv=argv)


def packages(*names: str, remove: tuple[str, ...] = ()) -> Operation:
    install = tuple(PackageVersion(name) for name in names)
    return ChangePackages(tool=PackageTool.APT, install=install, remove=remove)


def unit(name: str, scope: Scope = Scope.SYSTEM) -> Operation:
    return ControlUnit(name, scope, UnitVerb.RESTART)


def changes(*operations: Operation, kind: str = "file", name: str = "x") -> TargetChanges:
    change = Change(resource=ResourceId(UNIT, "web-1", kind, name), action=Action.UPDATE, cause=Cause.COMMIT)
    return TargetChanges("web-1", (change,), operations)


CUTTING = {
    "sshd": file("/etc/ssh/sshd_config"),
    "sshd snippet": file("/etc/ssh/sshd_config.d/50-us.conf"),
    "sudoers": EditFile("/etc/sudoers", PutLine("x")),
    "sudoers.d": RemoveFile("/etc/sudoers.d/deploy"),
    "pam": file("/etc/pam.d/sshd"),
    "limits": MakeDirectory("/etc/security/limits.d", "0755"),
    "firewall": file("/etc/nftables.conf"),
    "network": file("/etc/systemd/network/10-lan.network"),
    "netplan": file("/etc/netplan/01.yaml"),
    "resolver": file("/etc/resolv.conf"),
    "hosts.deny": file("/etc/hosts.deny"),
    "passwd": EditFile("/etc/passwd", PutLine("x")),
    "own keys": EditFile("~/.ssh/authorized_keys", PutLine("x")),
    "keys of another": file("/home/deploy/.ssh/authorized_keys"),
    "keys of root": RemoveFile("/root/.ssh"),
    "ssh.service": unit("ssh.service"),
    "sshd by its other name": unit("sshd"),
    "networkd": unit("systemd-networkd.service"),
    "vpn": unit("wg-quick@wg0.service"),
    "openssh": packages("curl", "openssh-server"),
    "sudo goes": packages(remove=("sudo",)),
    "nft": run("nft", "-f", "/etc/nftables.conf"),
    "a text for sh": run("sh", "-c", "set -e; /usr/sbin/iptables -P INPUT DROP"),
    "sshd reload": run("systemctl", "reload", "ssh"),
    "sysctl of the net": run("sh", "-c", "x", what="set net.ipv4.ip_forward"),
    "password": SetPassword("deploy", None),
}
HARMLESS = {
    "an app's file": file("/srv/shop/shop.conf"),
    "a file of that name": file("/srv/etc/ssh/sshd_config"),
    "an app's unit": unit("shop.service"),
    "a user's unit": unit("ssh.service", Scope.USER),
    "a package": packages("nginx", "curl"),
    "a program": run("/srv/shop/bin/migrate", "--all"),
    "ip in a word": run("zip", "-r", "x.zip", "/srv"),
}


@pytest.mark.parametrize("operation", CUTTING.values(), ids=CUTTING)
def test_what_can_cut_us_off_is_known(operation: Operation) -> None:
    assert can_cut_off(changes(PLAIN, operation))


@pytest.mark.parametrize("kind", ["user", "group", "authorizedKey"])
def test_accounts_can_cut_us_off_whatever_is_done_to_them(kind: str) -> None:
    assert can_cut_off(changes(run("true"), kind=kind))


@pytest.mark.parametrize("operation", HARMLESS.values(), ids=HARMLESS)
def test_everything_else_cannot(operation: Operation) -> None:
    assert not can_cut_off(changes(operation))


@pytest.mark.parametrize(
    ("mode", "operation", "marked", "guarded"),
    [
        (GuardMode.AUTO, PLAIN, False, False),
        (GuardMode.AUTO, file("/etc/ssh/sshd_config"), False, True),
        (GuardMode.AUTO, PLAIN, True, True),
        (GuardMode.ALWAYS, PLAIN, False, True),
        (GuardMode.NEVER, file("/etc/ssh/sshd_config"), False, False),
        (GuardMode.NEVER, PLAIN, True, True),
    ],
)
def test_the_policy_says_and_a_resource_may_say_more(
    mode: GuardMode, operation: Operation, *, marked: bool, guarded: bool
) -> None:
    of = changes(operation)
    found = guard_of(of, Guarding(mode, GUARD), {of.changes[0].resource} if marked else set())
    assert found == (GUARD if guarded else None)


def test_where_nothing_is_done_nothing_is_guarded() -> None:
    assert guard_of(changes(), Guarding(GuardMode.ALWAYS, GUARD), set()) is None
