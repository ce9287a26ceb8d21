"""What an ordinary user may not do is told in words, and nothing is changed; what the user may do works."""

from collections.abc import AsyncIterator, Mapping
from pathlib import Path

import pytest

from reconciler.kinds.catalog import CATALOG
from reconciler.model.resource import Absent, Unknown
from reconciler.ports.errors import Refused
from tests.contract.conftest import PLAIN, LabWorld
from tests.contract.one_resource import OneResource, one_resource
from tests.lab.hosts import LabHost
from tests.providers.secret_values import SecretValues

pytestmark = pytest.mark.lab

KEY = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIJ8DZ4vVqN3Q0dUoXIhWq5oIz2yDXl5S1FQXyjC4vkzo"
RIGHTS = "with become: sudo"

REFUSED: Mapping[str, tuple[str, Mapping[str, object], str]] = {
    "line": ("line", {"path": "/etc/profile", "line": "x"}, f"may not write in /etc; .*{RIGHTS}"),
    "block": ("block", {"path": "/etc/profile", "name": "x", "text": "y"}, f"may not write in /etc; .*{RIGHTS}"),
    "mount": ("mount", {"path": "/mnt/m", "source": "tmpfs", "type": "tmpfs"}, f"may not write in .*{RIGHTS}"),
    "sysctl": ("sysctl", {"name": "net.ipv4.ip_default_ttl", "value": "65"}, f"may not write in .*{RIGHTS}"),
    "command": ("command", {"name": "x", "run": ["true"], "creates": "/x", "user": "root"}, "may not run a program as"),
    "key": ("authorizedKey", {"user": "careful", "key": KEY}, "Permission denied|may not"),
}


@pytest.fixture
async def one(lab_host: LabHost, tmp_path: Path) -> AsyncIterator[OneResource]:
    async with one_resource(LabWorld(lab_host, PLAIN), tmp_path, {}, SecretValues({})) as made:
        yield made


@pytest.mark.parametrize(("kind", "written", "reason"), REFUSED.values(), ids=REFUSED.keys())
async def test_what_needs_root_is_refused(
    one: OneResource, kind: str, written: Mapping[str, object], reason: str
) -> None:
    resource = one.of(kind, written)
    seen = await one.seen(resource)
    if isinstance(seen, Unknown):
        seen = Absent()
    with pytest.raises(Refused, match=reason):
        await one.apply(*CATALOG[kind].commands(resource, seen, {}))


async def test_what_is_the_users_own_works(one: OneResource) -> None:
    for kind, written in (
        ("line", {"path": "~/.profile", "line": "export A=1"}),
        ("block", {"path": "~/.profile", "name": "x", "text": "export B=1"}),
        ("authorizedKey", {"user": "plain", "key": KEY}),
    ):
        resource = one.of(kind, written)
        await one.bring(resource)
        await one.apply(*CATALOG[kind].removal(resource, await one.seen(resource)))  # type: ignore[arg-type]
        assert await one.fields(resource) != set()
    command = {"name": "x", "script": "echo $HOME >$HOME/ran", "creates": "~/ran", "user": "plain"}
    await one.bring(one.of("command", command))
    assert await one.says("cat ~/ran") == "/home/plain\n"
