"""Which changes a host takes back by itself unless they are confirmed: those that can cut us off. Pure."""

import re
from collections.abc import Collection, Iterable, Iterator
from dataclasses import replace
from itertools import chain
from typing import assert_never

from reconciler.model.difference import Orphan
from reconciler.model.guard import Guard, Guarding, GuardMode
from reconciler.model.identity import ResourceId
from reconciler.model.operation import ChangePackages, ControlUnit, Operation, RunCommand, Scope, SetPassword
from reconciler.model.plan import TargetChanges
from reconciler.model.unit import Unit

_KINDS = frozenset({"user", "group", "authorizedKey", "mount"})
_FILES = frozenset(
    {
        *("/etc/group", "/etc/gshadow", "/etc/passwd", "/etc/shadow", "/etc/login.defs", "/etc/shells", "/etc/profile"),
        *("/etc/hosts", "/etc/hosts.allow", "/etc/hosts.deny", "/etc/nsswitch.conf", "/etc/resolv.conf", "/etc/fstab"),
        *("/etc/environment", "/etc/nologin", "/etc/sudo.conf", "/etc/ld.so.preload", "/etc/ld.so.conf"),
        *("/etc/bash.bashrc", "/etc/krb5.conf", "/etc/nslcd.conf", "/etc/crypttab"),
    }
)
_PLACES = (
    *("/etc/ssh", "/etc/dropbear", "/etc/sudoers", "/etc/pam.d", "/etc/security", "/etc/sssd", "/etc/ldap"),
    *("/etc/nftables", "/etc/iptables", "/etc/ufw", "/etc/firewalld", "/etc/fail2ban", "/etc/crowdsec"),
    *("/etc/network", "/etc/netplan", "/etc/systemd/network", "/etc/systemd/resolved", "/etc/NetworkManager"),
    *("/etc/sysconfig/network", "/etc/wireguard", "/etc/openvpn", "/etc/frr", "/etc/selinux", "/etc/apparmor"),
    *("/etc/sysctl", "/etc/modprobe", "/etc/modules", "/etc/profile.d", "/etc/ld.so.conf.d", "/etc/systemd/logind"),
)
_SSH_IN_A_HOME = re.compile(r"(~|/root|/home/.*)/\.ssh(/.*)?|.*/authorized_keys2?")
_UNITS = re.compile(
    r"(ssh|sshd|dropbear|nftables|iptables|ip6tables|netfilter-persistent|ufw|firewalld|fail2ban|crowdsec"
    r"|networking|network|NetworkManager|systemd-(networkd|resolved|logind|user-sessions|sysctl)|systemd-udevd|dbus"
    r"|wg-quick|wpa_supplicant|openvpn|sssd|nslcd|frr|apparmor|dbus-broker)"
    r"(@.*)?(\.(service|socket|target))?"
)
_PACKAGES = re.compile(
    r"(openssh|dropbear|sudo|nftables|iptables|ufw|firewalld|fail2ban|crowdsec|netplan|ifupdown|network-manager"
    r"|NetworkManager|iproute|systemd|dbus|wireguard|openvpn|sssd|libpam|pam\b|libnss|login\b|passwd\b|shadow|libc6"
    r"|glibc|base-files|base-passwd|bash\b|dash\b|linux-image|linux-modules|kernel)"
)
_PROGRAMS = re.compile(
    r"(?<![\w.-])(nft|iptables(-\w+)?|ip6tables(-\w+)?|ipset|ufw|firewall-cmd|ip|ifup|ifdown|ifconfig|route|tc|nmcli"
    r"|netplan|networkctl|wg|wg-quick|sshd|sshd_config|dropbear|sudoers|visudo|usermod|userdel|groupdel|passwd|chpasswd"
    r"|setenforce|semanage|pam-auth-update|reboot|shutdown)(?![\w.-])"
    r"|(systemctl|service|rc-service)\s[^\n;&|]*\b(ssh|sshd|dropbear|nftables|networking|network|firewalld|ufw)\b"
    r"|net\.\w+"
)


def guarded(changes: TargetChanges, unit: Unit, gone: Iterable[Orphan]) -> TargetChanges:
    """Return the changes of one target with their guard, if they have one.

    A resource that asks for one has it whatever the policy says, also when it goes away (``gone``).
    """
    resources = chain(unit.resources, (each.owned.resource for each in gone))
    marked = {each.id for each in resources if each.guard}
    return replace(changes, guard=guard_of(changes, unit.policy.guarding, marked))


def guard_of(changes: TargetChanges, guarding: Guarding, marked: Collection[ResourceId]) -> Guard | None:
    """Return the guard of all that happens on one target; None when it goes without. ``marked`` ask for one."""
    if not changes.operations:
        return None
    if any(each.resource in marked for each in changes.changes):
        return guarding.guard
    match guarding.mode:
        case GuardMode.ALWAYS:
            return guarding.guard
        case GuardMode.NEVER:
            return None
        case GuardMode.AUTO:
            return guarding.guard if can_cut_off(changes) else None
        case _:
            assert_never(guarding.mode)


def can_cut_off(changes: TargetChanges) -> bool:
    """Return whether one of the changes is known to be able to keep us, or everybody, from coming in again."""
    return any(each.resource.kind in _KINDS for each in changes.changes) or any(map(_dangerous, changes.operations))


def _dangerous(operation: Operation) -> bool:
    match operation:
        case SetPassword():
            return True
        case ControlUnit():
            return operation.scope is Scope.SYSTEM and _UNITS.fullmatch(operation.unit) is not None
        case ChangePackages():
            return any(_PACKAGES.match(name) for name in _package_names(operation))
        case RunCommand():
            return _PROGRAMS.search(" ".join((operation.what, *operation.argv))) is not None
        case _:
            path = getattr(operation, "path", None)
            return isinstance(path, str) and _guarded_path(path)


def _package_names(operation: ChangePackages) -> Iterator[str]:
    yield from (each.name for each in operation.install)
    yield from operation.remove


def _guarded_path(path: str) -> bool:
    return path in _FILES or path.startswith(_PLACES) or _SSH_IN_A_HOME.fullmatch(path) is not None
