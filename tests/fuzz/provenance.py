"""What others wrote about archives: signatures, bills of materials, reports of vulnerabilities, and public keys."""

import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

from reconciler.model.provenance import Report, ReportFormat, Severity, Vulnerabilities
from reconciler.policy.provenance import good_until, too_vulnerable
from reconciler.policy.scan_reports import Unreadable, bill_of, read
from reconciler.policy.signing_keys import KeyMistake, cosign_key, minisign_key
from reconciler.providers import signatures_cosign, signatures_minisign
from reconciler.providers.signatures_minisign import NotSigned
from tests.fuzz.target import told
from tests.policy.test_scan_reports import CYCLONEDX, OSV, TRIVY_SARIF
from tests.providers.signers import CosignPerson, MinisignPerson

_ANN, _BOB = MinisignPerson(), CosignPerson()
_NOW = datetime(2026, 11, 21, tzinfo=UTC)
_RULE = Vulnerabilities(
    source=Report(url="", format=ReportFormat.SARIF), fail_on=Severity.HIGH, max_age=timedelta(days=7)
)


def reports(data: bytes) -> None:
    """A report in any of the formats, or a bill of materials."""
    for written in ReportFormat:
        try:
            found = read(data, written)
        except Unreadable as error:
            told(error)
        else:
            told(too_vulnerable(_RULE, found, _NOW))
            told(good_until(_RULE, found, _NOW))
    try:
        told(bill_of(data))
    except Unreadable as error:
        told(error)


def report_seeds() -> Iterator[bytes]:
    for each in (TRIVY_SARIF, CYCLONEDX, OSV):
        yield json.dumps(each).encode()


def signatures(data: bytes) -> None:
    """A signature of this very file by minisign or cosign."""
    try:
        signatures_minisign.verify(minisign_key(_ANN.public), data, Path(__file__))
    except NotSigned as error:
        told(error)
    try:
        signatures_cosign.verify(_BOB.public, data, "sha256:" + "0" * 64)
    except NotSigned as error:
        told(error)


def signature_seeds() -> Iterator[bytes]:
    file = Path(__file__).read_bytes()
    yield _ANN.sign(file)
    yield _ANN.sign(file, legacy=True)
    yield _BOB.sign(file)


def keys(data: bytes) -> None:
    """A public key of minisign or cosign, as somebody wrote it into a policy."""
    text = data.decode(errors="replace")
    for reading in (minisign_key, cosign_key):
        try:
            told(reading(text))
        except KeyMistake as error:
            told(error)


def key_seeds() -> Iterator[bytes]:
    yield _ANN.public.encode()
    yield _BOB.public.encode()
