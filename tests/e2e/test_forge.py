"""The real daemon beside a forge: a webhook has Git looked at, a pull request gets its plan, its merge is told."""

import http.client
import json
import socket
from collections.abc import Iterator
from pathlib import Path

import pytest

from reconciler.model.forge import ForgeKind
from reconciler.providers.clock import SystemClock
from tests.e2e import documents
from tests.e2e.documents import file
from tests.e2e.world import World
from tests.forges import deliveries
from tests.forges.served import TOKEN, ServedForge


class Door(http.client.HTTPConnection):
    """HTTP over the daemon's Unix socket."""

    def __init__(self, path: Path) -> None:
        super().__init__("localhost", timeout=20)
        self._path = path

    def connect(self) -> None:
        self.sock = socket.socket(socket.AF_UNIX)
        self.sock.settimeout(20)
        self.sock.connect(str(self._path))


@pytest.fixture
def forge(world: World) -> Iterator[ServedForge]:
    with ServedForge(ForgeKind.GITHUB, page=50) as served:
        (world.folder / "secrets/forge").mkdir(parents=True)
        (world.folder / "secrets/forge/token").write_text(TOKEN)
        (world.folder / "secrets/forge/hook").write_text(deliveries.SECRET)
        world.settings(
            # Nothing but webhooks tells the daemon of anything.
            git={"url": f"file://{world.repository}", "poll": "1h"},
            secrets={"directory": "secrets"},
            forge={
                "kind": "github",
                "url": served.api,
                "repository": "acme/fleet",
                "token": "forge/token",
                "webhook_secret": "forge/hook",
                "poll": "1h",
            },
        )
        yield served


def send(world: World, event: str, body: dict[str, object], secret: str = "") -> int:
    data = json.dumps(body).encode()
    headers = deliveries.github(event, data, identity=str(hash(data)))
    if secret:
        headers["x-hub-signature-256"] = secret
    door = Door(world.state / "api.sock")
    try:
        door.request("POST", "/hooks/github", body=data, headers=headers)
        return door.getresponse().status
    finally:
        door.close()


def test_webhooks_bring_plans_and_rollouts(world: World, forge: ServedForge) -> None:
    first = world.app(file("one\n"))
    with world.daemon() as daemon:
        world.until(world.in_sync_at(first), "the first commit is rolled out")
        world.until((world.state / "api.sock").exists, "the door is open")
        world.git("checkout", "--quiet", "-b", "topic")
        head = world.commit({"desired-state/shop.yaml": documents.app(file("two\n"), version="2")})
        request = forge.open("topic", head)
        world.git("update-ref", f"refs/pull/{request.number}/head", head)
        assert send(world, "pull_request", {"action": "opened"}, "sha256=" + "0" * 64) == 401
        assert send(world, "pull_request", {"action": "opened"}) == 202
        world.until(lambda: forge.texts(request.number), "the plan is in the pull request")
        world.until(lambda: forge.said_of(head).get("reconciler/plan", ("",))[0] == "success", "and in a status")
        assert "1 to update" in forge.texts(request.number)[0]
        assert (world.home() / "shop.txt").read_text() == "one\n"

        world.git("checkout", "--quiet", "main")
        world.git("merge", "--quiet", "--ff-only", "topic")
        forge.merge(request, head)
        forge.merged_at = SystemClock().now().isoformat()
        assert send(world, "push", {"ref": "refs/heads/topic"}) == 204
        assert send(world, "push", {"ref": "refs/heads/main"}) == 202
        world.until(world.in_sync_at(head), "the merge is rolled out")
        world.until(lambda: "1 of 1 unit done" in forge.texts(request.number)[0], "and told so")
        world.until(lambda: forge.said_of(head).get("reconciler/rollout", ("",))[0] == "success", "also in a status")
        assert "internal error" not in daemon.log
        assert TOKEN not in daemon.log
        assert deliveries.SECRET not in daemon.log
