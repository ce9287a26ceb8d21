"""Settings: a file, the environment over it, and mistakes told with file and key."""

from datetime import timedelta

import pytest

from reconciler.daemon.settings import Settings, SettingsError


def load(tmp_path, text):
    file = tmp_path / "reconciler.toml"
    file.write_text(text)
    return Settings.load(file)


def test_paths_are_taken_from_the_folder_of_the_file(tmp_path):
    settings = load(tmp_path, 'state_dir = "state"\n[git]\nurl = "repo"\n[ssh]\nidentities = ["key"]\n')
    assert settings.state_dir == tmp_path / "state"
    assert settings.git.url == str(tmp_path / "repo")
    assert settings.ssh.identities == (tmp_path / "key",)


def test_what_stores_of_secrets_may_use_is_named_with_its_place(tmp_path):
    text = '[git]\nurl = "/r"\n[secrets]\ndirectory = "own"\n[secrets.folders]\nteam = "team"\nsrv = "/srv/s"\n'
    settings = load(tmp_path, text + '[secrets.programs]\npass = ["/usr/bin/pass", "show"]\n')
    assert settings.secrets.directory == tmp_path / "own"
    assert {name: str(each) for name, each in settings.secrets.folders.items()} == {
        "team": str(tmp_path / "team"),
        "srv": "/srv/s",
    }
    assert settings.secrets.programs == {"pass": ("/usr/bin/pass", "show")}


@pytest.mark.parametrize(
    ("words", "said"),
    [
        ('["pass", "show"]', "a program is named by its whole path, such as /usr/bin/pass, not 'pass'"),
        ("[]", "should have at least 1 item"),
    ],
)
def test_a_program_for_secrets_is_a_whole_path(tmp_path, words, said):
    with pytest.raises(SettingsError, match=r"secrets\.programs") as mistaken:
        load(tmp_path, f'[git]\nurl = "/r"\n[secrets.programs]\npass = {words}\n')
    assert said in str(mistaken.value)


def test_a_scanner_is_given_what_there_is(tmp_path):
    with pytest.raises(SettingsError, match=r"provenance\.scanners") as mistaken:
        load(tmp_path, '[git]\nurl = "/r"\n[provenance.scanners]\nscan = ["/bin/scan", "{{ file }}"]\n')
    assert "scan: there is no {{ file }}, only archive, folder and sbom" in str(mistaken.value)


@pytest.mark.parametrize(
    "url", ["https://git.example/fleet.git", "ssh://git@git.example/fleet", "git@git.example:fleet"]
)
def test_a_remote_url_is_left_as_it_is(tmp_path, url):
    assert load(tmp_path, f'[git]\nurl = "{url}"\n').git.url == url


def test_the_environment_wins_over_the_file(tmp_path, monkeypatch):
    monkeypatch.setenv("RECONCILER_GIT__BRANCH", "live")
    monkeypatch.setenv("RECONCILER_DRIFT__INTERVAL", "90s")
    settings = load(tmp_path, '[git]\nurl = "/r"\nbranch = "main"\n')
    assert settings.git.branch == "live"
    assert settings.git.url == "/r"
    assert settings.drift.interval == timedelta(seconds=90)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ('[git]\nurl = "/r"\npoll = "5x"', "git.poll: expected a duration such as 500ms, 30s, 5m or 1h30m, got '5x'"),
        ('[git]\nurl = "/r"\n[gti]\na = 1', "gti: there is no such setting"),
        ('[git]\nurl = "https://[::1"', "git.url: Invalid IPv6 URL"),
        ('state_dir = "a\\u0000"\n[git]\nurl = "/r"', "a path in it leads nowhere"),
        ('[git]\nurl = "/r"\nbrunch = "x"', "git.brunch: there is no such setting"),
        ("", "git: this setting is needed"),
        ("[git", "not TOML"),
        ('[git]\nurl = "/r"\n[ssh]\nmax_handshakes = 0', "ssh.max_handshakes: Input should be greater than"),
    ],
)
def test_a_wrong_setting_is_told_with_file_and_key(tmp_path, text, said):
    with pytest.raises(SettingsError) as error:
        load(tmp_path, text)
    assert str(tmp_path / "reconciler.toml") in str(error.value)
    assert said in str(error.value)


def test_a_named_file_that_is_not_there_is_told(tmp_path):
    with pytest.raises(SettingsError, match="there is no such settings file"):
        Settings.load(tmp_path / "no.toml")


def test_every_mistake_is_told(tmp_path):
    with pytest.raises(SettingsError) as error:
        load(tmp_path, '[git]\nbrunch = "x"\n[drift]\ninterval = "1"\n')
    assert len(str(error.value).splitlines()) == 3
