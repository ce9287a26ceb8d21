"""Who may do what at a real daemon's door: rights from Git, tokens from the command line, an issuer, a proxy."""

import os
import pwd
import subprocess
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import httpx
import pytest

from reconciler.model.word import AccessRefused
from reconciler.providers.clock import SystemClock
from tests.e2e.documents import file, text
from tests.e2e.world import Daemon, World
from tests.providers.oidc import AUDIENCE, Issuing

WORD = "a-word-that-only-the-proxy-has"
SHOP = "/v1/units/shop@test"


def bound(**subjects: str) -> str:
    """Role bindings over the shop: a role, and who has it."""
    match = {"units": ["shop@*"]}
    return text(
        *(
            {
                "kind": "RoleBinding",
                "metadata": {"name": role},
                "spec": {"role": role, "subjects": [subject], "match": match},
            }
            for role, subject in subjects.items()
        )
    )


def ask(world: World, path: str, body: Any = None, **headers: str) -> httpx.Response:
    """Ask over the Unix socket."""
    transport = httpx.HTTPTransport(uds=str(world.state / "api.sock"))
    with httpx.Client(transport=transport, base_url="http://reconciler", timeout=30) as client:
        return client.post(path, json=body, headers=headers) if body is not None else client.get(path, headers=headers)


