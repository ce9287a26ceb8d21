"""A verifier of archives over real files, keys and programs; attackers serve something else."""

import hashlib
import io
import json
import stat
import sys
import tarfile
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from reconciler.model.content import Artifact
from reconciler.model.provenance import (
    ArtifactPolicy,
    CosignKey,
    MinisignKey,
    Proof,
    Report,
    ReportFormat,
    Sbom,
    Scanner,
    Severity,
    Signatures,
    SigningKey,
    Unverified,
    Verified,
    Vulnerabilities,
)
from reconciler.ports.errors import Refused, Unreachable, WorldError
from reconciler.providers.artifacts import ArtifactCache
from reconciler.providers.http import Http
from reconciler.providers.provenance import Verifier
from reconciler.providers.scans import Scans
from tests.policy.test_scan_reports import CYCLONEDX, TRIVY_SARIF
from tests.providers.signers import CosignPerson, MinisignPerson

NOW = datetime(2026, 11, 21, 12, tzinfo=UTC)
ANN, BOB = MinisignPerson(), CosignPerson()
NAMED = MinisignKey(key=ANN.public, name="release@example.org")


class Shop:
    """A folder that serves an archive with what belongs to it, and a verifier that looks at it."""

    def __init__(self, folder: Path, http: Http) -> None:
        self.folder = folder
        self.archive = folder / "shop-1.4.2.tar.gz"
        self.publish(b"the app")
        self.artifact = Artifact(f"file://{self.archive}", self.digest())
        self.cache = ArtifactCache(folder / "artifacts", http, self.blob)
        self.programs: dict[str, list[str]] = {}
        self.verifier = Verifier(http, self.cache, Scans(self.programs, folder / "scans"), folder / "proofs")

    async def blob(self, digest: str) -> bytes:
        return {self.digest(): self.archive.read_bytes()}[digest]

    def digest(self) -> str:
        return "sha256:" + hashlib.sha256(self.archive.read_bytes()).hexdigest()

    def publish(self, data: bytes) -> None:
        with tarfile.open(self.archive, "w:gz") as tar:
            member = tarfile.TarInfo("app")
            member.size = len(data)
            tar.addfile(member, io.BytesIO(data))

    def beside(self, suffix: str, data: bytes) -> None:
        Path(f"{self.archive}{suffix}").write_bytes(data)

    def signed(self, *keys: SigningKey, everyone: bool = False, url: str = "") -> ArtifactPolicy:
        return ArtifactPolicy(name="signed", signatures=Signatures(keys=keys, everyone=everyone, url=url))

    async def prove(self, policy: ArtifactPolicy, artifact: Artifact | None = None) -> Proof:
        return await self.verifier.prove(artifact or self.artifact, policy, NOW)


@pytest.fixture
async def shop(tmp_path: Path) -> AsyncIterator[Shop]:
    http = Http()
    yield Shop(tmp_path, http)
    await http.close()


async def test_an_archive_with_its_signature_is_verified_for_ever(shop: Shop) -> None:
    shop.beside(".minisig", ANN.sign(shop.archive.read_bytes()))
    assert await shop.prove(shop.signed(NAMED)) == Verified()
    assert list((shop.folder / "proofs").iterdir()) == []


async def test_an_archive_that_nobody_signed_is_told_by_name_with_who_is_wanted(shop: Shop) -> None:
    shop.beside(".minisig", ANN.sign(b"another archive"))
    assert await shop.prove(shop.signed(NAMED)) == Unverified(
        "shop-1.4.2.tar.gz is not signed by any of: release@example.org (the signature by "
        f"{int.from_bytes(ANN.id, 'little'):016X} is that of another file) (policy signed)"
    )


async def test_a_signature_that_is_not_there_may_come_later(shop: Shop) -> None:
    with pytest.raises(Unreachable, match=r"shop-1.4.2.tar.gz is not signed by any of: release@example.org \(cannot r"):
        await shop.prove(shop.signed(NAMED))


async def test_one_of_several_is_enough_unless_all_are_wanted(shop: Shop) -> None:
    bob = CosignKey(key=BOB.public, name="bob")
    shop.beside(".sig", BOB.sign(shop.archive.read_bytes()))
    assert await shop.prove(shop.signed(NAMED, bob)) == Verified()
    shop.beside(".minisig", ANN.sign(b"another archive"))
    both = await shop.prove(shop.signed(NAMED, bob, everyone=True))
    assert isinstance(both, Unverified)
    assert "lacks the signatures of: release@example.org (" in both.why
    shop.beside(".minisig", ANN.sign(shop.archive.read_bytes()))
    assert await shop.prove(shop.signed(NAMED, bob, everyone=True)) == Verified()


