"""Signatures of archives with real keys, and what attackers make of them."""

import hashlib
from collections.abc import Iterator
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from hypothesis import given
from hypothesis import strategies as st

from reconciler.policy.signing_keys import KeyMistake, cosign_key, minisign_key
from reconciler.providers import signatures_cosign, signatures_gpg, signatures_minisign
from reconciler.providers.signatures_minisign import NotSigned
from tests.desired.signing import GpgPerson, gpg
from tests.providers.signers import CosignPerson, MinisignPerson

ARCHIVE = b"the bytes of an archive"
ANN, EVE = MinisignPerson(), MinisignPerson()


@pytest.fixture(scope="module")
def archive(tmp_path_factory: pytest.TempPathFactory) -> Path:
    file = tmp_path_factory.mktemp("archive") / "shop.tar.gz"
    file.write_bytes(ARCHIVE)
    return file


@pytest.mark.parametrize("legacy", [False, True])
@pytest.mark.parametrize("data", [ARCHIVE, b"", b"x" * 3_000_000])
def test_a_file_signed_by_minisign_is_signed(tmp_path: Path, data: bytes, legacy: bool) -> None:
    file = tmp_path / "file"
    file.write_bytes(data)
    signatures_minisign.verify(minisign_key(ANN.public), ANN.sign(data, legacy=legacy), file)


def test_a_signature_that_minisign_itself_has_made_is_good(tmp_path: Path) -> None:
    file = tmp_path / "test"
    file.write_bytes(b"test")
    key = "untrusted comment: minisign public key\nRWQf6LRCGA9i53mlYecO4IzT51TGPpvWucNSCh1CBM0QTaLn73Y7GFO3"
    signature = (
        b"untrusted comment: signature from minisign secret key\n"
        b"RUQf6LRCGA9i559r3g7V1qNyJDApGip8MfqcadIgT9CuhV3EMhHoN1mGTkUidF/z7SrlQgXdy8ofjb7bNJJylDOocrCo8KLzZwo=\n"
        b"trusted comment: timestamp:1556193335\tfile:test\n"
        b"y/rUw2y8/hOUYjZU71eHp/Wo1KZ40fGy2VJEDl34XMJM+TX48Ss/17u3IvIfbVR1FkZZSNCisQbuQY+bHwhEBg==\n"
    )
    signatures_minisign.verify(minisign_key(key), signature, file)


def lines(signature: bytes, **changed: bytes) -> bytes:
    found = signature.split(b"\n")
    for name, line in changed.items():
        found[int(name.removeprefix("line"))] = line
    return b"\n".join(found)


GOOD = ANN.sign(ARCHIVE)
OTHER = ANN.sign(b"another file")


def no_key_in_the_name(value: object) -> str | None:
    """Name a case without what chance has made: tests have the same names in every process."""
    return "signature" if isinstance(value, bytes) else None


@pytest.mark.parametrize(
    ("signature", "said"),
    [
        (OTHER, "is that of another file"),
        (EVE.sign(ARCHIVE), "it is signed with the key"),
        (MinisignPerson(id=ANN.id).sign(ARCHIVE), "is that of another file"),  # a forged key id
        (lines(GOOD, line2=b"trusted comment: shop 2.0"), "the trusted comment of the signature by"),
        (lines(GOOD, line3=OTHER.split(b"\n")[3]), "the trusted comment of the signature by"),
        (lines(GOOD, line1=OTHER.split(b"\n")[1], line3=OTHER.split(b"\n")[3]), "is that of another file"),
        (ANN.sign(hashlib.blake2b(ARCHIVE, digest_size=64).digest(), legacy=True), "is that of another file"),
        (GOOD[:60], "expected four lines"),
        (lines(GOOD, line1=GOOD.split(b"\n")[1][:40]), "it was cut off"),
        (lines(GOOD, line1=b"?"), "expected base64"),
        (GOOD + GOOD, "expected four lines"),
        (b"", "expected four lines"),
    ],
    ids=no_key_in_the_name,
)
def test_what_is_no_signature_of_the_file_by_minisign_is_told(archive: Path, signature: bytes, said: str) -> None:
    with pytest.raises(NotSigned, match=said):
        signatures_minisign.verify(minisign_key(ANN.public), signature, archive)


@given(at=st.integers(0, len(GOOD) - 1), by=st.integers(1, 255))
def test_whatever_byte_is_changed_nothing_else_is_signed_than_was(archive: Path, at: int, by: int) -> None:
    changed = GOOD[:at] + bytes([GOOD[at] ^ by]) + GOOD[at + 1 :]
    try:
        signatures_minisign.verify(minisign_key(ANN.public), changed, archive)
    except NotSigned:
        return
    # The first comment is nobody's, and base64 has bits that say nothing.
    assert signatures_minisign._taken(changed) == signatures_minisign._taken(GOOD)


