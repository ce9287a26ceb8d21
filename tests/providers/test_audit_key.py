"""The key that the record is signed with, as a file."""

import base64
import stat
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from reconciler.providers.audit_key import AuditKeyUnusable, audit_key, is_public_key, public_key, signed


def test_a_key_is_made_once_for_our_eyes_only(tmp_path: Path) -> None:
    assert public_key(tmp_path) is None
    first = audit_key(tmp_path)
    assert audit_key(tmp_path).public == first.public == public_key(tmp_path)
    assert stat.S_IMODE((tmp_path / "audit-key").stat().st_mode) == 0o600
    assert sorted(each.name for each in tmp_path.iterdir()) == ["audit-key", "audit-key.pub"]


def test_what_it_has_signed_holds_and_nothing_else_does(tmp_path: Path) -> None:
    key = audit_key(tmp_path)
    other = audit_key(_folder(tmp_path))
    signature = key.sign(b"word")
    assert signed(key.public, b"word", signature)
    assert not signed(key.public, b"other word", signature)
    assert not signed(other.public, b"word", signature)
    assert not signed(key.public, b"word", other.sign(b"word"))


@pytest.mark.parametrize("text", ["", "x", "é", base64.b64encode(b"\x01" * 31).decode(), "A" * 10_000])
def test_what_is_no_key_or_no_signature_has_signed_nothing(tmp_path: Path, text: str) -> None:
    key = audit_key(tmp_path)
    assert not is_public_key(text)
    assert not signed(text, b"word", key.sign(b"word"))
    assert not signed(key.public, b"word", text)


def test_a_public_key_that_somebody_put_there_is_put_right(tmp_path: Path) -> None:
    key = audit_key(tmp_path)
    (tmp_path / "audit-key.pub").write_text(f"{audit_key(_folder(tmp_path)).public}\n")
    assert audit_key(tmp_path).public == public_key(tmp_path) == key.public


def test_a_key_that_others_may_read_signs_nothing(tmp_path: Path) -> None:
    audit_key(tmp_path)
    (tmp_path / "audit-key").chmod(0o640)
    with pytest.raises(AuditKeyUnusable, match=r"others may read or write the key .*; chmod 600 it"):
        audit_key(tmp_path)


@pytest.mark.parametrize(
    ("text", "why"),
    [
        (b"", "no private key in PEM"),
        (b"-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n", "no private key in PEM"),
        (
            ec.generate_private_key(ec.SECP256R1()).private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()),
            "a key of another sort than Ed25519",
        ),
    ],
    ids=["empty", "cut off", "another sort"],
)
def test_what_is_no_key_of_ours_is_told(tmp_path: Path, text: bytes, why: str) -> None:
    (tmp_path / "audit-key").touch(0o600)
    (tmp_path / "audit-key").write_bytes(text)
    with pytest.raises(AuditKeyUnusable, match=why):
        audit_key(tmp_path)


def test_a_folder_that_is_not_there_is_told(tmp_path: Path) -> None:
    with pytest.raises(AuditKeyUnusable, match="No such file or directory"):
        audit_key(tmp_path / "none")


def _folder(tmp_path: Path) -> Path:
    folder = tmp_path / "other"
    folder.mkdir(exist_ok=True)
    return folder
