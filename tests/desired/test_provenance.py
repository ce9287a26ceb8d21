"""ArtifactPolicy and SignerPolicy as people write them: what is right, and what is told of what is not."""

import json
from typing import Any

import pytest

from reconciler.desired.load import Folders, Invalid, load
from reconciler.model.identity import UnitId
from reconciler.model.provenance import GpgKeys
from reconciler.model.unit import Desired
from tests.daemon.fleet import BASE, KINDS, app
from tests.providers.secret_values import SecretValues
from tests.providers.signers import CosignPerson, MinisignPerson

MINISIGN = MinisignPerson().public
PEM = CosignPerson().public
GPG = "-----BEGIN PGP PUBLIC KEY BLOCK-----\n\nx\n-----END PGP PUBLIC KEY BLOCK-----\n"
SHOP = UnitId("shop", "testing")


def loaded(kind: str, spec: dict[str, Any], **files: bytes) -> Desired:
    document = f"kind: {kind}\nmetadata: {{name: all}}\nspec: {json.dumps(spec)}\n"
    every = {
        "desired-state/base.yaml": BASE.encode(),
        "desired-state/shop.yaml": app("red"),
        "policies/it.yaml": document.encode(),
        **{f"policies/{name.replace('__', '.')}": data for name, data in files.items()},
    }
    return load("c1", every, KINDS, SecretValues({}), Folders())


def told(kind: str, spec: dict[str, Any], **files: bytes) -> str:
    with pytest.raises(Invalid) as invalid:
        loaded(kind, spec, **files)
    return str(invalid.value)


def signed(*keys: dict[str, Any], **more: Any) -> dict[str, Any]:
    return {"signatures": {"anyOf": list(keys), **more}}


def test_a_policy_speaks_of_the_units_that_it_matches() -> None:
    made = loaded("ArtifactPolicy", signed({"minisign": MINISIGN}))
    (policy,) = made.provenance[SHOP]
    assert policy.name == "all"
    elsewhere = {**signed({"minisign": MINISIGN}), "match": {"environments": {"tier": "critical"}}}
    assert loaded("ArtifactPolicy", elsewhere).provenance == {}


def test_a_policy_changes_no_units_digest() -> None:
    made = loaded("ArtifactPolicy", signed({"minisign": MINISIGN}))
    other = loaded("ArtifactPolicy", signed({"cosign": {"key": PEM}}))
    assert made.units[SHOP].digest == other.units[SHOP].digest


def test_gpg_keys_are_written_out_or_stand_in_a_file_of_the_policies_folder() -> None:
    for keys in (GPG, "release.asc"):
        made = loaded("ArtifactPolicy", signed({"gpg": {"keys": keys}}), release__asc=GPG.encode())
        (policy,) = made.provenance[SHOP]
        assert policy.signatures is not None
        assert policy.signatures.keys == (GpgKeys(keys=GPG),)


@pytest.mark.parametrize("keys", ["nothing.asc", "../desired-state/shop.yaml", "it.yaml"])
def test_a_file_that_has_no_keys_is_told_with_its_place(keys: str) -> None:
    said = told("ArtifactPolicy", signed({"gpg": {"keys": keys}}))
    assert "policies/it.yaml:3:22: spec.signatures: there is no file of GPG keys in ASCII armour at" in said


SCAN = {"scanner": {"command": ["trivy", "{{ archive }}"], "format": "sarif"}}


