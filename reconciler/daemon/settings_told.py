"""The settings in force as they are written down: by name, as text, with no secret in them."""

import re
from collections.abc import Iterator, Mapping
from datetime import timedelta
from typing import Any

from reconciler.daemon.settings import Settings
from reconciler.model.duration import format_duration

HIDDEN = "(hidden)"

_LOGIN = re.compile(r"(?<=://)[^/@\s]*@")
_QUERY = re.compile(r"(?<=\?)[^#\s]+")
_NAMES = r"[\w-]*(?:password|passwd|passphrase|secret|token|api[_-]?key|credentials?)"
_WORD = re.compile(rf"(?i)(--?{_NAMES}[ =]|(?<![\w/#-]){_NAMES}\s*[=:]\s*)\S+")


def told(settings: Settings) -> Mapping[str, str]:
    """Return each setting that has a value, as ``git.branch``, and its value as people write it.

    Secrets are references and stay; what people may have put into an address or a command line by mistake is hidden.
    """
    return dict(_named("", settings.model_dump()))


def changed(before: Mapping[str, str], after: Mapping[str, str]) -> tuple[str, ...]:
    """Return the names of the settings that are not as before, sorted."""
    return tuple(sorted(name for name in {*before, *after} if before.get(name) != after.get(name)))


def _named(name: str, value: Any) -> Iterator[tuple[str, str]]:
    match value:
        case dict():
            for key, each in value.items():
                yield from _named(f"{name}.{key}" if name else str(key), each)
        case tuple() | list() if any(isinstance(each, dict) for each in value):
            for number, each in enumerate(value):
                yield from _named(f"{name}.{number}", each)
        case None | "" | () | []:
            return
        case tuple() | list():
            yield name, hidden(" ".join(_text(each) for each in value))
        case _:
            yield name, hidden(_text(value))


def _text(value: Any) -> str:
    match value:
        case bool():
            return str(value).lower()
        case timedelta():
            return format_duration(value)
        case _:
            return str(value)


def hidden(text: str) -> str:
    """Return the text without what looks like a login, a query or a password in it."""
    if "://" in text:
        text = _QUERY.sub(HIDDEN, _LOGIN.sub("", text))
    return _WORD.sub(rf"\1{HIDDEN}", text)