async def test_an_archive_that_is_replaced_is_never_what_was_verified(shop: Shop) -> None:
    shop.beside(".minisig", ANN.sign(shop.archive.read_bytes()))
    assert await shop.prove(shop.signed(NAMED)) == Verified()
    shop.publish(b"evil")
    shop.beside(".minisig", ANN.sign(shop.archive.read_bytes()))
    with pytest.raises(Refused, match="has the wrong digest"):
        await shop.cache.fetch(shop.artifact)
    with pytest.raises(Refused, match="has the wrong digest"):
        await shop.prove(shop.signed(NAMED))


async def test_what_was_fetched_before_is_delivered_whatever_is_served_now(shop: Shop) -> None:
    kept = (await shop.cache.fetch(shop.artifact)).read_bytes()
    shop.publish(b"evil")
    assert (await shop.cache.fetch(shop.artifact)).read_bytes() == kept


async def test_an_archive_of_the_repository_is_signed_by_its_digest(shop: Shop) -> None:
    hexdigits = shop.digest().removeprefix("sha256:")
    in_git = Artifact(f"repo:{hexdigits}", shop.digest())
    proof = await shop.prove(shop.signed(NAMED), in_git)
    assert isinstance(proof, Unverified)
    assert "comes with the repository" in proof.why
    (shop.folder / f"{hexdigits}.minisig").write_bytes(ANN.sign(shop.archive.read_bytes()))
    by_digest = shop.signed(NAMED, url=f"file://{shop.folder}/{{{{ sha256 }}}}.minisig")
    assert await shop.prove(by_digest, in_git) == Verified()


@pytest.mark.parametrize(("data", "said"), [(b"x" * 70_000, "larger than 65536 bytes")])
async def test_a_signature_without_end_is_not_read(shop: Shop, data: bytes, said: str) -> None:
    shop.beside(".minisig", data)
    with pytest.raises(Refused, match=said):
        await shop.prove(shop.signed(NAMED))


def listed(required: bool = True) -> ArtifactPolicy:
    return ArtifactPolicy(name="listed", sbom=Sbom(url="{{ url }}.cdx.json", required=required))


async def test_a_bill_of_materials_has_to_be_there_and_to_be_of_this_archive(shop: Shop) -> None:
    with pytest.raises(Unreachable, match=r"cannot read .*\.cdx\.json"):
        await shop.prove(listed())
    assert await shop.prove(listed(required=False)) == Verified()
    shop.beside(".cdx.json", b"{}")
    unreadable = await shop.prove(listed(required=False))
    assert isinstance(unreadable, Unverified)
    assert "has a bill of materials that cannot be read: it is neither" in unreadable.why
    bill = {"bomFormat": "CycloneDX", "specVersion": "1.5"}
    other = {"component": {"hashes": [{"alg": "SHA-256", "content": "00" * 32}]}}
    shop.beside(".cdx.json", json.dumps({**bill, "metadata": other}).encode())
    foreign = await shop.prove(listed())
    assert isinstance(foreign, Unverified)
    assert "is of another archive" in foreign.why
    shop.beside(".cdx.json", json.dumps(bill).encode())
    assert await shop.prove(listed()) == Verified()


def reported(fail_on: str, max_age: timedelta | None = None) -> ArtifactPolicy:
    source = Report(url="{{ url }}.vulnerabilities.json", format=ReportFormat.CYCLONEDX)
    rule = Vulnerabilities(source=source, fail_on=Severity(fail_on), max_age=max_age)
    return ArtifactPolicy(name="scanned", vulnerabilities=rule)


async def test_a_report_is_judged_and_good_for_as_long_as_it_is_new(shop: Shop) -> None:
    report = {**CYCLONEDX, "vulnerabilities": [{"id": "CVE-1", "ratings": [{"severity": "low"}]}]}
    shop.beside(".vulnerabilities.json", json.dumps(report).encode())
    made = datetime(2026, 11, 20, 10, tzinfo=UTC)
    assert await shop.prove(reported("high", timedelta(days=7))) == Verified(made + timedelta(days=7))
    old = await shop.prove(reported("high", timedelta(days=1)))
    assert old == Unverified(
        "shop-1.4.2.tar.gz has a report of vulnerabilities of 2026-11-20 10:00Z, which is too old (policy scanned)"
    )
    shop.beside(".vulnerabilities.json", json.dumps(CYCLONEDX).encode())
    bad = await shop.prove(reported("critical"))
    assert isinstance(bad, Unverified)
    assert "has 2 vulnerabilities of severity critical or worse: CVE-2021-44228 in pkg:maven/" in bad.why


async def test_a_report_that_cannot_be_read_verifies_nothing(shop: Shop) -> None:
    shop.beside(".vulnerabilities.json", b"<html>please log in</html>")
    proof = await shop.prove(reported("critical"))
    assert proof == Unverified(
        "shop-1.4.2.tar.gz has a report of vulnerabilities that cannot be read: it is not JSON (policy scanned)"
    )


