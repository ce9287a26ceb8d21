"""What others made: archives, what git and gpg print, rows of the journal, contents to compare, certificates."""

import io
import json
import tarfile
import tempfile
import warnings
import zipfile
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from functools import cache
from itertools import pairwise
from pathlib import Path
from typing import Any, get_args

from reconciler.desired import git, signatures, signed_gpg
from reconciler.desired.load import Invalid
from reconciler.desired.process import Ended
from reconciler.diff.compare import describe
from reconciler.model.canonical import canonical, plain
from reconciler.model.event import Event
from reconciler.model.plan import Plan
from reconciler.model.resource import Resource
from reconciler.model.rollout import Rollout
from reconciler.model.standing import UnitStanding
from reconciler.model.verdict import Owned, Snapshot, VerdictRecord
from reconciler.policy.certificates import certificates, out_of_order, public_half, validity
from reconciler.ports.source import SourceError
from reconciler.providers.archive import UnsafeArchive, to_plain_tar
from reconciler.store.codec import decode, encode
from tests import factory
from tests.fuzz.target import told
from tests.sim import plans

_TESTS = Path(__file__).parent.parent
_MOST = 1_000_000


def archives(data: bytes) -> None:
    """An archive; what passes is a tar whose members are all inside."""
    with tempfile.TemporaryDirectory(prefix="reconciler-fuzz-") as made:
        source, plain_tar = Path(made) / "source", Path(made) / "plain"
        source.write_bytes(data)
        try:
            to_plain_tar(source, plain_tar, max_bytes=_MOST)
        except UnsafeArchive as error:
            told(error)
            return
        assert plain_tar.stat().st_size < 20 * _MOST
        with tarfile.open(plain_tar) as passed:
            for member in passed:
                assert not member.name.startswith("/")
                assert ".." not in member.name.split("/")
                assert member.isreg() or member.isdir() or member.issym() or member.islnk()


def archive_seeds() -> Iterator[bytes]:
    for mode in ("w", "w:gz", "w:xz", "w:bz2"):
        for form in (tarfile.GNU_FORMAT, tarfile.PAX_FORMAT):
            yield _tar(mode, form)
    yield _zip(zipfile.ZIP_DEFLATED)
    yield _zip(zipfile.ZIP_STORED)
    yield _zip(zipfile.ZIP_LZMA)


def _tar(mode: Any, form: int) -> bytes:
    made = io.BytesIO()
    with tarfile.open(fileobj=made, mode=mode, format=form) as archive:
        for name, kind, to in (
            ("d", tarfile.DIRTYPE, ""),
            ("d/f\u00e4" + "x" * 120, tarfile.REGTYPE, ""),
            ("d/l", tarfile.SYMTYPE, "../d"),
            ("h", tarfile.LNKTYPE, "d/f\u00e4" + "x" * 120),
        ):
            member = tarfile.TarInfo(name)
            member.type, member.linkname, member.mtime = kind, to, 1.5 if form == tarfile.PAX_FORMAT else 1
            member.size = 4 if kind == tarfile.REGTYPE else 0
            archive.addfile(member, io.BytesIO(b"data"))
    return made.getvalue()


def _zip(how: int) -> bytes:
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w", how) as archive:
        archive.writestr("d/", "")
        archive.writestr("d/f\u00e4", "data")
        link = zipfile.ZipInfo("l")
        link.external_attr = 0o120777 << 16
        archive.writestr(link, "d/f")
    return made.getvalue()


def listings(data: bytes) -> None:
    """What ``git ls-tree`` prints, and after an empty line what ``git cat-file --batch`` does."""
    listing, _, contents = data.partition(b"\n\n")
    try:
        entries = git._entries(listing)
        dict(git._contents(entries, contents))
    except (Invalid, SourceError) as error:
        told(error)


def listing_seeds() -> Iterator[bytes]:
    blob = b"0123456789012345678901234567890123456789"
    plain_file = b"100644 blob %s       5\tdesired-state/a.yaml\0" % blob
    yield plain_file + b"\n\n%s blob 5\nhello\n" % blob
    yield b"120000 blob %s       5\tlink\0" % blob
    yield b"160000 commit %s       -\tsub\0" % blob
    yield b"100644 blob %s       5\t\xff\0" % blob


def commits(data: bytes) -> None:
    """A raw commit with a signature."""
    taken = signatures.take_apart(data)
    if isinstance(taken, signatures.SignedCommit):
        told(taken.committer)


