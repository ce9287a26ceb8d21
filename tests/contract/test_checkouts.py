"""Checkouts with a real git on a real host, from a bare repository there."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from reconciler.model.operation import RunCommand
from reconciler.model.resource import Absent, Present, Unknown
from reconciler.ports.errors import Refused
from reconciler.ports.kind import Conflict
from tests.contract.conftest import DEPLOY, PLAIN, LabWorld
from tests.contract.one_resource import CATALOG, OneResource, one_resource
from tests.lab.hosts import LabHost
from tests.providers.secret_values import SecretValues

pytestmark = pytest.mark.lab

REPOSITORY = """
rm -rf /srv/demo* /srv/.rcl-* && mkdir /srv/demo-work && cd /srv/demo-work && git init -q -b main .
git config user.name demo; git config user.email demo@localhost
echo one >a; echo '*.log' >.gitignore; git add .; git commit -q -m one; git tag v1
echo two >a; echo new >b; git add .; git commit -q -m two; git tag -a -m two v2
git clone -q --bare . /srv/demo.git; chown -R {owner}: /srv/demo.git /srv/demo-work
git -c safe.directory='*' rev-parse v1 v2^0
"""
PROGRAMS = """
cd /srv/demo
git -c safe.directory='*' config core.fsmonitor 'id >/tmp/ran'
git -c safe.directory='*' config filter.x.clean 'id -un >>/tmp/who; cat'
mkdir -p .git/info; echo '* filter=x' >.git/info/attributes
echo eno >a
chown -R plain: .
"""
FAILS = RunCommand(what="fail", argv=("false",))


class Checkouts:
    """A repository with two commits, and checkouts of it at /srv/demo."""

    def __init__(self, one: OneResource, owner: str, commits: list[str]) -> None:
        self.one = one
        self.first, self.second = commits
        self._owner = {} if owner == "root" else {"owner": owner}

    def at(self, commit: str, **more: str):
        written = {"path": "/srv/demo", "repository": "file:///srv/demo.git", "revision": commit}
        return self.one.of("gitCheckout", {**written, **self._owner, **more})


@pytest.fixture(params=["root", "plain"])
async def checkouts(request: pytest.FixtureRequest, lab_host: LabHost, tmp_path: Path) -> AsyncIterator[Checkouts]:
    async with one_resource(LabWorld(lab_host, DEPLOY), tmp_path, {}, SecretValues({})) as one:
        said = await one.says(REPOSITORY.replace("{owner}", request.param))
        yield Checkouts(one, request.param, said.split())
        await one.says("rm -rf /srv/demo* /srv/.rcl-*")


async def test_a_commit_is_checked_out_changed_mended_and_taken_away(checkouts: Checkouts) -> None:
    one, first, second = checkouts.one, checkouts.at(checkouts.first), checkouts.at(checkouts.second, tag="v2")
    await one.bring(first)
    assert await one.says("cat /srv/demo/a; ls /srv/demo; ls -A /srv | grep rcl || true") == "one\na\n"
    await one.says("echo mine >/srv/demo/untracked; echo log >/srv/demo/x.log")
    assert await one.differs(first) is None, "what is not of the repository is left alone"

    assert await one.fields(second) == {"revision"}
    await one.bring(second)
    await one.says("echo by hand >/srv/demo/a; rm /srv/demo/b")
    seen = await one.seen(second)
    assert isinstance(seen, Present)
    assert seen.attributes["modified"] == ["a", "b"]
    await one.bring(second)
    assert await one.says("cat /srv/demo/a /srv/demo/untracked") == "two\nmine\n"

    await one.says("mv /srv/demo.git /srv/demo.away")
    await one.bring(first)
    await one.bring(second)

    with pytest.raises(Refused, match=r"cannot remove /srv/demo: there are files .* by hand: untracked"):
        await one.take_away(second)
    await one.says("rm /srv/demo/untracked")
    await one.take_away(second)
    assert await one.says("ls -A /srv | grep -e rcl -e '^demo$' || true") == ""


async def test_what_fails_later_takes_all_of_it_back(checkouts: Checkouts) -> None:
    one, first, second = checkouts.one, checkouts.at(checkouts.first), checkouts.at(checkouts.second)
    kind = CATALOG["gitCheckout"]
    with pytest.raises(Refused, match="cannot fail"):
        await one.apply(*kind.commands(first, Absent(), {}), FAILS)
    assert await one.seen(first) == Absent()
    await one.bring(first)
    await one.says("echo by hand >/srv/demo/a")
    seen = await one.seen(second)
    assert isinstance(seen, Present)
    with pytest.raises(Refused, match="cannot fail"):
        await one.apply(*kind.commands(second, seen, {}), FAILS)
    with pytest.raises(Refused, match="cannot fail"):
        await one.apply(*kind.removal(first, seen), FAILS)
    assert await one.seen(first) == seen
    assert await one.says("cat /srv/demo/a") == "by hand\n"


async def test_a_user_without_rights_has_checkouts_at_home(lab_host: LabHost, tmp_path: Path) -> None:
    async with one_resource(LabWorld(lab_host, PLAIN), tmp_path, {}, SecretValues({})) as one:
        said = await one.says(REPOSITORY.replace("/srv/", "$HOME/").replace("{owner}", "plain"))
        first, second = said.split()
        written = {"path": "~/demo", "repository": "file:///home/plain/demo.git"}
        await one.bring(one.of("gitCheckout", {**written, "revision": first}))
        second_one = one.of("gitCheckout", {**written, "revision": second, "tag": "v2"})
        await one.says("echo by hand >~/demo/a")
        assert await one.fields(second_one) == {"revision", "modified"}
        await one.bring(second_one)
        assert await one.says("cat ~/demo/a") == "two\n"
        await one.take_away(second_one)


async def test_a_commit_or_a_tag_that_is_not_there_changes_nothing(checkouts: Checkouts) -> None:
    one = checkouts.one
    with pytest.raises(Refused, match=r"cannot clone file:///srv/demo.git for /srv/demo: .*no commit 000"):
        await one.bring(checkouts.at("0" * 40))
    with pytest.raises(Refused, match=r"the tag v1 is at .*: somebody has moved it"):
        await one.bring(checkouts.at(checkouts.second, tag="v1"))
    assert await one.says("ls -A /srv | grep -e rcl -e '^demo$' || true") == ""


async def test_what_stands_in_the_way_is_told(checkouts: Checkouts) -> None:
    one, first = checkouts.one, checkouts.at(checkouts.first)
    await one.says("mkdir /srv/demo")
    with pytest.raises(Conflict, match="is a directory without a Git repository on web-1"):
        await one.differs(first)
    await one.says("rmdir /srv/demo; touch /srv/demo")
    with pytest.raises(Conflict, match="is a file on web-1"):
        await one.differs(first)
    await one.says("rm /srv/demo; mkdir -p /srv/demo/.git")
    assert isinstance(await one.seen(first), Unknown)


async def test_a_program_named_by_the_repository_is_not_run_with_our_rights(checkouts: Checkouts) -> None:
    one, first = checkouts.one, checkouts.at(checkouts.first)
    await one.bring(first)
    await one.says(PROGRAMS)
    assert not isinstance(await one.seen(first), Unknown)
    assert await one.says("cat /tmp/ran 2>/dev/null; sort -u /tmp/who; rm -f /tmp/who") == "plain\n"