@given(st.binary(max_size=300))
def test_bytes_that_are_no_signature_are_told(raw: bytes) -> None:
    with pytest.raises(NotSigned):
        signatures_minisign.verify(minisign_key(ANN.public), raw, Path("nothing"))
    with pytest.raises(NotSigned):
        signatures_cosign.verify(BLOB.public, raw, "sha256:" + "0" * 64)


@pytest.mark.parametrize(
    "text",
    ["", "RW", "hello", ANN.public[:-4], "x" * 56, "é", ANN.public.replace("R", "S", 1)],
    ids=["empty", "head", "word", "cut-off", "x", "accent", "another-sort"],
)
def test_what_is_no_key_of_minisign_is_a_mistake(text: str) -> None:
    with pytest.raises(KeyMistake, match="as in minisign"):
        minisign_key(text)


BLOB = CosignPerson()
DIGEST = "sha256:" + hashlib.sha256(ARCHIVE).hexdigest()


def test_a_file_signed_by_cosign_is_signed() -> None:
    signatures_cosign.verify(BLOB.public, BLOB.sign(ARCHIVE), DIGEST)


@pytest.mark.parametrize(
    ("signature", "said"),
    [
        (BLOB.sign(b"another file"), "is that of another file"),
        (CosignPerson().sign(ARCHIVE), "is that of another file"),
        (BLOB.sign(ARCHIVE)[:20], "is that of another file"),
        (b"?", "expected base64"),
        (b"", "is that of another file"),
    ],
    ids=no_key_in_the_name,
)
def test_what_is_no_signature_by_cosign_is_told(signature: bytes, said: str) -> None:
    with pytest.raises(NotSigned, match=said):
        signatures_cosign.verify(BLOB.public, signature, DIGEST)


def test_only_keys_that_cosign_makes_are_taken() -> None:
    other = ec.generate_private_key(ec.SECP384R1()).public_key()
    pem = other.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo).decode()
    for text in (pem, "", "hello", "-----BEGIN PUBLIC KEY-----\nAAAA\n-----END PUBLIC KEY-----"):
        with pytest.raises(KeyMistake, match="expected a public key of cosign"):
            cosign_key(text)


@pytest.fixture(scope="module")
def carol(tmp_path_factory: pytest.TempPathFactory) -> Iterator[GpgPerson]:
    person = GpgPerson.new(tmp_path_factory.mktemp("gpg"), "carol@example.org")
    yield person
    person.close()


def detached(person: GpgPerson, file: Path) -> bytes:
    signature = file.with_name("signature.asc")
    signature.unlink(missing_ok=True)
    gpg(person.home, "--armor", "--output", str(signature), "--detach-sign", str(file))
    return signature.read_bytes()


async def test_a_file_signed_by_gpg_is_signed_and_no_other_file_is(
    carol: GpgPerson, archive: Path, tmp_path: Path
) -> None:
    signature = detached(carol, archive)
    assert await signatures_gpg.verify(carol.exported(), signature, archive) == carol.fingerprint
    other = tmp_path / "other"
    other.write_bytes(ARCHIVE + b"!")
    with pytest.raises(NotSigned, match="is that of another file"):
        await signatures_gpg.verify(carol.exported(), signature, other)
    with pytest.raises(NotSigned, match="is no detached GPG signature"):
        await signatures_gpg.verify(carol.exported(), signature[:50], archive)
    with pytest.raises(NotSigned, match="no GPG key that gpg can read"):
        await signatures_gpg.verify("nothing", signature, archive)


async def test_a_file_that_signs_itself_is_no_detached_signature(
    carol: GpgPerson, archive: Path, tmp_path: Path
) -> None:
    evil, inline = tmp_path / "evil", tmp_path / "inline"
    evil.write_bytes(b"evil")
    gpg(carol.home, "--output", str(inline), "--sign", str(evil))
    with pytest.raises(NotSigned):
        await signatures_gpg.verify(carol.exported(), inline.read_bytes(), archive)


@pytest.fixture
def dave(tmp_path_factory: pytest.TempPathFactory) -> Iterator[GpgPerson]:
    person = GpgPerson.new(tmp_path_factory.mktemp("gpg"), "dave@example.org")
    yield person
    person.close()


async def test_keys_that_the_policy_does_not_have_count_for_nobody(
    carol: GpgPerson, dave: GpgPerson, archive: Path
) -> None:
    by_dave = detached(dave, archive)
    with pytest.raises(NotSigned, match="a key that the policy does not have"):
        await signatures_gpg.verify(carol.exported(), by_dave, archive)
    both = by_dave + detached(carol, archive)
    with pytest.raises(NotSigned):
        await signatures_gpg.verify(carol.exported(), both, archive)
    dave.revoke()
    with pytest.raises(NotSigned, match="was revoked"):
        await signatures_gpg.verify(dave.exported(), by_dave, archive)