def commit_seeds() -> Iterator[bytes]:
    yield (
        b"tree 0123\nauthor a <a@b> 1 +0000\ncommitter c <c@d> 1 +0000\ngpgsig -----BEGIN SSH SIGNATURE-----\n"
        b" AAAA\n -----END SSH SIGNATURE-----\n\nsubject\n"
    )
    yield b"tree 0123\nauthor a <a@b> 1 +0000\ncommitter c <c@d> 1 +0000\n\nsubject\n"


def gpg_answers(data: bytes) -> None:
    """What gpg says of a signature, and after an empty line its listing of the key."""
    said, _, listing = data.partition(b"\n\n")
    try:
        told(signed_gpg._signer(signed_gpg._status(Ended(0, said, b"")), Path("keys")))
        told(list(signed_gpg._emails(listing)))
    except SourceError as error:
        told(error)


def gpg_answer_seeds() -> Iterator[bytes]:
    yield (
        b"[GNUPG:] NEWSIG a@b\n[GNUPG:] GOODSIG 0123 A <a@b>\n"
        b"[GNUPG:] VALIDSIG 0123 2026-01-01 1 0 4 0 22 8 00 4567\n\n"
        b"pub:u:255:22:0123:1:::u:::scESC:\nuid:u::::1::AB::A <a@b>::::::::::0:\n"
    )
    yield b"[GNUPG:] NEWSIG\n[GNUPG:] EXPKEYSIG 0123 A <a@b>\n[GNUPG:] NO_PUBKEY 0123\n\nuid:r::::1::AB::A <a@b>:\n"


@cache
def _stored() -> tuple[Any, ...]:
    return (Event, Rollout, Plan, Resource, Owned, VerdictRecord, Snapshot, UnitStanding)


def rows(data: bytes) -> None:
    """A row of the journal: its type in a byte, then its text. What is read can be written."""
    kind = _stored()[data[0] % len(_stored()) if data else 0]
    try:
        value = decode(kind, data[1:].decode(errors="replace"))
    except ValueError as error:
        told(error)
        return
    assert isinstance(value, get_args(kind) or kind)


def row_seeds() -> Iterator[bytes]:
    thing = factory.thing("first", one=1)
    plan = plans.rolling(plans.shop("2", ("web-1", "web-2")))
    owned = Owned(resource=thing, created=True)
    standing = UnitStanding(unit=factory.SHOP, owned={thing.id: owned})
    for value in (plan, thing, owned, standing):
        index = next(at for at, kind in enumerate(_stored()) if isinstance(value, get_args(kind) or kind))
        yield bytes([index]) + encode(value).encode()
    for member in get_args(Event):
        yield b"\0" + json.dumps({"type": member.__name__, "at": "2026-01-01T00:00:00+00:00", "unit": "a@b"}).encode()


def differences(data: bytes) -> None:
    """Two contents of a file with a NUL byte between; a byte says how it is called."""
    name = ("a.json", "a.yaml", "a.toml", "a.txt")[data[0] % 4 if data else 3]
    before, _, after = data[1:].partition(b"\0")
    for one, other in pairwise((before, after, None, before)):
        canonical(plain(describe("content", one, other, name))).encode()


def difference_seeds() -> Iterator[bytes]:
    yield b'\0{"a": [1, 2.5e3, true, null], "b": {"c": "d"}}\0{"a": [1], "b": {"e": "\\ud83d"}}'
    yield b"\1a: &x [1, ~, !!int '1', 2026-01-01]\nb: {<<: {c: 1}}\n---\nd\0a: *x\n? [1]\n: |\n  text\n"
    yield b"\1a: !!bool x\nb: !!float '.inf'\nc: !!timestamp x\nd: !!set {a}\n\0e: !!omap [{a: 1}]\nf: !!binary eA==\n"
    yield b"\2a = 1\n[b]\nc = 2026-01-01T00:00:00Z\nd = [1.5, inf]\n\0a = '''x'''\nb.c = {d = 1}\n"
    yield b"\3one\ntwo\n\0one\n\xff\n"


def pems(data: bytes) -> None:
    """Certificates, or a private key."""
    with warnings.catch_warnings(action="ignore"):  # of what is old, and read all the same
        try:
            chain = certificates(data)
            told(out_of_order(chain))
            told(validity(chain, datetime(2026, 1, 1, tzinfo=UTC), timedelta(days=14))[1])
        except ValueError as error:
            told(error)
        try:
            public_half(data)
        except ValueError as error:
            told(error)


def pem_seeds() -> Iterator[bytes]:
    for path in sorted((_TESTS / "kinds" / "files").glob("*.pem")):
        yield path.read_bytes()
    yield b"".join(path.read_bytes() for path in sorted((_TESTS / "kinds" / "files").glob("*.pem")))
