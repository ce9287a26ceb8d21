"""The example in ``desired-state/flags`` does what it says, on a server that plays the service."""

from pathlib import Path

from reconciler.desired.folder import NoSecrets, read_folder
from reconciler.desired.load import Folders, load
from reconciler.kinds.catalog import CATALOG
from reconciler.model.identity import UnitId
from reconciler.model.target import HttpApi, NoAuth
from tests.apis.http_server import Api, serving
from tests.apis.http_world import World

ROOT = Path(__file__).parents[2]


async def test_the_flags_of_the_example_get_there_are_healed_and_taken_away() -> None:
    desired = load("worktree", read_folder(ROOT, Folders()), CATALOG, NoSecrets(), Folders())
    staging = desired.targets["flags-staging"]
    assert isinstance(staging, HttpApi)
    unit = desired.units[UnitId("feature-flags", "staging")]
    checkout, wishes = unit.resources
    api = Api()
    with serving(api):
        for number in range(4):
            api.add(key=f"rule-{number}")
        world = World(api, auth=NoAuth())
        world.sources.contents.update(desired.contents)
        await world.bring(checkout)
        await world.bring(wishes)
        assert api.records["new-checkout"] == {
            "id": "new-checkout",
            "enabled": True,
            "share": 100,
            "owners": ["shop", "payments"],
        }
        api.edit("new-checkout", enabled=False)
        (wish,) = (name for name, each in api.records.items() if each.get("key") == "wish-list")
        api.edit(wish, countries=["DE"])
        await world.bring(checkout)
        await world.bring(wishes)
        assert api.records[wish]["countries"] == ["AT", "DE"]
        for each in (wishes, checkout):
            await world.apply(*CATALOG["httpResource"].removal(each, await world.seen(each)))
        assert sorted(api.records) == ["1", "2", "3", "4"]
        await world.close()
