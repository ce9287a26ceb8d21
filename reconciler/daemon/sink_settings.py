"""The settings of the places that every entry of the record is sent to, and of the archive."""

from datetime import timedelta
from ipaddress import ip_address
from pathlib import Path
from typing import Annotated, Literal
from urllib.parse import SplitResult, urlsplit

from pydantic import Field, field_validator, model_validator

from reconciler.daemon.section import Duration, Section

DEV_LOG = "unix:///dev/log"
JOURNALD = Path("/run/systemd/journal/socket")
_SYSLOG = ("udp", "tcp", "tls", "unix")
SinkName = Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9-]{0,62}$")]
Reference = Annotated[str, Field(pattern=r"^([A-Za-z0-9_-][A-Za-z0-9._:/#-]{0,199})?$")]
"""The name of a secret, such as ``audit/collector``; never the secret itself."""


class SinkSettings(Section):
    """A place that every entry is sent to, at least once and in order.

    ``to`` says what it is: ``syslog`` (``url``: udp://, tcp://, tls:// with host and port, or unix:///dev/log, which is
    the default), ``journald`` (``path`` of its socket), ``file`` (``path``) or ``http`` (``url``; ``token`` is the
    reference of a secret). ``format`` is that of an entry.
    """

    to: Literal["syslog", "journald", "file", "http"]
    format: Literal["json", "cloudevents", "ocsf"] = "json"
    url: str = ""
    path: Path | None = None
    token: Reference = ""

    @model_validator(mode="after")
    def _has_what_it_needs(self) -> "SinkSettings":
        match self.to:
            case "syslog":
                self._check_syslog()
            case "http":
                self._check_http()
            case "file":
                self._has_no("url", "token")
                if self.path is None:
                    raise ValueError('a sink to = "file" needs its path')
            case "journald":
                self._has_no("url", "token")
        return self

    def resolved_from(self, folder: Path) -> "SinkSettings":
        """Return the settings with a relative path taken from the folder of the settings file."""
        return self.model_copy(update={"path": folder / self.path.expanduser()}) if self.path else self

    def _has_no(self, *names: str) -> None:
        if given := next((name for name in names if getattr(self, name)), None):
            raise ValueError(f'a sink to = "{self.to}" has no {given}')

    def _check_syslog(self) -> None:
        self._has_no("path", "token")
        parts = urlsplit(self.url or DEV_LOG)
        fine = parts.path.startswith("/") if parts.scheme == "unix" else bool(parts.hostname and _port(parts))
        if parts.scheme not in _SYSLOG or not fine:
            raise ValueError(
                f"expected udp://HOST:PORT, tcp://HOST:PORT, tls://HOST:PORT or unix:///PATH, got {self.url!r}"
            )

    def _check_http(self) -> None:
        self._has_no("path")
        parts = urlsplit(self.url)
        if parts.scheme not in ("http", "https") or not parts.hostname:
            raise ValueError('a sink to = "http" needs its url, such as https://collector.example/audit')
        if parts.username or parts.password:
            raise ValueError("no secret stands in a url; put it where secrets are, and name it as token")
        if self.token and parts.scheme == "http" and not _is_here(parts.hostname):
            raise ValueError(f"a token is not sent in clear; use https:// for {parts.hostname}")


def _port(parts: SplitResult) -> int | None:
    try:
        return parts.port
    except ValueError:
        return None


def _is_here(host: str) -> bool:
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


class ArchiveSettings(Section):
    """Old entries go to files of ``folder``, and leave the journal, once they are older than ``after``.

    The files are sealed for ``recipients``, public keys of age (``age1...``) or of SSH; without them anybody who may
    read the files can. ``entries`` is how many go to one file.
    """

    folder: Path
    after: Duration = Field(default=timedelta(days=400), ge=timedelta(days=30))
    recipients: tuple[str, ...] = ()
    entries: Annotated[int, Field(ge=1, le=1_000_000)] = 10_000

    @field_validator("recipients")
    @classmethod
    def _are_keys(cls, recipients: tuple[str, ...]) -> tuple[str, ...]:
        from reconciler.providers.sealing import is_recipient  # noqa: PLC0415 - few machines seal anything

        for each in recipients:
            if not is_recipient(each):
                raise ValueError(f"{each!r:.40} is neither a public key of age (age1...) nor one of SSH")
        return recipients
