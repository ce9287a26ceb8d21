"""What a host's answer, or its silence, means to the doctor."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import timedelta

import pytest

from reconciler.daemon.doctor.finding import Level
from reconciler.daemon.doctor.host import Asked, beyond, findings, script, tools, unreached
from reconciler.model.identity import ResourceId
from reconciler.model.resource import Resource
from reconciler.model.target import Become, Host
from reconciler.ports.errors import Broken, Denied, TimedOut, Unreachable, WorldError, WrongHostKey
from tests.factory import NOW, SHOP, desired, unit

HOST = Host(
    name="web-1",
    environment="production",
    address="203.0.113.1",
    port=2222,
    user="deploy",
    host_key="ssh-ed25519 AAAA",
    become=Become.SUDO,
    labels={},
)
WELL: Mapping[str, str] = {
    "now": str(int(NOW.timestamp())),
    "uid": "0",
    "disk": "1000000 4096 500000 1000000",
}


def of(answer: Mapping[str, str | None]) -> Mapping[str, tuple[Level, str]]:
    lines = [f"{word} {rest}" for word, rest in {**WELL, **answer}.items() if rest is not None]
    asked = Asked(lines, NOW, NOW + timedelta(milliseconds=100))
    return {each.subject: (each.level, each.said) for each in findings(HOST, asked)}


def test_a_host_on_which_all_is_well_has_good_findings_only() -> None:
    assert {subject: level for subject, (level, _) in of({}).items()} == dict.fromkeys(
        ("login", "tools", "clock", "disk"), Level.GOOD
    )


@pytest.mark.parametrize(
    ("answer", "subject", "level", "said"),
    [
        ({"missing": "sha256sum"}, "tools", Level.BAD, "not there: sha256sum"),
        ({"now": str(int(NOW.timestamp()) + 40)}, "clock", Level.BAD, "40 s ahead of this machine"),
        ({"now": str(int(NOW.timestamp()) + 5)}, "clock", Level.HINT, "5 s ahead of this machine"),
        ({"now": str(int(NOW.timestamp()) - 3601)}, "clock", Level.BAD, "3600 s behind this machine"),
        ({"now": str(int(NOW.timestamp()) - 1)}, "clock", Level.GOOD, "like this machine's"),
        ({"disk": "1000 4096 500000 1000000"}, "disk", Level.BAD, "3 MiB free"),
        ({"disk": "100000 4096 500000 1000000"}, "disk", Level.HINT, "390 MiB free"),
        ({"disk": "1000000 4096 7 1000000"}, "disk", Level.BAD, "only 7 more files"),
        ({"disk": "1000000 4096 0 0"}, "disk", Level.GOOD, "3906 MiB free"),
        ({"kept": "20480"}, "disk", Level.GOOD, "20 MiB kept"),
        ({"unwritable": "/var/lib"}, "records", Level.BAD, "/var/lib cannot be written to by root"),
        ({"now": "soon"}, "shell", Level.BAD, "makes no sense"),
        ({"disk": "much"}, "shell", Level.BAD, "makes no sense"),
        ({"uid": None}, "shell", Level.BAD, "makes no sense"),
    ],
    ids=str,
)
def test_what_is_not_well_is_told(answer: Mapping[str, str | None], subject: str, level: Level, said: str) -> None:
    found = of(answer)[subject]
    assert found[0] is level
    assert said in found[1]


@pytest.mark.parametrize(
    ("error", "subject"),
    [
        (WrongHostKey("it shows another key"), "host key"),
        (Denied("none of our keys is accepted"), "login"),
        (Denied("cannot become root on web-1: sudo wants a password"), "sudo"),
        (Unreachable("connection refused"), "network"),
        (TimedOut("no answer"), "network"),
        (Broken("the login gives no shell"), "shell"),
    ],
    ids=str,
)
def test_a_host_that_cannot_be_asked_is_told_by_what_stands_in_the_way(error: WorldError, subject: str) -> None:
    (found,) = unreached(HOST, error)
    assert (found.about, found.subject, found.level) == ("web-1", subject, Level.BAD)
    assert str(error) in found.said


def needed(kinds: Sequence[str]) -> tuple[str, ...]:
    named = (ResourceId(unit=SHOP, target="web-1", kind=kind, name="/x") for kind in kinds)
    return tools(HOST, desired(unit(*(Resource(id=each, attributes={}) for each in named))))


def test_a_tool_is_asked_for_where_a_resource_needs_it() -> None:
    assert "systemctl" not in needed(["file"])
    assert "systemctl" in needed(["file", "systemdUnit"])


@pytest.mark.parametrize(
    ("host", "told"),
    [
        (HOST, False),
        (replace(HOST, become=Become.NONE), True),
        (replace(HOST, become=Become.NONE, user="root"), False),
        (replace(HOST, become=Become.NONE, name="web-2"), False),
    ],
)
def test_what_needs_rights_that_nobody_has_there_is_told(host: Host, told: bool) -> None:
    named = (ResourceId(unit=SHOP, target="web-1", kind=kind, name="/x") for kind in ("file", "package", "cron"))
    found = beyond(host, desired(unit(*(Resource(id=each, attributes={}) for each in named))))
    assert [each.said for each in found] == (
        ["deploy works without root, which is needed for: cron, package"] if told else []
    )


def test_the_script_quotes_what_it_looks_for() -> None:
    assert "'a b'" in script(["a b"], "STATE=/x\n").text
