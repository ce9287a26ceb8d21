"""A daemon tells people through a webhook what becomes of a rollout: signed, in order, within a second."""

import base64
import hashlib
import hmac
import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from tests.e2e.documents import check, file
from tests.e2e.world import World

SECRET = "whsec_" + base64.b64encode(b"the key of the loopback hook").decode()


@dataclass
class Received:
    """What a hook was told, and when; what has no right signature is kept apart."""

    url: str = ""
    told: list[dict[str, Any]] = field(default_factory=list)
    forged: list[bytes] = field(default_factory=list)

    def topics(self) -> list[str]:
        return [each["type"] for each in self.told]


@contextmanager
def hook() -> Iterator[Received]:
    """Have an address that takes signed messages."""
    received = Received()

    class Hook(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            signed = f"{self.headers['webhook-id']}.{self.headers['webhook-timestamp']}.".encode() + body
            key = base64.b64decode(SECRET.removeprefix("whsec_"))
            right = "v1," + base64.b64encode(hmac.new(key, signed, hashlib.sha256).digest()).decode()
            if hmac.compare_digest(self.headers["webhook-signature"], right):
                at = datetime.now(UTC).isoformat()  # noqa: TID251 - how late it is in real time
                received.told.append({**json.loads(body), "id": self.headers["webhook-id"], "received": at})
            else:
                received.forged.append(body)
            self.send_response(204)
            self.end_headers()

        def log_message(self, *_: Any) -> None: ...

    server = ThreadingHTTPServer(("127.0.0.1", 0), Hook)
    received.url = f"http://127.0.0.1:{server.server_port}/hook"
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    try:
        yield received
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def policies(url: str) -> str:
    return f"""\
kind: NotificationChannel
metadata: {{name: hook}}
spec: {{webhook: {{url: "{url}", secret: hook/secret}}}}
---
kind: NotificationPolicy
metadata: {{name: all}}
spec: {{to: [hook]}}
"""


def test_people_are_told_of_a_rollout_of_a_bad_commit_and_of_a_pause(world: World) -> None:
    (world.folder / "secrets/hook").mkdir(parents=True)
    (world.folder / "secrets/hook/secret").write_text(SECRET)
    world.settings(secrets={"directory": "secrets"}, git={"poll": "300ms"})
    with hook() as received:
        world.write({"policies/notify.yaml": policies(received.url)})
        world.app(file("one\n"))
        with world.daemon() as daemon:
            world.until(lambda: "rollout.succeeded" in received.topics(), "the first rollout is told")
            world.commit({"desired-state/bad.yaml": "kind: Nothing\n"}, "oh")
            world.until(lambda: "commit.refused" in received.topics(), "the bad commit is told")
            paused = world.reconciler("pause", "shop@test", "--reason", "an audit")
            assert paused.status == 0, paused.text
            world.until(lambda: "unit.paused" in received.topics(), "the pause is told")
            assert daemon.stop() == 0
            assert SECRET not in daemon.log
    assert received.forged == []
    rollout = [each["type"] for each in received.told if each["type"].startswith("rollout.")]
    assert rollout == ["rollout.planned", "rollout.begun", "rollout.succeeded"]
    assert len({each["id"] for each in received.told}) == len(received.told)
    succeeded = next(each["data"] for each in received.told if each["type"] == "rollout.succeeded")
    assert succeeded["unit"] == "shop@test"
    assert succeeded["changes"]["creates"] == 1
    assert succeeded["commit"]["subject"]
    refused = next(each["data"] for each in received.told if each["type"] == "commit.refused")
    assert "desired-state/bad.yaml:1:7" in refused["detail"]
    held = next(each["data"] for each in received.told if each["type"] == "unit.paused")
    assert (held["reason"], held["commands"]) == ("an audit", ["reconciler resume shop@test"])
    late = [
        (datetime.fromisoformat(each["received"]) - datetime.fromisoformat(each["timestamp"])).total_seconds()
        for each in received.told
    ]
    assert max(late) < 5, f"told so many seconds later: {late}"


def test_people_are_told_of_a_rollout_that_is_taken_back_and_of_drift(world: World) -> None:
    (world.folder / "secrets/hook").mkdir(parents=True)
    (world.folder / "secrets/hook/secret").write_text(SECRET)
    world.settings(secrets={"directory": "secrets"}, git={"poll": "300ms"})
    with hook() as received:
        world.write({"policies/notify.yaml": policies(received.url)})
        world.app(file("good\n"), health=[check("grep -q good shop.txt")])
        with world.daemon():
            world.until(lambda: "rollout.succeeded" in received.topics(), "the first rollout is told")
            (world.home() / "shop.txt").write_text("good, but by hand\n")
            world.until(lambda: "drift.healed" in received.topics(), "the healing is told")
            world.app(file("bad\n"), version="2", health=[check("grep -q good shop.txt")])
            world.until(lambda: "rollout.reverted" in received.topics(), "that it was taken back is told")
            world.until(lambda: "unit.rejected" in received.topics(), "that it is rejected is told")
    about = [each["data"] for each in received.told if each["data"]["version"] == "2"]
    rollout = [each["topic"] for each in about if each["topic"].startswith("rollout.")]
    assert rollout == [
        "rollout.planned",
        "rollout.begun",
        "rollout.failed",
        "rollout.reverting",
        "rollout.reverted",
    ]
    assert len({each["thread"] for each in about if each["topic"].startswith("rollout.")}) == 1
    failed = next(each for each in about if each["topic"] == "rollout.failed")
    assert "grep -q good shop.txt" in failed["detail"]
    assert failed["changes"]["first"] == ["update web-1/file:~/shop.txt"]
