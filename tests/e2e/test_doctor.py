"""``reconciler doctor`` on a fleet where all is well, and on one where it is not."""

import json
from typing import Any

from tests.e2e.documents import file
from tests.e2e.world import World


def found(world: World, *words: str) -> tuple[int, dict[tuple[str, str], dict[str, Any]]]:
    said = world.reconciler("doctor", "--json", *words)
    return said.status, {(each["about"], each["subject"]): each for each in json.loads(said.out)}


def test_a_fleet_on_which_all_is_well_has_nothing_bad_and_nothing_is_changed(world: World) -> None:
    world.app(file("a.txt"))
    before = sorted(world.home().rglob("*"))
    status, findings = found(world)
    assert [each for each in findings.values() if each["level"] == "bad"] == []
    assert status == 0
    assert {subject for about, subject in findings if about == "web-1"} >= {"login", "tools", "clock", "disk"}
    assert sorted(world.home().rglob("*")) == before


def test_what_is_wrong_is_told_host_by_host_with_what_to_do(pair: World) -> None:
    pair.app(file("a.txt"))
    pair.there.cut("web-1")
    key = pair.there.fleet.client_key
    key.chmod(0o644)
    status, findings = found(pair)
    assert status == 1
    assert findings["web-1", "network"]["level"] == "bad"
    assert findings["web-2", "login"]["level"] == "good"
    assert findings["this machine", "ssh key"]["mend"] == f"chmod 600 {key}"


def test_a_person_reads_what_is_wrong_in_words(pair: World) -> None:
    pair.app(file("a.txt"))
    pair.there.cut("web-1")
    said = pair.reconciler("doctor", "--host", "web-1", "--host", "nobody")
    assert said.status == 1
    assert "web-1 bad network: cannot connect to web-1" in said.flat
    assert "there is no such target in the desired state -> there are: web-1, web-2" in said.flat
    assert "web-2 good" not in said.flat


def test_documents_that_do_not_load_are_told_and_no_host_is_asked(world: World) -> None:
    world.commit({"desired-state/shop.yaml": "kind: App\n"})
    status, findings = found(world)
    assert status == 1
    assert findings["this machine", "documents"]["level"] == "bad"
    assert not [about for about, _ in findings if about != "this machine"]