def with_token(token: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {token}"}


def answers(world: World, status: int, path: str, **headers: str) -> Callable[[], bool]:
    """Return a question: does the door answer so?"""
    return lambda: ask(world, path, **headers).status_code == status


def opened(world: World, daemon: Daemon) -> None:
    world.until(lambda: "the API listens" in daemon.log, "the door is open")


def refusals(world: World) -> list[AccessRefused]:
    return [each.event for each in world.entries() if isinstance(each.event, AccessRefused)]


def test_a_token_is_good_for_what_git_binds_to_it_until_it_is_revoked(world: World) -> None:
    world.settings(git={"poll": "300ms"})
    world.write({"policies/access.yaml": bound(operator="user:ci-shop")})
    commit = world.app(file("one\n"))
    with world.daemon() as daemon:
        world.until(world.in_sync_at(commit), "the daemon has done its work")
        token = world.reconciler("token", "make", "ci-shop", "--expires", "1h").out.strip()
        mine = with_token(token)
        assert ask(world, SHOP, **mine).json()["summary"]["unit"] == "shop@test"
        assert ask(world, f"{SHOP}/hold", {"reason": "a test"}, **mine).status_code == 200
        assert ask(world, f"{SHOP}/approve", {}, **mine).status_code == 403
        assert ask(world, "/v1/pause", {"reason": "a test"}, **mine).status_code == 403
        assert ask(world, SHOP, **with_token(token[:-4] + "AAAA")).status_code == 401
        there = ("--server", f"unix://{world.state}/api.sock")
        shown = world.reconciler(*there, "token", "list", RECONCILER_TOKEN=token)
        assert (shown.status, "it needs the action tokens on everything" in shown.flat) == (1, True)
        limited = world.reconciler("token", "make", "ci-shop", "--action", "read").out.strip()
        assert ask(world, SHOP, **with_token(limited)).status_code == 200
        assert ask(world, f"{SHOP}/release", {}, **with_token(limited)).status_code == 403
        assert daemon.stop() == 0

    world.commit({"policies/access.yaml": None}, "nobody is bound any more")
    with world.daemon() as daemon:
        opened(world, daemon)
        world.until(answers(world, 404, SHOP, **mine), "the commit has taken the right away")
        world.commit({"policies/access.yaml": bound(viewer="user:ci-shop")}, "to look only")
        world.until(answers(world, 200, SHOP, **mine), "the commit has given it back")
        assert ask(world, f"{SHOP}/release", {}, **mine).status_code == 403
        assert world.reconciler("token", "revoke", token.split("_")[1]).status == 0
        world.until(answers(world, 401, SHOP, **mine), "the token is revoked")
        daemon.stop()

    told = refusals(world)
    assert {"approve", "pause", "release", "come in"} <= {each.action for each in told}
    everything = b"".join(each.read_bytes() for each in world.state.rglob("*") if each.is_file()) + daemon.log.encode()
    assert token.split("_", 2)[2].encode() not in everything


def test_an_issuer_and_a_proxy_say_who_somebody_is(world: World) -> None:
    (world.folder / "secrets/api").mkdir(parents=True)
    (world.folder / "secrets/api/proxy").write_text(WORD)
    world.write({"policies/access.yaml": bound(viewer="group:corp:sre", operator="user:ada")})
    world.app(file("one\n"))
    with Issuing() as issuing:
        oidc = {"issuer": issuing.url, "audience": AUDIENCE, "prefix": "corp:"}
        proxy = {"secret": "api/proxy", "addresses": ["unix"]}
        world.settings(secrets={"directory": "secrets"}, api={"oidc": oidc, "proxy": proxy})
        now = SystemClock().now()
        with world.daemon() as daemon:
            opened(world, daemon)
            theirs = with_token(issuing.token(now, sub="ada", groups=["sre"]))
            world.until(answers(world, 200, SHOP, **theirs), "who is in the group sees the unit")
            # The issuer's ada is another than the one that the binding names.
            assert ask(world, f"{SHOP}/sync", {}, **theirs).status_code == 403
            shown = {"X-Reconciler-Proxy-Secret": WORD, "X-Remote-User": "ada"}
            assert ask(world, f"{SHOP}/sync", {}, **shown).status_code == 200
            assert ask(world, SHOP, **{**shown, "X-Reconciler-Proxy-Secret": WORD[:-1]}).status_code == 401
            assert ask(world, SHOP, **with_token(issuing.token(now, aud="another"))).status_code == 401
            assert ask(world, SHOP, **{"X-Forwarded-For": "192.0.2.1"}).status_code == 401
            daemon.stop()
    assert WORD not in daemon.log
    assert {each.reason for each in refusals(world) if not each.name} >= {
        "this does not come from a proxy that is believed"
    }


PYTHON = Path("/usr/bin/python3")
"""One that every user may run; the one that runs the tests may be in somebody's home."""

ASKS = """
import http.client, socket, sys
class Over(http.client.HTTPConnection):
    def connect(self):
        self.sock = socket.socket(socket.AF_UNIX)
        self.sock.connect(sys.argv[1])
asked = Over("reconciler")
asked.request("GET", "/v1/units/shop@test", headers=dict(each.split("=") for each in sys.argv[2:]))
print(asked.getresponse().status)
asked.close()
"""


@pytest.mark.skipif(os.geteuid() != 0 or not PYTHON.exists(), reason="only root can be another user")
def test_the_kernel_says_who_is_at_the_socket(world: World) -> None:
    other = pwd.getpwnam("daemon")
    with tempfile.TemporaryDirectory(prefix="door-") as folder:
        Path(folder).chmod(0o755)
        socket = str(Path(folder) / "api.sock")

        def said(*headers: str, group: int = other.pw_gid) -> str:
            python = [PYTHON, "-c", ASKS, socket, *headers]
            done = subprocess.run(
                python, user=other.pw_uid, group=group, extra_groups=[], capture_output=True, text=True, check=False
            )
            return done.stdout.strip() or done.stderr.strip().splitlines()[-1]

        world.settings(git={"poll": "300ms"}, api={"socket": socket, "group": other.pw_name})
        world.app(file("one\n"))
        with world.daemon() as daemon:
            opened(world, daemon)
            assert said() == "404"
            assert said("X-Reconciler-On-Behalf-Of=root") == "404"
            assert "Permission denied" in said(group=65534)
            world.commit({"policies/access.yaml": bound(viewer=f"user:{other.pw_name}")})
            world.until(lambda: said() == "200", "the commit lets them look")
            assert said("X-Forwarded-For=192.0.2.1") == "401"
            daemon.stop()
    assert {(each.name, each.login) for each in refusals(world)} >= {(other.pw_name, "local")}
