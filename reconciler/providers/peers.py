"""Who is at the other end of a Unix socket, by the users and groups of this machine."""

import grp
import os
import pwd
from dataclasses import dataclass
from pathlib import Path

from reconciler.model.access import Identity, Login
from reconciler.policy.names import is_name
from reconciler.ports.identities import Peer, Stranger

ON_BEHALF = "x-reconciler-on-behalf-of"
"""The header in which an owner says who they are for: the person who became root. Only owners are believed."""

_ROOT = 0
_OVERFLOW = Path("/proc/sys/kernel/overflowuid")
_NOBODY = 65534


@dataclass(frozen=True, slots=True)
class Peers:
    """Knows processes of this machine; ``own`` is the user id that the daemon runs as."""

    own: int

    def identify(self, peer: Peer, on_behalf: str) -> Identity | Stranger:
        """Return who runs the process. It asks the system's lists of users, which may take a while: not on the loop."""
        owner = peer.uid in (_ROOT, self.own)
        if not owner and peer.uid == _nobody():
            # Users of other namespaces all look like this one, so it may be anybody.
            return Stranger(
                "this machine does not tell who you are (a user of another namespace, or nobody); come with a token, "
                "or let the daemon see users: PrivateUsers=no in its unit"
            )
        if owner and on_behalf:
            if not is_name(on_behalf):
                return Stranger("the name of who it is for is no name")
            return Identity(name=on_behalf, login=Login.LOCAL, groups=_groups_of(on_behalf), owner=True)
        try:
            user = pwd.getpwuid(peer.uid)
        except KeyError:
            if owner:
                return Identity(name=f"uid-{peer.uid}", login=Login.LOCAL, owner=True)
            return Stranger(f"no user of this machine has the id {peer.uid}")
        return Identity(name=user.pw_name, login=Login.LOCAL, groups=_groups(user), owner=owner)


def _nobody() -> int:
    try:
        return int(_OVERFLOW.read_text())
    except (OSError, ValueError):
        return _NOBODY


def _groups_of(name: str) -> tuple[str, ...]:
    try:
        return _groups(pwd.getpwnam(name))
    except (KeyError, ValueError):
        return ()


def _groups(user: pwd.struct_passwd) -> tuple[str, ...]:
    """All groups of the user, the primary one too, that have a name."""
    names = []
    for gid in os.getgrouplist(user.pw_name, user.pw_gid):
        try:
            names.append(grp.getgrgid(gid).gr_name)
        except KeyError:
            continue
    return tuple(sorted(set(names)))
