"""A release that is not signed waits, one that is scanned badly too; a commit that lacks its signer is refused."""

import json
import sys
from pathlib import Path

from tests.desired.signing import SshPerson
from tests.e2e.archives import tar_gz
from tests.e2e.documents import file, text
from tests.e2e.world import World
from tests.policy.test_scan_reports import TRIVY_SARIF
from tests.providers.signers import MinisignPerson

ANN = MinisignPerson()


def release(world: World) -> tuple[Path, dict[str, object]]:
    artifact, sha256 = tar_gz(world.folder / "shop-1.tar.gz", {"bin/shop": b"#!/bin/sh\n"})
    wanted = {"release": {"name": "shop", "artifact": artifact, "sha256": sha256, "path": "~/shop"}}
    return world.folder / "shop-1.tar.gz", wanted


def policy(name: str, kind: str, **spec: object) -> str:
    return text({"kind": kind, "metadata": {"name": name}, "spec": spec})


def test_a_release_waits_until_it_is_signed_and_says_by_whom(world: World) -> None:
    archive, wanted = release(world)
    keys = [{"minisign": ANN.public, "name": "release@example.org"}]
    world.write({"policies/artifacts.yaml": policy("signed", "ArtifactPolicy", signatures={"anyOf": keys})})
    signature = Path(f"{archive}.minisig")
    signature.write_bytes(ANN.sign(b"another archive"))
    commit = world.app(wanted)
    with world.daemon():
        world.until(lambda: "unverified" in json.dumps(world.status()), "the wait")
        said = world.reconciler("explain", "shop@test")
        assert "shop-1.tar.gz is not signed by any of: release@example.org" in said.flat, said.text
        assert not (world.home() / "shop").exists()
        signature.write_bytes(ANN.sign(archive.read_bytes()))
        world.until(world.in_sync_at(commit), "the rollout of what is signed")
    assert (world.home() / "shop/current/bin/shop").exists()


def test_a_release_with_a_critical_vulnerability_waits_for_an_exception_with_an_end(world: World) -> None:
    _, wanted = release(world)
    scanner = world.folder / "scanner"
    scanner.write_text(f"#!{sys.executable}\nprint({json.dumps(TRIVY_SARIF)!r})\n")
    scanner.chmod(0o755)
    world.settings(provenance={"scanners": {"scan": [str(scanner)]}})
    rule = {"scanner": {"command": ["scan", "{{ archive }}"], "format": "sarif"}, "failOn": "critical"}
    world.write({"policies/artifacts.yaml": policy("scanned", "ArtifactPolicy", vulnerabilities=rule)})
    world.app(wanted)
    said = world.reconciler("run", "--once")
    assert said.status == 4, said.text
    assert "has 2 vulnerabilities of severity critical or worse: CVE-2022-42920, NOT-RATED" in said.flat
    assert not (world.home() / "shop").exists()
    names = ("CVE-2022-42920", "NOT-RATED")
    ignored = [{"id": each, "until": "2999-12-31", "reason": "it is not reachable"} for each in names]
    world.commit(
        {"policies/artifacts.yaml": policy("scanned", "ArtifactPolicy", vulnerabilities={**rule, "ignore": ignored})}
    )
    world.settled()
    assert (world.home() / "shop/current/bin/shop").exists()


def test_a_commit_that_its_signers_did_not_sign_changes_nothing(world: World) -> None:
    ann = SshPerson.new(world.folder, "ada@example.org")
    signer = {"principal": ann.email, "ssh": " ".join(ann.line().split()[1:3])}
    rule = policy("all", "SignerPolicy", paths=["desired-state/**", "policies/**"], signers=[signer])
    world.write({"policies/signers.yaml": rule})
    first = world.app(file("one\n"))
    world.settled()
    world.app(file("evil\n"))
    said = world.reconciler("run", "--once")
    assert "which the policy all wants the signature of ada@example.org: it is not signed" in said.flat, said.text
    assert (world.home() / "shop.txt").read_text() == "one\n"
    assert world.unit()["commit"] == first
    world.git(*ann.options, "commit", "--quiet", "--amend", "--no-edit", "-S")
    world.settled()
    assert (world.home() / "shop.txt").read_text() == "evil\n"
