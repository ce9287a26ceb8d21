"""Who may do what: identities, roles and their bindings, as values. The rules are in ``reconciler.policy.access``."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import TypeAlias

Labels: TypeAlias = Mapping[str, str]


class Action(StrEnum):
    """What somebody may be allowed to do: to a unit, or, where none is named, to everything."""

    READ = "read"
    PLAN = "plan"
    APPROVE = "approve"
    REJECT = "reject"
    PROMOTE = "promote"
    ABORT = "abort"
    ROLLBACK = "rollback"
    HOLD = "hold"
    RELEASE = "release"
    RETRY = "retry"
    ACCEPT = "accept"
    APPLY = "apply"
    SYNC = "sync"
    PAUSE = "pause"
    RESUME = "resume"
    LOCK = "lock"
    UNLOCK = "unlock"
    WAIVE = "waive"
    REVIEW = "review"
    DELEGATE = "delegate"
    TOKENS = "tokens"


class Login(StrEnum):
    """How it is known who somebody is."""

    TOKEN = "token"  # noqa: S105 - a word
    OIDC = "oidc"
    PROXY = "proxy"
    LOCAL = "local"
    GIT = "git"


@dataclass(frozen=True, slots=True, kw_only=True)
class Match:
    """Units: those whose environment and app have all the labels, and whose name fits a glob where there are any."""

    environments: Labels = field(default_factory=dict)
    apps: Labels = field(default_factory=dict)
    units: tuple[str, ...] = ()


EVERYTHING = Match()


@dataclass(frozen=True, slots=True, kw_only=True)
class Scope:
    """What a token is good for at most, whatever its owner may: None is no limit."""

    actions: tuple[Action, ...] | None = None
    match: Match = EVERYTHING


NO_LIMIT = Scope()


@dataclass(frozen=True, slots=True, kw_only=True)
class Identity:
    """Somebody who asks: a person or a machine.

    ``owner`` is who has the daemon's own user or root on its machine: the operating system has given them everything.
    ``scope`` is the limit of the token they came with, ``until`` its end; None where it has none, or there is no token.
    """

    name: str
    login: Login
    groups: tuple[str, ...] = ()
    emails: tuple[str, ...] = ()
    owner: bool = False
    scope: Scope = NO_LIMIT
    until: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Role:
    """A name for actions."""

    name: str
    actions: tuple[Action, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class RoleBinding:
    """Who has a role, over which units. A subject is ``user:NAME`` or ``group:NAME``."""

    name: str
    role: str
    subjects: tuple[str, ...]
    match: Match = EVERYTHING


@dataclass(frozen=True, slots=True, kw_only=True)
class Placed:
    """The labels by which a unit is matched."""

    environment: Labels = field(default_factory=dict)
    app: Labels = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Access:
    """All roles and bindings of a commit. Nobody but the machine's owner may do anything without a binding."""

    roles: Mapping[str, Role] = field(default_factory=dict)
    bindings: tuple[RoleBinding, ...] = ()


NO_ACCESS = Access()
