"""Something we can change. In this version: a Linux host reached over SSH."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum


class Become(StrEnum):
    """How a connection gets the rights it works with on the host."""

    NONE = "none"
    SUDO = "sudo"


@dataclass(frozen=True, slots=True, kw_only=True)
class Host:
    """A plain Linux host. ``host_key`` is the one public key it may show, as in ``known_hosts`` (type and base64).

    ``jump`` names the Host whose connection carries ours. ``become_password`` is a secret's reference.
    """

    name: str
    environment: str
    address: str
    port: int = 22
    user: str
    host_key: str
    become: Become = Become.NONE
    become_password: str | None = None
    jump: str | None = None
    labels: Mapping[str, str]
