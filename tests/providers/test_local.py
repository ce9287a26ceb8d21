"""Secrets, artifacts and the clock of this machine."""

import asyncio
import hashlib
import os
import tarfile
import time
from datetime import timedelta
from pathlib import Path

import pytest

from reconciler.model.canonical import digest_bytes
from reconciler.model.content import Artifact
from reconciler.ports.errors import Refused, Unreachable
from reconciler.ports.secrets import SecretMissing
from reconciler.providers.artifacts import ArtifactCache
from reconciler.providers.clock import SystemClock
from reconciler.providers.http import Http
from reconciler.providers.secrets import LocalSecrets


def test_a_secret_is_looked_for_in_files_then_credentials_then_the_environment(tmp_path: Path) -> None:
    (tmp_path / "own/shop").mkdir(parents=True)
    (tmp_path / "credentials").mkdir()
    environment = {"CREDENTIALS_DIRECTORY": str(tmp_path / "credentials"), "RECONCILER_SECRET_SHOP_DB": "third"}
    secrets = LocalSecrets(tmp_path / "own", tmp_path / "key", environment)
    assert secrets.value("shop/db") == "third"
    (tmp_path / "credentials/shop.db").write_text("second\n")
    assert secrets.value("shop/db") == "second"
    (tmp_path / "own/shop/db").write_text("first\n\n")
    assert secrets.value("shop/db") == "first\n"


def test_a_missing_secret_is_told_with_all_places(tmp_path: Path) -> None:
    secrets = LocalSecrets(tmp_path, tmp_path / "key", {})
    with pytest.raises(SecretMissing, match=rf"{tmp_path}/shop/db, the environment variable RECONCILER_SECRET_SHOP_DB"):
        secrets.value("shop/db")


@pytest.mark.parametrize("reference", ["../etc/passwd", "/etc/passwd", "a/../b", "", "a//b", "a/", ".hidden", "a\nb"])
def test_a_reference_cannot_leave_its_folder(tmp_path: Path, reference: str) -> None:
    with pytest.raises(SecretMissing, match="is not a secret's name"):
        LocalSecrets(tmp_path, tmp_path / "key", {}).value(reference)


def test_the_key_is_made_once_and_for_us_alone(tmp_path: Path) -> None:
    key = tmp_path / "state/key"
    first = LocalSecrets(None, key, {}).keyed(digest_bytes(b"x"))
    assert LocalSecrets(None, key, {}).keyed(digest_bytes(b"x")) == first
    assert (oct(key.stat().st_mode & 0o777), len(key.read_bytes())) == ("0o600", 32)
    assert LocalSecrets(None, tmp_path / "other", {}).keyed(digest_bytes(b"x")) != first
    assert names(key.parent) == ["key"]


def test_ids_are_unique_and_sort_by_time() -> None:
    clock = SystemClock()
    ids = [clock.new_id() for _ in range(1000)]
    assert len(set(ids)) == 1000
    assert [name[:9] for name in ids] == sorted(name[:9] for name in ids)
    assert all(len(name) == 16 and name.isalnum() for name in ids)


@pytest.mark.parametrize("hours", [-2, 2])
def test_a_machine_clock_that_is_set_moves_no_deadline_until_it_is_caught_up_with(
    hours: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    clock, real = SystemClock(), time.time  # noqa: TID251
    before = clock.now()
    monkeypatch.setattr(time, "time", lambda: real() + hours * 3600)
    assert timedelta(0) <= clock.now() - before < timedelta(minutes=1)
    assert abs(clock.catch_up() - timedelta(hours=hours)) < timedelta(minutes=1)
    assert abs(clock.now() - before - timedelta(hours=hours)) < timedelta(minutes=1)


def test_jitter_stays_within_a_tenth() -> None:
    drawn = [SystemClock().jitter(timedelta(seconds=100)).total_seconds() for _ in range(500)]
    assert 90 <= min(drawn) < 95 < 105 < max(drawn) <= 110


@pytest.fixture
def archive(tmp_path: Path) -> Path:
    with tarfile.open(tmp_path / "a.tar.gz", "w:gz") as tar:
        tar.addfile(tarfile.TarInfo("empty"))
    return tmp_path / "a.tar.gz"


def of(url: str, path: Path) -> Artifact:
    return Artifact(url, "sha256:" + hashlib.sha256(path.read_bytes()).hexdigest())


def packed(path: Path) -> tuple[bytes, Artifact]:
    return path.read_bytes(), of("repo:" + digest_bytes(path.read_bytes()), path)


def names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


async def test_an_artifact_is_fetched_once_from_wherever_it_is(tmp_path: Path, archive: Path) -> None:
    asked = []

    async def blobs(digest: str) -> bytes:
        asked.append(digest)
        return data

    data, stored = packed(archive)
    cache = ArtifactCache(tmp_path / "cache", Http(), blobs)
    first, again = await asyncio.gather(cache.fetch(stored), cache.fetch(stored))
    assert first == again
    assert asked == [digest_bytes(data)]
    assert await cache.fetch(Artifact("file:///gone", stored.digest)) == first
    assert names(tmp_path / "cache") == [first.name]


async def test_an_artifact_with_the_wrong_digest_is_not_opened(tmp_path: Path, archive: Path) -> None:
    cache = ArtifactCache(tmp_path / "cache", Http(), None)
    with pytest.raises(Refused, match=r"has the wrong digest: sha256:.* it was not opened"):
        await cache.fetch(Artifact(f"file://{archive}", "sha256:" + "0" * 64))
    assert names(tmp_path / "cache") == []


async def test_an_artifact_that_cannot_be_had_is_told(tmp_path: Path, archive: Path) -> None:
    async def blobs(digest: str) -> bytes:
        raise KeyError(digest)

    cache = ArtifactCache(tmp_path / "cache", Http(), blobs)
    for url, reason in (
        ("file:///nowhere", "cannot read /nowhere: No such file"),
        ("http://user:pass@127.0.0.1:1/x", r"cannot fetch http://127\.0\.0\.1:1/x: connection refused"),
        ("repo:sha256:1", "is not stored any more"),
    ):
        with pytest.raises(Unreachable, match=reason) as caught:
            await cache.fetch(of(url, archive))
        assert "pass" not in str(caught.value)


async def test_an_artifact_for_which_there_is_no_room_here_is_told_and_tried_again(
    tmp_path: Path, archive: Path
) -> None:
    blocked = tmp_path / "blocked"
    blocked.write_text("a file where the folder is to be")
    with pytest.raises(Unreachable, match=r"cannot keep .* in .*blocked/cache: Not a directory"):
        await ArtifactCache(blocked / "cache", Http(), None).fetch(of(f"file://{archive}", archive))


async def test_an_artifact_that_is_no_file_is_not_waited_for(tmp_path: Path, archive: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    with pytest.raises(Unreachable, match="pipe: it is no file"):
        await ArtifactCache(tmp_path / "cache", Http(), None).fetch(of(f"file://{tmp_path}/pipe", archive))


async def test_an_artifact_that_is_too_large_or_unsafe_is_refused(tmp_path: Path, archive: Path) -> None:
    with pytest.raises(Refused, match="is larger than 10 bytes"):
        await ArtifactCache(tmp_path / "cache", Http(), None, 10).fetch(of(f"file://{archive}", archive))
    with tarfile.open(archive, "w:gz") as tar:
        tar.addfile(tarfile.TarInfo("../out"))
    with pytest.raises(Refused, match=r"is not safe to unpack: '\.\./out' climbs out"):
        await ArtifactCache(tmp_path / "cache", Http(), None).fetch(of(f"file://{archive}", archive))
