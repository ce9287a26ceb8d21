"""Secrets in stores while the daemon follows a branch: asked seldom, new ones seen, and nothing lost without one."""

from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from reconciler.daemon.admission import Admission
from reconciler.daemon.foresight import Foresight
from reconciler.daemon.intake import Commits, Reading
from reconciler.desired.git import GitSource
from reconciler.desired.git_line import GitLine
from reconciler.desired.history import History
from reconciler.desired.load import Folders, Loading
from reconciler.desired.remote import remote
from reconciler.desired.signatures import Anybody
from reconciler.desired.signed_changes import SignedChanges
from reconciler.model.unit import Unit
from reconciler.providers.secret_cache import BRIEFLY
from reconciler.providers.secret_stores import AllSecrets
from tests.daemon.fleet import KINDS, Fleet, app
from tests.leaks import may_hold, unmistakable
from tests.providers.secret_benches import BENCHES, CACHED, Bench

STORE = """\
kind: SecretStore
metadata: {{name: vault}}
spec: {{vault: {{url: "{url}", namespace: ops/team, prefix: team/, approle: {{roleId: the-role, secretId: vault/id}}}}}}
"""


@dataclass
class Followed:
    """A branch that is followed, and the Vault its secrets are in."""

    fleet: Fleet
    bench: Bench
    secrets: AllSecrets
    commits: Commits

    def unit(self, name: str) -> Unit:
        desired = self.commits.newest.desired
        assert desired is not None
        return next(unit for unit in desired.units.values() if unit.id.app == name)

    @property
    def questions(self) -> int:
        """How often Vault was asked for a value."""
        return sum("/data/" in each for each in self.bench.server.asked)


def following(fleet: Fleet, secrets: AllSecrets) -> Commits:
    git = GitLine(remote(str(fleet.repository.path)), fleet.folder / "git")
    source = GitSource(git, "main", ("desired-state", "policies"))
    changes = SignedChanges(source, History(git), Folders())
    reading = Reading(loading=Loading(KINDS, secrets, Folders()))
    admission = Admission(source, Anybody(), fleet.world.journal, changes)
    return Commits(source, fleet.world.journal, reading, fleet.clock, admission)


@pytest.fixture
async def followed(fleet: Fleet, tmp_path: Path) -> AsyncIterator[Followed]:
    bench = Bench(folder=tmp_path, environment={})
    may_hold(tmp_path / "own")
    with BENCHES["vault"](bench):
        secrets = bench.secrets()
        secrets.follow({})
        bench.put("shop/paint", unmistakable("first").encode())
        fleet.repository.write("desired-state/paint.txt", b"colour = {{ secrets.paint }}\n")
        fleet.repository.write("policies/vault.yaml", STORE.format(url=bench.server.url).encode())
        wall = {"template": "paint.txt", "secrets": {"paint": "vault:shop/paint"}}
        fleet.repository.commit("first", **{"shop.yaml": app("red", **wall), "other.yaml": app("red", name="other")})
        commits = following(fleet, secrets)
        await commits.refresh()
        yield Followed(fleet, bench, secrets, commits)
        secrets.close()


async def test_a_store_is_asked_once_in_a_while_however_often_git_is(followed: Followed) -> None:
    assert followed.unit("shop").blocked is None
    for _ in range(5):
        await followed.commits.refresh()
    assert followed.questions == 1


async def test_a_new_value_is_a_new_state_and_an_old_one_again_is_the_old_state(followed: Followed) -> None:
    before, other = followed.unit("shop").digest, followed.unit("other")
    followed.bench.put("shop/paint", unmistakable("second").encode())
    followed.bench.clock.time += CACHED
    await followed.commits.refresh()
    assert followed.unit("shop").digest != before
    assert followed.unit("other").digest == other.digest


async def test_a_store_that_is_away_blocks_its_units_alone_and_brings_back_the_very_same_state(
    followed: Followed,
) -> None:
    before = followed.unit("shop").digest
    followed.bench.clock.time += CACHED
    followed.bench.server.away = 503
    await followed.commits.refresh()
    said = "the store vault cannot be asked for shop/paint: HTTP 503, it is sealed"
    assert followed.unit("shop").blocked == said
    assert followed.unit("other").blocked is None
    followed.bench.server.away = 0
    followed.bench.clock.time += BRIEFLY
    await followed.commits.refresh()
    assert (followed.unit("shop").blocked, followed.unit("shop").digest) == (None, before)


async def test_another_commit_is_looked_at_with_the_stores_of_the_followed_one(followed: Followed) -> None:
    desired = followed.commits.newest.desired
    assert desired is not None
    elsewhere = STORE.format(url="https://elsewhere.example.net").encode()
    same = followed.fleet.repository.commit("a colour", **{"other.yaml": app("blue", name="other")})
    followed.fleet.repository.write("policies/vault.yaml", elsewhere)
    other = followed.fleet.repository.commit("another store", **{"other.yaml": app("green", name="other")})
    # As a process begins that has followed nothing yet.
    secrets = followed.bench.secrets()
    secrets.follow({})
    commits = following(followed.fleet, secrets)
    for revision, blocked in ((same, False), (other, True)):
        seen = await commits.at(await commits._source.resolve(revision))
        assert [bool(unit.blocked) for unit in seen.units.values()] == [False, blocked], revision
    secrets.close()


@pytest.mark.parametrize("how", ["at", "newly"])
async def test_who_looks_at_another_commit_leaves_the_stores_of_the_followed_one(followed: Followed, how: str) -> None:
    elsewhere = STORE.format(url="http://127.0.0.1:1").encode()
    followed.fleet.repository.write("policies/vault.yaml", elsewhere)
    followed.fleet.repository.commit("another store", **{"other.yaml": app("green", name="other")})
    commits, before = followed.commits, followed.secrets.value("vault:shop/paint")
    await getattr(commits, how)(await commits._source.head())
    followed.bench.clock.time += CACHED
    assert followed.secrets.value("vault:shop/paint") == before
    assert followed.questions == 2


async def test_a_commit_of_before_is_told_without_the_stores_that_were_given_up(followed: Followed) -> None:
    desired, asked = followed.commits.newest.desired, len(followed.bench.server.asked)
    assert desired is not None
    retired = b"kind: SecretStore\nmetadata: {name: vault}\nspec: {environment: {}}\n"
    followed.fleet.repository.write("policies/vault.yaml", retired)
    followed.fleet.repository.commit("no vault", **{"other.yaml": app("green", name="other")})
    await followed.commits.refresh()
    git = GitLine(remote(str(followed.fleet.repository.path)), followed.fleet.folder / "git")
    source = GitSource(git, "main", ("desired-state", "policies"))
    foresight = Foresight(followed.fleet.world, source, git, Loading(KINDS, followed.secrets, Folders()))
    seen = await foresight.of_branch(desired.commit)
    (shop,) = (unit for unit in seen.units.values() if unit.id.app == "shop")
    assert shop.blocked is not None
    assert "there is no variable RECONCILER_SECRET_SHOP_PAINT" in shop.blocked
    assert len(followed.bench.server.asked) == asked
