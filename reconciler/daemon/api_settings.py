"""The settings of the doors: where they are, how much may come through them, and who is believed to be whom."""

from ipaddress import IPv4Network, IPv6Network, ip_address, ip_network
from pathlib import Path
from typing import Annotated, Any, Literal
from urllib.parse import urlsplit

from pydantic import BeforeValidator, Field, field_validator, model_validator

from reconciler.daemon.section import Section

UNIX = "unix"
"""The address of whoever comes over the Unix socket."""

Network = Annotated[
    IPv4Network | IPv6Network | Literal["unix"],
    BeforeValidator(lambda value: value if value == UNIX else ip_network(value)),
]
Header = Annotated[str, Field(pattern=r"^[A-Za-z][A-Za-z0-9-]{0,63}$")]
Reference = Annotated[str, Field(pattern=r"^[A-Za-z0-9_-][A-Za-z0-9._:/#-]{0,199}$")]
"""The name of a secret, such as ``api/proxy``; never the secret itself."""


def _several(value: Any) -> Any:
    return (value,) if isinstance(value, str) else value


def _none(value: Any) -> Any:
    """What stands in the environment is text."""
    return False if value == "false" else value


class TcpSettings(Section):
    """Where the API listens for the network: ``listen`` is ``host:port``, ``certificate`` and ``key`` are PEM files.

    Without TLS only the machine itself is listened to.
    """

    listen: Annotated[str, Field(pattern=r"^(\[[0-9A-Fa-f:.]+\]|[A-Za-z0-9.-]+):\d{1,5}$")] = "127.0.0.1:8443"
    certificate: Path | None = None
    key: Path | None = None

    @property
    def host(self) -> str:
        """The host part of ``listen``, an IPv6 address without its brackets."""
        return self.listen.rpartition(":")[0].strip("[]")

    @property
    def port(self) -> int:
        """The port of ``listen``."""
        return int(self.listen.rpartition(":")[2])

    @model_validator(mode="after")
    def _is_private(self) -> "TcpSettings":
        if (self.certificate is None) != (self.key is None):
            raise ValueError("certificate and key belong together")
        if self.port > 65535:
            raise ValueError(f"listen: there is no port {self.port}")
        if self.certificate is None and not _loopback(self.host):
            raise ValueError("without certificate and key the API listens on 127.0.0.1, ::1 or localhost only")
        return self


class LimitSettings(Section):
    """How much one caller may ask for. ``requests`` are per second, ``burst`` so many at once; ``body`` is in bytes."""

    requests: Annotated[float, Field(gt=0, le=100_000)] = 50.0
    burst: Annotated[int, Field(ge=1, le=100_000)] = 100
    body: Annotated[int, Field(ge=1024, le=64 * 1024 * 1024)] = 1024 * 1024
    connections: Annotated[int, Field(ge=1, le=100_000)] = 500
    streams: Annotated[int, Field(ge=1, le=1000)] = 8


class OidcSettings(Section):
    """The issuer whose bearer tokens are believed, and which of their claims say who somebody is.

    ``issuer`` is compared letter by letter with the token's and is where the keys are found. ``sub`` is the only claim
    that an issuer gives to nobody else. ``prefix`` is put before names and groups, so that nobody is taken for somebody
    of the same name that another door knows.
    """

    issuer: str
    audience: Annotated[tuple[str, ...], BeforeValidator(_several), Field(min_length=1)]
    name_claim: str = "sub"
    groups_claim: str = "groups"
    email_claim: str = "email"
    prefix: Annotated[str, Field(pattern=r"^[A-Za-z0-9._:/@-]{0,64}$")] = ""

    @field_validator("issuer")
    @classmethod
    def _cannot_be_played(cls, issuer: str) -> str:
        parts = urlsplit(issuer)
        private = parts.scheme == "https" or (parts.scheme == "http" and _loopback(parts.hostname or ""))
        if not private or not parts.hostname or parts.query or parts.fragment or parts.username:
            raise ValueError("expected https://HOST[/PATH]: whoever can change the issuer's keys can be anybody")
        return issuer


class ProxySettings(Section):
    """A reverse proxy in front, which says who somebody is (for SAML and the like).

    It is believed only from these addresses (networks, or ``unix``) and with the secret, which is named by reference,
    in ``secret_header``. Groups are separated by commas.
    """

    secret: Reference
    addresses: Annotated[tuple[Network, ...], Field(min_length=1)]
    secret_header: Header = "X-Reconciler-Proxy-Secret"  # noqa: S105 - its name
    user_header: Header = "X-Remote-User"
    groups_header: Header = "X-Remote-Groups"
    email_header: Header = "X-Remote-Email"


class ApiSettings(Section):
    """The doors. ``socket`` is a Unix socket (None: ``api.sock`` in ``state_dir``), false for none; ``tcp`` is off.

    ``group`` is who may open the socket beside the daemon's own user (who may do what is for RoleBindings to say).
    ``metrics``: ``open`` shows ``/metrics`` to whoever can connect, ``local`` only to this machine.
    """

    socket: Annotated[Path | Literal[False] | None, BeforeValidator(_none)] = None
    group: str | None = None
    tcp: TcpSettings | None = None
    limits: LimitSettings = LimitSettings()
    metrics: Literal["local", "open"] = "local"
    oidc: OidcSettings | None = None
    proxy: ProxySettings | None = None

    def socket_in(self, state_dir: Path) -> Path | None:
        """Return where the Unix socket is, None when there is none."""
        if self.socket is False:
            return None
        return self.socket or state_dir / "api.sock"

    def resolved_from(self, folder: Path) -> "ApiSettings":
        """Return the settings with relative paths taken from the folder of the settings file."""
        tcp = self.tcp
        if tcp and tcp.certificate and tcp.key:
            found = {"certificate": folder / tcp.certificate.expanduser(), "key": folder / tcp.key.expanduser()}
            tcp = tcp.model_copy(update=found)
        socket = folder / self.socket.expanduser() if self.socket else self.socket
        return self.model_copy(update={"tcp": tcp, "socket": socket})


def _loopback(host: str) -> bool:
    if host == "localhost":
        return True
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return False
