"""Images, networks and volumes on a real Docker Engine; the images come from a registry and from archives."""

import hashlib
from pathlib import Path

import pytest

from reconciler.kinds.catalog import CATALOG
from reconciler.model.change import Action
from reconciler.model.operation import Operation
from reconciler.model.resource import Absent, Resource
from reconciler.ports.errors import Denied, Refused, Unreachable
from reconciler.ports.kind import Conflict
from tests.apis.engine_world import one_app
from tests.lab import registry
from tests.lab.own_engine import OwnEngine

pytestmark = pytest.mark.lab

COMMAND = ["httpd", "-f", "-h", "/www"]


async def test_an_image_is_pulled_by_its_digest_with_credentials_and_goes(engine: OwnEngine) -> None:
    with registry.running() as there:
        reference = there.push("shop", {"/www/index.html": b"pulled"}, COMMAND)
        async with one_app(engine) as app:
            image = app.of("image", reference=reference, credentials="registry/shop")
            assert await app.seen(image) == [Absent()]
            await app.bring(image)
            assert (await app.status(image))["id"] in engine.docker("image", "ls", "--quiet", "--no-trunc")
            asked = len(there.logins)
            await app.apply(*fetching(image))
            assert len(there.logins) == asked, "what is there is not pulled again"
            assert app.heard.notes == [f"pull {reference}\n"]
            assert b"Pull complete\n" in app.heard.text
            await app.take_away(image)


async def test_a_container_brings_its_image_along(engine: OwnEngine) -> None:
    with registry.running() as there:
        reference = there.push("shop", {"/www/index.html": b"pulled"}, COMMAND)
        async with one_app(engine) as app:
            shop = app.of("container", name="shop", image=reference, credentials="registry/shop", stop_timeout="1s")
            await app.bring(shop)
            assert (await app.health(shop)).healthy


async def test_wrong_credentials_a_missing_image_and_a_registry_that_is_away_are_told_apart(engine: OwnEngine) -> None:
    with registry.running() as there:
        reference = there.push("shop", {}, COMMAND)
        async with one_app(engine) as app:
            anonymous = app.of("image", reference=reference)
            with pytest.raises(Denied, match="are the credentials those of this registry"):
                await app.apply(*fetching(anonymous))
            app.secrets.values["registry/shop"] = "deploy:wrong"
            with pytest.raises(Denied, match="are the credentials those of this registry"):
                await app.apply(*fetching(app.of("image", reference=reference, credentials="registry/shop")))
            app.secrets.values["registry/shop"] = "no colon"
            with pytest.raises(Denied, match="registry/shop is not user:password"):
                await app.apply(*fetching(app.of("image", reference=reference, credentials="registry/shop")))
            app.secrets.values["registry/shop"] = "deploy:hunter3"
            other = app.of("image", reference=f"{there.address}/shop@sha256:{'0' * 64}", credentials="registry/shop")
            with pytest.raises(Refused, match="cannot pull"):
                await app.apply(*fetching(other))
    async with one_app(engine) as app:
        gone = app.of("image", reference=reference)
        with pytest.raises(Unreachable, match="connection refused"):
            await app.apply(*fetching(gone))


async def test_an_image_is_loaded_from_an_archive_and_again_when_its_name_was_given_to_another(
    engine: OwnEngine,
) -> None:
    archive = engine.folder / "shop.tar"
    engine.image("made:1", {"/www/index.html": b"loaded"})
    engine.docker("save", "--output", str(archive), "made:1")
    engine.docker("rmi", "made:1")
    async with one_app(engine) as app:
        image = app.of("image", reference="shop:1.4", archive=f"file://{archive}", sha256=sha256(archive))
        await app.bring(image)
        mine = (await app.status(image))["id"]
        engine.docker("tag", "app:2", "shop:1.4")
        found = await app.difference(image)
        assert found is not None
        assert found.action is Action.REPLACE
        assert found.loses == ("the image shop:1.4",)
        await app.bring(image)
        assert (await app.status(image))["id"] == mine
        shop = app.of("container", name="shop", image="shop:1.4", command=["sleep", "99"], init=True)
        await app.bring(shop)
        engine.docker("tag", "app:2", "shop:1.4")
        assert set(await app.fields(shop)) == {"image"}


async def test_an_archive_with_no_image_in_it_is_refused(engine: OwnEngine) -> None:
    archive = engine.folder / "none.tar"
    archive.write_bytes(b"no tar")
    async with one_app(engine) as app:
        image = app.of("image", reference="shop:1.4", archive=f"file://{archive}", sha256=sha256(archive))
        with pytest.raises(Refused, match="cannot load"):
            await app.apply(*fetching(image))


async def test_a_network_is_made_anew_and_what_was_connected_is_connected_again(engine: OwnEngine) -> None:
    async with one_app(engine) as app:
        network = app.of("network", name="backend", labels={"team": "checkout"})
        shop = app.of("container", name="shop", image="app:1", networks=["backend"], init=True)
        await app.bring(network, shop)
        inside = app.of("network", name="backend", internal=True, subnet="10.99.1.0/24", gateway="10.99.1.1")
        assert set(await app.fields(inside)) == {"internal", "subnet", "gateway"}
        await app.bring(inside)
        assert (await app.status(inside))["connected"] == ["shop"]
        assert await app.fields(shop) == {}
        engine.docker("network", "disconnect", "backend", "shop")
        assert await app.fields(shop) == {"networks": ([], ["backend"])}
        await app.bring(shop)
        await app.take_away(shop, inside)


async def test_a_volume_is_never_changed_and_stays_unless_it_may_go(engine: OwnEngine) -> None:
    async with one_app(engine) as app:
        data = app.of("volume", name="data", labels={"team": "checkout"})
        await app.bring(data)
        with pytest.raises(Conflict, match="cannot be changed without its data"):
            await app.difference(app.of("volume", name="data", labels={"team": "other"}))
        with pytest.raises(AssertionError):
            await app.take_away(data)
        await app.take_away(app.of("volume", name="data", removable=True))


def fetching(image: Resource) -> tuple[Operation, ...]:
    """Return what brings the image, whether it is there or not."""
    return CATALOG["image"].commands(image, Absent(), {})


def sha256(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()
