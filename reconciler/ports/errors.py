"""Errors of the outside world, named by what the caller can do about them.

  WorldError
  ├── Unreachable        cannot get there: try again later
  │   ├── TimedOut       got no answer in time
  │   ├── Lost           the connection broke while something ran: how that ends is not known
  │   └── Busy           another change runs there: wait for it
  ├── Denied             got there, may not: a person must give rights
  │   └── WrongHostKey   it is not the host we know: a person must look
  ├── Refused            it was done all or nothing, and it was nothing
  ├── Halfway            a part of it was done and stays, the rest could not be: look, then go on or go back
  ├── Stale              the same, for somebody else has changed it since it was looked at: look and plan again
  └── Broken             it answered something we cannot understand

Providers translate foreign exceptions to these, once, and nothing else leaves a provider.
"""


class WorldError(Exception):
    """Something outside did not do what we asked. The text is for the person who must act."""


class Unreachable(WorldError):
    """The target cannot be reached now."""


class TimedOut(Unreachable):
    """The target did not answer within the limit."""


class Lost(Unreachable):
    """The connection broke while something ran on the target; how that ends is not known yet."""


class Busy(Unreachable):
    """Another change runs on the target; how that one ends is not known yet."""


class Denied(WorldError):
    """The target refused us: login, sudo or a permission."""


class WrongHostKey(Denied):
    """The host shows another key than the pinned one."""


class Refused(WorldError):
    """The target could not do it and left everything as it was."""


class Halfway(WorldError):
    """The target did a part of it and could not do the rest. Only APIs answer so: a host takes its part back."""


class Stale(WorldError):
    """Somebody else has changed the target since it was looked at. Nothing was done; what was planned says nothing."""


class Broken(WorldError):
    """The target's answer makes no sense."""
