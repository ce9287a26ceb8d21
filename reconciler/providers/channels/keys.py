"""What one message's channel is opened with: read when it is sent, of a form that can be used, and in no error."""

import re
from functools import partial
from pathlib import PurePath
from traceback import extract_tb
from urllib.parse import urlsplit

from reconciler.ports.channels import TooMany
from reconciler.ports.errors import Denied, WorldError
from reconciler.ports.secrets import Secrets
from reconciler.providers.channels.aside import aside
from reconciler.providers.masked import masked
from reconciler.providers.secret_use import used

_TOKEN = re.compile(r"[!-~]+")
_PASSWORD = re.compile(r"[ -~]+")
_ANY_URL = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*://[^\x00-\x20\x7f]")
_BREAKS = re.compile(r"[\x00-\x1f\x7f]")

_LONG = 16
"""A part of an address that is as long as this is a key, and no word of the service."""

_SOME = 8
"""A way that is shorter, as ``/in``, is no key, and would be found in other words."""


class Keys:
    """The secrets of one channel for one message; what was read is told in no text that comes from here."""

    def __init__(self, secrets: Secrets, channel: str) -> None:
        self._secrets = secrets
        self._channel = channel
        self._read: set[str] = set()

    async def token(self, reference: str) -> str:
        """Return a key that goes into a header or a document, empty where none is named; raise Denied, Unreachable."""
        value = await self._value(reference)
        if reference and not _TOKEN.fullmatch(value):
            raise self._unfit(reference, "one word of printable ASCII, without spaces and line breaks")
        return value

    async def password(self, reference: str) -> str:
        """Return what somebody logs in with: spaces may be in it; as ``token``."""
        value = await self._value(reference)
        if reference and not _PASSWORD.fullmatch(value):
            raise self._unfit(reference, "one line of printable ASCII")
        return value

    async def signing(self, reference: str) -> str:
        """Return what is signed with, which is sent nowhere: any text; as ``token``."""
        value = await self._value(reference)
        if reference and (not value or value != _encodable(value)):
            raise self._unfit(reference, "a text in UTF-8")
        return value

    async def address(self, reference: str) -> str:
        """Return an address of the web; as ``token``."""
        value = await self.token(reference)
        if not _leads_to_a_host(value):
            raise self._unfit(reference, "an address of the web that begins with https:// or http:// and has a host")
        return value

    async def service(self, reference: str) -> str:
        """Return an address of any scheme; as ``token``."""
        value = await self._value(reference)
        if not _ANY_URL.match(value) or _BREAKS.search(value) or value != _encodable(value):
            raise self._unfit(reference, "one address that begins with a scheme, as in ntfy://")
        return value

    def without(self, text: str) -> str:
        """Return the text without what was read, however it is written."""
        return masked(_encodable(text), self._read)

    def told(self, error: Exception) -> WorldError:
        """Return the error to be raised instead, without what was read, and without a chain that may hold it.

        What nobody has foreseen is told by its type and its place only: its words may be a part of a secret.
        """
        match error:
            case TooMany():
                return TooMany(self.without(str(error)), error.after)
            case WorldError():
                return type(error)(self.without(str(error)))
            case _:
                last = next(iter(extract_tb(error.__traceback__)[-1:]), None)
                place = f" in {PurePath(last.filename).name}, line {last.lineno}" if last else ""
                what = f"internal error: {type(error).__name__}{place}"
                return Denied(f"channel {self._channel}: {what}; its words may hold a secret and are not told")

    async def _value(self, reference: str) -> str:
        """Line breaks at the end are those of a file."""
        if not reference:
            return ""
        purpose = f"cannot use channel {self._channel}"
        value = (await aside(partial(used, self._secrets, reference, purpose, Denied))).strip()
        self._read.update(_parts(_encodable(value)))
        return value

    def _unfit(self, reference: str, wanted: str) -> Denied:
        return Denied(f"cannot use channel {self._channel}: the secret {reference} is not {wanted}")


def _encodable(text: str) -> str:
    return text.encode(errors="replace").decode()


def _leads_to_a_host(url: str) -> bool:
    try:
        parts = urlsplit(url)
        return parts.scheme in ("http", "https") and bool(parts.hostname) and parts.port != 0
    except ValueError:
        return False


def _parts(secret: str) -> set[str]:
    """The secret, and what of it is one by itself: of an address all but its host, which an error may say."""
    _, scheme, rest = secret.partition("://")
    if not scheme:
        return {secret}
    place, _, after = rest.partition("/")
    who = place.rpartition("@")[0]
    path, _, query = after.partition("?")
    long = {each for each in re.split(r"[/?&=#:@]", who + "/" + after) if len(each) >= _LONG}
    return {secret, who, who.partition(":")[2], *long, *(each for each in (after, path, query) if len(each) >= _SOME)}
