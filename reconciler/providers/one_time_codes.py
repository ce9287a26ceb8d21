"""One-time codes that go by the time (RFC 6238), as authenticator apps show them.

What a person's device knows is the secret ``one-time-codes/NAME`` of the machine that the daemon runs on, in Base32 or
as the ``otpauth://`` link that a device reads. It comes from no SecretStore: whoever may change those in Git could
otherwise give themselves a second factor. A code is good for its own step and one before and after it, once; whoever
guesses is made to wait.
"""

import binascii
import hmac
import re
from collections.abc import Callable
from datetime import datetime, timedelta

import pyotp

from reconciler.model.secret_store import ONE_TIME_CODES
from reconciler.ports.second_factor import FactorRefused
from reconciler.ports.secrets import SecretMissing

GUESSES = 5
"""So many wrong codes of a person within PATIENCE, then none counts until the oldest is so long ago."""

PATIENCE = timedelta(minutes=5)
_AROUND = (-1, 0, 1)
_PLAIN = re.compile(r"(?!x-)[A-Za-z0-9_-][A-Za-z0-9._-]{0,99}")
_CODE = re.compile(r"[0-9]{6,8}")


class OneTimeCodes:
    """A ``ports.second_factor.SecondFactor``. ``secret`` returns a secret of this machine, or raises SecretMissing."""

    def __init__(self, secret: Callable[[str], str]) -> None:
        self._secret = secret
        self._wrong: dict[str, tuple[datetime, ...]] = {}

    def step(self, person: str, code: str, last: int, now: datetime) -> int:
        """Return the time step that the code is of, later than ``last``; FactorRefused."""
        device = self._device(person)
        wrong = tuple(each for each in self._wrong.get(person, ()) if now - PATIENCE < each <= now)
        if len(wrong) >= GUESSES:
            until = wrong[0] + PATIENCE
            raise FactorRefused(f"too many wrong codes of {person}; none counts until {until:%H:%M:%S} UTC")
        plain = code.replace(" ", "")
        present = int(now.timestamp()) // device.interval
        right = [present + by for by in _AROUND if _same(device, plain, present + by)]
        if not right:
            self._wrong[person] = (*wrong, now)
            raise FactorRefused("the code is wrong, or the clock of the device is: type the one that it shows now")
        if right[-1] <= last:
            raise FactorRefused("the code was used already: wait for the next one")
        self._wrong.pop(person, None)
        return right[-1]

    def _device(self, person: str) -> pyotp.TOTP:
        reference = secret_of(person)
        try:
            text = self._secret(reference).strip()
        except SecretMissing as missing:
            help_from = f"whoever runs the daemon puts its secret in {reference}"
            raise FactorRefused(f"{person} has no device for one-time codes here: {help_from}") from missing
        try:
            made = pyotp.parse_uri(text) if text.startswith("otpauth://") else pyotp.TOTP(text.replace(" ", ""))
        except (ValueError, binascii.Error):
            wanted = "Base32 of 112 bits or more, or an otpauth:// link"
            raise FactorRefused(f"the secret {reference} is no device's: expected {wanted}") from None
        if not isinstance(made, pyotp.TOTP):
            raise FactorRefused(f"the secret {reference} is of a device that does not go by the time (TOTP)")
        return made


def secret_of(person: str) -> str:
    """Return the reference of the secret of a person's device; a name that is no file's is written in hexadecimal."""
    return f"{ONE_TIME_CODES}/{person}" if _PLAIN.fullmatch(person) else f"{ONE_TIME_CODES}/x-{person.encode().hex()}"


def _same(device: pyotp.TOTP, code: str, step: int) -> bool:
    return bool(_CODE.fullmatch(code)) and hmac.compare_digest(device.generate_otp(step), code)