@pytest.mark.parametrize(
    ("spec", "said"),
    [
        ({}, "expected at least one of signatures, sbom and vulnerabilities"),
        (signed(), "spec.signatures.anyOf"),
        ({"signatures": {}}, "expected exactly one of anyOf and allOf"),
        (signed({}), "expected exactly one of minisign, cosign and gpg"),
        (signed({"minisign": "RWx"}), "expected a public key of minisign, which starts with RW"),
        (signed({"cosign": {"key": "x"}}), "expected a public key of cosign (ECDSA on P-256) in PEM"),
        (signed({"minisign": MINISIGN}, signature="{{ name }}.sig"), "there is no {{ name }} here; expected {{ url }}"),
        (signed({"minisign": MINISIGN}, signature="ftp://x"), "expected an https, http or file URL"),
        ({"sbom": {"url": "shop.json"}}, "expected an https, http or file URL"),
        ({"vulnerabilities": {"failOn": "high"}}, "expected exactly one of scanner and report"),
        ({"vulnerabilities": SCAN}, "expected failOn or atMost; nothing would ever be too much"),
        (
            {"vulnerabilities": {**SCAN, "failOn": "high", "atMost": {"critical": 1}}},
            "failOn: high allows none that is critical",
        ),
        (
            {"vulnerabilities": {"scanner": {"command": ["x", "{{ sbom }}"], "format": "osv"}, "failOn": "high"}},
            "the scanner is given {{ sbom }}, and no sbom says where it is",
        ),
        (
            {"vulnerabilities": {"scanner": {"command": ["x", "{{ env }}"], "format": "osv"}, "failOn": "high"}},
            "there is no {{ env }} here; expected {{ archive }}",
        ),
        (
            {
                "vulnerabilities": {
                    "report": {"url": "{{ url }}.json", "format": "osv"},
                    "failOn": "high",
                    "maxAge": "7d",
                }
            },
            "an OSV report does not say when it was made",
        ),
        (
            {
                "vulnerabilities": {
                    **SCAN,
                    "failOn": "high",
                    "ignore": [{"id": "CVE-1", "until": "soon", "reason": "x"}],
                }
            },
            "expected a day such as 2026-12-31, got 'soon'",
        ),
        (
            {"vulnerabilities": {**SCAN, "failOn": "high", "ignore": [{"id": "CVE-1", "until": "2026-12-31"}]}},
            "reason",
        ),
        ({"vulnerabilities": {**SCAN, "failOn": "terrible"}}, "failOn"),
    ],
)
def test_what_makes_no_sense_in_an_artifact_policy_is_told(spec: dict[str, Any], said: str) -> None:
    assert said in told("ArtifactPolicy", spec)


def test_a_whole_policy_is_read() -> None:
    ignored = [{"id": "CVE-1", "until": "2026-12-31", "reason": "not reachable"}]
    rule = {**SCAN, "failOn": "critical", "atMost": {"high": 3}, "ignore": ignored, "maxAge": "7d"}
    spec = {
        **signed({"minisign": MINISIGN, "name": "release"}),
        "sbom": {"url": "{{ url }}.json"},
        "vulnerabilities": rule,
    }
    (policy,) = loaded("ArtifactPolicy", spec).provenance[SHOP]
    assert policy.vulnerabilities is not None
    assert policy.vulnerabilities.ignored[0].until.isoformat() == "2026-12-31"
    assert policy.sbom is not None


KEY = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIOMqqnkVzrm0SdG6UOoqKLsabgH5C9okWi0dh2l9GKJl"
ANN = {"principal": "ann@example.org", "ssh": KEY}


@pytest.mark.parametrize(
    ("spec", "said"),
    [
        ({"signers": [ANN]}, "expected paths or match; for everything: paths ['**']"),
        ({"paths": ["**"], "signers": []}, "spec.signers"),
        ({"paths": ["**"], "signers": [ANN], "count": 2}, "expected at least 2 signers, there are 1"),
        *(
            ({"paths": [path], "signers": [ANN]}, "expected a path from the top of the repository")
            for path in ("/etc", "./policies", "..", "a//b", "a/../b", "a/./b", "a/..", "[ab]", "{a,b}", "!a", "")
        ),
        ({"paths": ["**"], "signers": [{"ssh": KEY}]}, "expected a principal beside ssh"),
        ({"paths": ["**"], "signers": [{**ANN, "principal": 'a" cert-authority,*@x'}]}, "the email of a committer"),
        ({"paths": ["**"], "signers": [{**ANN, "ssh": "ssh-ed25519 xx"}]}, "spec.signers[0].ssh"),
        ({"paths": ["**"], "signers": [{"gpg": "ABCD"}]}, "expected the whole fingerprint of a GPG key"),
        ({"paths": ["**"], "signers": [{**ANN, "gpg": "A" * 40}]}, "expected exactly one of ssh and gpg"),
        ({"paths": ["**"], "signers": [{"gpg": "A" * 40, "key": "x"}]}, "as gpg --armor --export prints it"),
        ({"paths": ["**"], "signers": [{**ANN, "key": GPG}]}, "key goes with gpg"),
    ],
)
def test_what_makes_no_sense_in_a_signer_policy_is_told(spec: dict[str, Any], said: str) -> None:
    assert said in told("SignerPolicy", spec)


@pytest.mark.parametrize("path", ["**", "policies/", "desired-state/production/**", "a.b/.c/...", ".github/x", "ä/ö?"])
def test_paths_that_files_can_be_on_are_read(path: str) -> None:
    assert loaded("SignerPolicy", {"paths": [path], "signers": [ANN]}).units
