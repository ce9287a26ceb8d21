"""Certificates of a repository: their keys are secrets that have to fit, and they bring their own health check."""

from collections.abc import Mapping
from datetime import timedelta

import pytest

from reconciler.desired.load import Folders, Invalid, load
from reconciler.kinds.catalog import CATALOG
from reconciler.model.health import CertificateCheck, TcpCheck
from reconciler.model.identity import UnitId
from reconciler.model.unit import Desired, Unit
from tests.desired.note import BASE, KINDS, Known
from tests.policy.issuer import START, Issuer

ROOT = Issuer.root("root")
LEAF = ROOT.issue("shop.example", until=START + timedelta(days=90))
APP = """\
kind: App
metadata: {name: shop}
spec:
  version: "1"
  environments: {production: {}}
  targets: {hosts: {role: web}}
  resources:
    - certificate: {path: PATH, certificate: tls/shop.pem, key: shop/tls, keyPath: /etc/shop.key, validFor: 7d}
  health: [tcp: {port: 22}]
"""


def loaded(secrets: Mapping[str, str], path: str = "/etc/shop.pem", pem: bytes = LEAF.pem + ROOT.pem) -> Desired:
    files = {"desired-state/base.yaml": BASE.encode(), "desired-state/shop.yaml": APP.replace("PATH", path).encode()}
    return load("c" * 40, {**files, "desired-state/tls/shop.pem": pem}, {**KINDS, **CATALOG}, Known(secrets), Folders())


def shop(desired: Desired) -> Unit:
    return desired.units[UnitId("shop", "production")]


def test_a_key_that_fits_is_kept_as_a_reference_only() -> None:
    desired = loaded({"shop/tls": LEAF.key_pem.decode().removesuffix("\n")})
    unit = shop(desired)
    content = unit.resources[0].contents["key"]
    assert unit.blocked is None
    assert content.secrets == {"key": "shop/tls"}
    assert content.digest.startswith("keyed:")
    assert all(b"PRIVATE" not in data for data in desired.contents.values())


@pytest.mark.parametrize(
    ("secrets", "why"),
    [
        ({}, "there is no secret shop/tls in the test"),
        ({"shop/tls": "hunter2"}, "the secret shop/tls is no private key in PEM without a password"),
        (
            {"shop/tls": ROOT.key_pem.decode()},
            "the secret shop/tls is not the private key of the certificate in Git",
        ),
    ],
)
def test_a_key_that_does_not_fit_holds_up_its_unit_and_no_other(secrets: Mapping[str, str], why: str) -> None:
    desired = loaded(secrets)
    assert shop(desired).blocked == why
    assert desired.units[UnitId("base", "production")].blocked is None


def test_a_certificate_brings_its_check_along() -> None:
    unit = shop(loaded({"shop/tls": LEAF.key_pem.decode()}))
    check = CertificateCheck(path="/etc/shop.pem", valid_for=timedelta(days=7))
    assert unit.health == (TcpCheck(port=22), check)


def test_what_is_no_certificate_is_a_mistake_of_the_commit() -> None:
    with pytest.raises(Invalid, match=r"shop\.yaml:8:55: spec.resources\[0\].certificate\.certificate: this holds no"):
        loaded({}, pem=b"nothing")


def test_a_chain_that_is_out_of_order_is_a_mistake_of_the_commit() -> None:
    with pytest.raises(Invalid, match=r"the chain is out of order: CN=root was not issued by CN=shop\.example"):
        loaded({}, pem=ROOT.pem + LEAF.pem)
