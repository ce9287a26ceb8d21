"""The settings as they are written down."""

from pathlib import Path

import pytest

from reconciler.daemon.settings import Settings
from reconciler.daemon.settings_told import HIDDEN, changed, hidden, told


def of(tmp_path: Path, text: str) -> Settings:
    file = tmp_path / "reconciler.toml"
    file.write_text(text)
    return Settings.load(file)


def test_settings_are_told_by_name_as_people_write_them(tmp_path: Path) -> None:
    settings = of(
        tmp_path,
        'state_dir = "state"\n[git]\nurl = "https://git.example/fleet.git"\npoll = "1m30s"\n'
        '[secrets.programs]\npass = ["/usr/bin/pass", "show"]\n[drift]\nwatch = false\n'
        '[api.proxy]\nsecret = "api/proxy"\naddresses = ["192.0.2.0/24", "unix"]\n',
    )
    found = told(settings)
    expected = {
        "state_dir": str(tmp_path / "state"),
        "git.url": "https://git.example/fleet.git",
        "git.branch": "main",
        "git.poll": "1m30s",
        "secrets.programs.pass": "/usr/bin/pass show",
        "drift.watch": "false",
        "api.proxy.secret": "api/proxy",
        "api.proxy.addresses": "192.0.2.0/24 unix",
        "audit.checkpoint": "1h",
    }
    assert {name: found[name] for name in expected} == expected
    assert "audit.checkpoints" not in found


HIDES = {
    "a login in an address": ("https://bob:hunter2@git.example/x.git", "https://git.example/x.git"),
    "a query of an address": ("https://hooks.example/x?token=abc", f"https://hooks.example/x?{HIDDEN}"),
    "a password of a program": ("/bin/x --password=hunter2 --user bob", f"/bin/x --password={HIDDEN} --user bob"),
    "a token after a space": ("/bin/x --token hunter2", f"/bin/x --token {HIDDEN}"),
    "an API key": ("x api_key: hunter2", f"x api_key: {HIDDEN}"),
    "a reference stays": ("vault:shop/db#password", "vault:shop/db#password"),
    "a path stays": ("/etc/reconciler/tokens", "/etc/reconciler/tokens"),
}


@pytest.mark.parametrize(("text", "shown"), HIDES.values(), ids=HIDES)
def test_what_may_be_a_secret_by_mistake_is_hidden(text: str, shown: str) -> None:
    assert hidden(text) == shown


def test_what_changed_is_named() -> None:
    assert changed({"a": "1", "b": "2", "c": "3"}, {"a": "1", "b": "4", "d": "5"}) == ("b", "c", "d")