def scanner(shop: Shop, script: str, *words: str, limit: timedelta = timedelta(seconds=30)) -> ArtifactPolicy:
    """Return a policy with a scanner that is this Python program."""
    program = shop.folder / "scanner.py"
    program.write_text(f"#!{sys.executable}\nimport json, os, sys, time\n{script}\n")
    program.chmod(program.stat().st_mode | stat.S_IXUSR)
    shop.programs["scan"] = [str(program)]
    source = Scanner(command=("scan", *words), format=ReportFormat.SARIF, limit=limit)
    rule = Vulnerabilities(source=source, fail_on=Severity.CRITICAL, max_age=timedelta(days=1))
    bill = Sbom(url="{{ url }}.cdx.json", required=False)
    return ArtifactPolicy(name="scanned", sbom=bill, vulnerabilities=rule)


EMPTY = {"version": "2.1.0", "runs": [{"tool": {"driver": {"name": "x"}}, "results": []}]}
WORDS = ("--format", "sarif", "{{ archive }}", "{{ folder }}", "{{ sbom }}")


async def test_a_scanner_sees_the_archive_what_is_in_it_and_its_bill_and_nothing_of_ours(
    shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("RECONCILER_SECRET", "hunter2")
    shop.beside(".cdx.json", b'{"bomFormat": "CycloneDX", "specVersion": "1.5"}')
    checks = (
        "import hashlib\n"
        f"assert hashlib.sha256(open(sys.argv[3], 'rb').read()).hexdigest() == {shop.digest()[7:]!r}\n"
        "assert open(sys.argv[4] + '/app').read() == 'the app'\n"
        "assert 'CycloneDX' in open(sys.argv[5]).read()\n"
        "assert 'RECONCILER_SECRET' not in os.environ\n"
        f"print({json.dumps(EMPTY)!r})"
    )
    assert await shop.prove(scanner(shop, checks, *WORDS)) == Verified(NOW + timedelta(days=1))


async def test_a_scanner_whose_words_are_all_in_the_settings_gets_none_from_git(shop: Shop) -> None:
    said = f"assert sys.argv[1:2] == ['--offline']; open(sys.argv[2]).close(); print({json.dumps(EMPTY)!r})"
    policy = scanner(shop, said)
    shop.programs["scan"] += ["--offline", "{{ archive }}"]
    assert await shop.prove(policy) == Verified(NOW + timedelta(days=1))
    with pytest.raises(Refused, match=r"scan takes no words from Git: .* write command: \[scan\]"):
        await shop.prove(scanner_with(policy, "--output", "/etc/passwd"))


def scanner_with(policy: ArtifactPolicy, *words: str) -> ArtifactPolicy:
    rule = policy.vulnerabilities
    assert rule
    assert isinstance(rule.source, Scanner)
    source = replace(rule.source, command=(*rule.source.command, *words))
    return replace(policy, vulnerabilities=replace(rule, source=source))


async def test_what_a_scanner_finds_is_judged(shop: Shop) -> None:
    proof = await shop.prove(scanner(shop, f"print({json.dumps(TRIVY_SARIF)!r})", "{{ archive }}"))
    assert isinstance(proof, Unverified)
    assert "has 2 vulnerabilities of severity critical or worse: CVE-2022-42920, NOT-RATED" in proof.why


@pytest.mark.parametrize(
    ("script", "said"),
    [
        ("print('{}'); sys.exit('no database')", "scan ended with status 1: no database"),
        ("time.sleep(60)", "has not ended after 0.2 s"),
        ("print('x' * (40 * 1024 * 1024))", "prints more than 32 MiB"),
    ],
)
async def test_a_scanner_that_gives_no_report_verifies_nothing(shop: Shop, script: str, said: str) -> None:
    short = timedelta(seconds=0.2) if "sleep" in script else timedelta(seconds=60)
    with pytest.raises(Unreachable, match=said):
        await shop.prove(scanner(shop, script, limit=short))


async def test_a_scanner_that_is_not_there_or_that_settings_do_not_name_is_not_run(shop: Shop) -> None:
    policy = scanner(shop, "raise AssertionError")
    shop.programs.clear()
    with pytest.raises(Refused, match=r"scan may not be run here: it is not in provenance\.scanners"):
        await shop.prove(policy)
    shop.programs["scan"] = ["/nothing/at/all"]
    with pytest.raises(Unreachable, match="cannot run /nothing/at/all"):
        await shop.prove(policy)


async def test_what_a_scanner_started_ends_with_it(shop: Shop) -> None:
    script = "pid = os.fork()\nif pid == 0: time.sleep(1000)\nprint('{}')"
    policy = scanner(shop, script, limit=timedelta(seconds=0.5))
    # Its child holds the pipe that is read.
    with pytest.raises(WorldError, match="has not ended"):
        await shop.prove(policy)


async def test_a_disk_without_room_is_told(shop: Shop) -> None:
    (shop.folder / "proofs").write_text("a file in the way")
    with pytest.raises(Unreachable, match=r"shop-1\.4\.2\.tar\.gz cannot be verified in .*proofs"):
        await shop.prove(shop.signed(NAMED))
