"""Certificates on a real host: both files as they shall be, healthy while they are valid."""

from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from reconciler.model.health import CertificateCheck
from tests.contract.conftest import DEPLOY, LabWorld
from tests.contract.one_resource import OneResource, one_resource
from tests.lab.hosts import LabHost
from tests.policy.issuer import Issuer
from tests.providers.secret_values import SecretValues

pytestmark = pytest.mark.lab

DAY = timedelta(days=1)
NOW = datetime.now(UTC)  # noqa: TID251 - the host's own certificates are valid in the real time
ROOT = Issuer.root("root", start=NOW - 90 * DAY)
OLD = ROOT.issue("shop.example", until=NOW - DAY, start=NOW - 80 * DAY)
NEW = ROOT.issue("shop.example", until=NOW + 10 * DAY, start=NOW - DAY)
FILES = {"old.pem": OLD.pem, "new.pem": NEW.pem, "root.pem": ROOT.pem}


@pytest.fixture
async def one(lab_host: LabHost, tmp_path: Path) -> AsyncIterator[OneResource]:
    secrets = SecretValues({"old": OLD.key_pem.decode().rstrip(), "new": NEW.key_pem.decode().rstrip()})
    async with one_resource(LabWorld(lab_host, DEPLOY), tmp_path, FILES, secrets) as made:
        yield made


async def test_a_certificate_is_put_there_renewed_mended_and_taken_away(one: OneResource) -> None:
    path, key = "/etc/ssl/demo.pem", "/etc/ssl/private/demo.key"
    await one.says("mkdir -p /etc/ssl/private")
    written = {"path": path, "keyPath": key, "chain": "root.pem", "owner": "deploy"}
    old, new = (
        one.of("certificate", {**written, "certificate": f"{name}.pem", "key": name}) for name in ("old", "new")
    )
    await one.bring(old)
    assert await one.says(f"stat -c '%a %U' {path} {key}") == "644 deploy\n600 deploy\n"
    check = CertificateCheck(path=path, valid_for=7 * DAY)
    asked = await one.targets.check(one.world.host(), check)
    assert not asked.healthy
    assert f"{path}: CN=shop.example expired at" in asked.detail

    assert await one.fields(new) == {"content", "key", "expires"}
    await one.bring(new)
    assert (await one.targets.check(one.world.host(), check)).healthy
    longer = await one.targets.check(one.world.host(), CertificateCheck(path=path, valid_for=14 * DAY))
    assert not longer.healthy
    assert longer.detail.endswith("that is less than 14d")
    assert await one.says(f"cat {path}") == (NEW.pem + ROOT.pem).decode()
    assert await one.says(f"cat {key}") == NEW.key_pem.decode()

    await one.says(f"chmod 0644 {key}; echo >>{path}")
    assert await one.fields(new) == {"content", "expires", "key_mode"}
    await one.bring(new)
    await one.says(f"rm {key}")
    assert await one.fields(new) == {"key_type", "key", "key_mode", "key_owner"}
    await one.bring(new)
    await one.take_away(new)
