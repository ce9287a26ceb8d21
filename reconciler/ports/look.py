"""A probe as data: look at one path. Whoever observes asks for all of a host's paths at once."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Look:
    """What is at a path, links not followed; a leading ``~/`` is the home of the connection's user.

    The answer has the lines of the prelude's ``rcl_entry``, and those of ``rcl_file`` when a content is asked for.
    ``content`` is None when it is not, else the sha256 in hex that a file there shall have: one that differs comes
    along if everybody on the host may read it. With ``""`` it never does, since it may be a secret.
    """

    path: str
    content: str | None = None
