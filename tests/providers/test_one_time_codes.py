"""One-time codes against the vectors of RFC 6238 (appendix B) and of people who guess."""

import base64
from datetime import UTC, datetime, timedelta

import pyotp
import pytest

from reconciler.ports.second_factor import FactorRefused
from reconciler.providers.one_time_codes import GUESSES, PATIENCE, OneTimeCodes, secret_of
from tests.providers.secret_values import SecretValues

SECRET = base64.b32encode(b"12345678901234567890").decode()
NOW = datetime(2026, 3, 1, 12, 0, 10, tzinfo=UTC)
STEP = int(NOW.timestamp()) // 30


def codes(secret: str = SECRET, person: str = "ann") -> OneTimeCodes:
    return OneTimeCodes(SecretValues({secret_of(person): secret}).value)


def code(step: int = STEP) -> str:
    return pyotp.TOTP(SECRET).generate_otp(step)


@pytest.mark.parametrize(
    ("seconds", "shown"), [(59, "287082"), (1111111109, "081804"), (1234567890, "005924"), (20000000000, "353130")]
)
def test_the_codes_of_the_standard_are_right(seconds: int, shown: str) -> None:
    assert codes().step("ann", shown, -1, datetime.fromtimestamp(seconds, UTC)) == seconds // 30


def test_a_link_that_a_device_reads_says_how_many_digits_and_how_long() -> None:
    link = pyotp.TOTP(SECRET, digits=8, interval=60).provisioning_uri(name="ann", issuer_name="reconciler")
    shown = pyotp.TOTP(SECRET, digits=8, interval=60).at(NOW)
    assert codes(link).step("ann", shown, -1, NOW) == int(NOW.timestamp()) // 60


@pytest.mark.parametrize("by", [-1, 0, 1])
def test_a_device_may_be_a_step_early_or_late(by: int) -> None:
    assert codes().step("ann", code(STEP + by), -1, NOW) == STEP + by


@pytest.mark.parametrize("wrong", [code(STEP - 2), code(STEP + 2), "", "000000", "12345", "abcdef", "１２３４５６"])
def test_any_other_code_is_wrong(wrong: str) -> None:
    with pytest.raises(FactorRefused, match="wrong"):
        codes().step("ann", wrong, -1, NOW)


@pytest.mark.parametrize("last", [STEP, STEP + 1])
def test_a_code_is_good_once_and_none_before_it_is(last: int) -> None:
    with pytest.raises(FactorRefused, match="used already"):
        codes().step("ann", code(), last, NOW)


def test_spaces_between_the_digits_are_how_devices_show_them() -> None:
    assert codes().step("ann", f"{code()[:3]} {code()[3:]}", STEP - 1, NOW) == STEP


def test_who_guesses_has_to_wait_though_the_code_is_right_by_then() -> None:
    checked = codes()
    for _ in range(GUESSES):
        with pytest.raises(FactorRefused, match="wrong"):
            checked.step("ann", "0", -1, NOW)
    with pytest.raises(FactorRefused, match="too many wrong codes of ann"):
        checked.step("ann", code(), -1, NOW)
    later = NOW + PATIENCE
    assert checked.step("ann", pyotp.TOTP(SECRET).at(later), -1, later)


def test_a_right_code_ends_the_counting() -> None:
    checked = codes()
    for number in range(GUESSES * 3):
        now = NOW + timedelta(seconds=number)
        if number % 2:
            assert checked.step("ann", pyotp.TOTP(SECRET).at(now), -1, now)
        else:
            with pytest.raises(FactorRefused, match="wrong"):
                checked.step("ann", "0", -1, now)


@pytest.mark.parametrize(
    ("secret", "said"),
    [
        ("not base32!", "expected Base32 of 112 bits or more"),
        ("JBSWY3DPEHPK3PXP", "expected Base32 of 112 bits or more"),
        ("otpauth://hotp/x:ann?secret=" + SECRET, "does not go by the time"),
        ("otpauth://totp/", "expected Base32 of 112 bits or more"),
    ],
)
def test_a_secret_that_is_none_is_told_and_not_shown(secret: str, said: str) -> None:
    with pytest.raises(FactorRefused, match=said) as refused:
        codes(secret).step("ann", "123456", -1, NOW)
    assert secret not in str(refused.value)


def test_somebody_without_a_device_is_told_who_can_help() -> None:
    with pytest.raises(FactorRefused, match=r"eve has no device .* one-time-codes/eve"):
        codes().step("eve", code(), -1, NOW)


@pytest.mark.parametrize("name", ["ann@example.net", "../ann", "x-616e6e", "a/b", "", "ä", "." * 3])
def test_a_name_that_is_no_files_leads_to_no_other_persons_secret(name: str) -> None:
    assert secret_of(name) == f"one-time-codes/x-{name.encode().hex()}"
