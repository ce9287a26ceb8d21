"""How channels write bold, code and links, and what text from people must not be able to say in each. Pure."""

import html
import re
from collections.abc import Callable
from dataclasses import dataclass
from urllib.parse import urlsplit

_UNSEEN = re.compile(r"[\x00-\x08\x0b-\x1f\x7f\u200b-\u200f\u202a-\u202e\u2066-\u2069\ufeff\ud800-\udfff]")
"""Characters that nobody sees, that turn the direction of what they see, and halves that are none."""

_SPECIAL = re.compile(r"([\\`*_\[\]~<>#])")
_EVERYBODY = re.compile(r"@(?=everyone|here|channel|all|team|room|<|&|!)", re.IGNORECASE)
_LINK_SCHEMES = ("http", "https")


class Marked(str):
    """Text that is written as the channel wants it already."""

    __slots__ = ()


@dataclass(frozen=True, slots=True)
class Dialect:
    """The writing of one sort of channel. ``escape`` makes any text harmless; the others mark what they are given."""

    name: str
    escape: Callable[[str], str]
    bold: Callable[[str], str]
    code: Callable[[str], str]
    link: Callable[[str, str], str]


def clean(text: str) -> str:
    """Return the text without what cannot be seen; line breaks stay."""
    return _UNSEEN.sub("", text.replace("\r\n", "\n"))


def _slack(text: str) -> str:
    # As Slack documents it. What is escaped so can mention nobody: a mention is written <!channel>. Stars and the
    # like are left to what they do: a zero-width space keeps them from pairing.
    return re.sub(r"([*_~`])", "\u200b\\1", text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;"))


def _slack_code(text: str) -> str:
    whole = text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;").replace("`", "'")
    return f"`{whole}`"


def _linked(label: str, url: str, written: Callable[[str, str], str], plain: Callable[[str], str]) -> str:
    """A link, where the address is one of the web and nothing in it can end it."""
    parts = urlsplit(url)
    if parts.scheme not in _LINK_SCHEMES or re.search(r"[\s<>|()\"']", url):
        return plain(f"{label} {url}")
    return written(plain(label), url)


def _plain(text: str) -> str:
    return text


PLAIN = Dialect("plain", _plain, _plain, _plain, lambda label, url: f"{label}: {url}")


def _nobody(text: str) -> str:
    # Some of the services behind apprise take these words for everybody, wherever they stand.
    return _EVERYBODY.sub("@\u200b", text)


PLAIN_CHAT = Dialect("plain chat", _nobody, _nobody, _nobody, lambda label, url: f"{_nobody(label)}: {url}")
SLACK = Dialect(
    "slack",
    _slack,
    lambda text: f"*{_slack(text)}*",
    _slack_code,
    lambda label, url: _linked(label, url, lambda name, to: f"<{to}|{name}>", _slack),
)


def _markdown(text: str) -> str:
    return _SPECIAL.sub(r"\\\1", text)


CARD = Dialect(
    "card",
    _markdown,
    lambda text: f"**{_markdown(text)}**",
    lambda text: "`" + text.replace("`", "'") + "`",
    lambda label, url: _linked(label, url, lambda name, to: f"[{name}]({to})", _markdown),
)
HTML = Dialect(
    "html",
    html.escape,
    lambda text: f"<strong>{html.escape(text)}</strong>",
    lambda text: f"<code>{html.escape(text)}</code>",
    lambda label, url: _linked(label, url, lambda name, to: f'<a href="{html.escape(to)}">{name}</a>', html.escape),
)
