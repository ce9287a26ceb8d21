"""Certificates made for the test: how long they are valid, whether a chain hangs together, and whose key is whose."""

from datetime import timedelta

import pytest

from reconciler.policy.certificates import certificates, out_of_order, public_half, validity
from tests.policy.issuer import START, Issuer

DAY = timedelta(days=1)
ROOT = Issuer.root("root")
MIDDLE = ROOT.issue("middle", until=START + 20 * DAY)
LEAF = MIDDLE.issue("shop.example", until=START + 30 * DAY)


def test_a_chain_is_read_in_its_order() -> None:
    found = certificates(b"a text before\n" + LEAF.pem + MIDDLE.pem)
    assert [each.subject for each in found] == ["CN=shop.example", "CN=middle"]
    assert out_of_order(found) is None


def test_a_chain_that_is_mixed_up_is_told() -> None:
    assert out_of_order(certificates(MIDDLE.pem + LEAF.pem)) == (
        "CN=middle was not issued by CN=shop.example, which follows it"
    )
    other = Issuer.root("middle")
    assert out_of_order(certificates(LEAF.pem + other.pem)) is not None, "the same name is not enough"


@pytest.mark.parametrize("text", [b"", b"none", b"-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n"])
def test_what_is_no_certificate_is_refused(text: bytes) -> None:
    with pytest.raises(ValueError, match="no certificate in PEM"):
        certificates(text)


@pytest.mark.parametrize(
    ("at", "valid_for", "healthy", "said"),
    [
        (START, 14 * DAY, True, "CN=middle is valid until 2026-01-21 00:00Z"),
        (START, 20 * DAY, True, "CN=middle is valid until 2026-01-21 00:00Z"),
        (START, 21 * DAY, False, "CN=middle is valid until 2026-01-21 00:00Z; that is less than 21d"),
        (START + 21 * DAY, 0 * DAY, False, "CN=middle expired at 2026-01-21 00:00Z"),
        (START - 2 * DAY, 0 * DAY, False, "CN=shop.example is not valid before 2026-01-01 00:00Z"),
    ],
)
def test_the_first_to_end_decides(at, valid_for, healthy, said) -> None:
    assert validity(certificates(LEAF.pem + MIDDLE.pem), at, valid_for) == (healthy, said)


def test_a_key_is_known_by_its_public_half() -> None:
    assert public_half(LEAF.key_pem) == certificates(LEAF.pem)[0].public
    assert public_half(MIDDLE.key_pem) != certificates(LEAF.pem)[0].public


def test_a_key_that_cannot_be_read_is_not_quoted() -> None:
    with pytest.raises(ValueError, match="is no private key in PEM without a password") as caught:
        public_half(b"-----BEGIN PRIVATE KEY-----\nc2VjcmV0\n-----END PRIVATE KEY-----\n")
    assert caught.value.__cause__ is None
    assert caught.value.__suppress_context__
