"""The URL of a repository, taken apart: what may be shown and be an argument, and the password, which may not."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from urllib.parse import SplitResult, unquote, urlsplit, urlunsplit

_USER, _PASSWORD = "RECONCILER_GIT_USER", "RECONCILER_GIT_PASSWORD"
_HELPER = f'!f() {{ test "$1" != get || printf "username=%s\\npassword=%s\\n" "${_USER}" "${_PASSWORD}"; }}; f'


@dataclass(frozen=True, slots=True)
class Remote:
    """Where a repository is. ``url`` has no password in it; ``shown`` says that there is one.

    ``options`` of git and ``environment`` give the password to git for this one host, and to nobody who lists
    processes.
    """

    url: str
    shown: str
    options: tuple[str, ...] = ()
    environment: Mapping[str, str] = field(default_factory=dict, repr=False)


def remote(url: str) -> Remote:
    """Take a URL or a path apart; ValueError for a URL that makes no sense."""
    parts = urlsplit(url) if "://" in url else SplitResult("", "", url, "", "")
    if not parts.password:
        return Remote(url, url)
    place, user = parts.netloc.rpartition("@")[2], parts.username or ""
    shown = urlunsplit(parts._replace(netloc=f"{user}:***@{place}"))
    if parts.scheme not in ("http", "https"):
        return Remote(urlunsplit(parts._replace(netloc=f"{user}@{place}" if user else place)), shown)
    # Without the user too: curl would try the name alone, with an empty password, before git asks for one.
    bare = urlunsplit(parts._replace(netloc=place))
    options = ("-c", f"credential.{parts.scheme}://{place}.helper={_HELPER}")
    return Remote(bare, shown, options, {_USER: unquote(user), _PASSWORD: unquote(parts.password)})
