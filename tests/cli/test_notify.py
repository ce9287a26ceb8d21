"""``reconciler notify test``: from a followed commit in a real repository to receivers on loopback."""

from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from reconciler.cli.errors import Exit
from reconciler.model.event import CommitAccepted
from tests.cli.journals import Run, journal
from tests.desired.note import KEY
from tests.desired.repository import Repository
from tests.e2e.documents import app, file
from tests.providers.channels import receivers
from tests.providers.channels.receivers import Receiver

TEMPLATES = """
  templates:
    "rollout.*": "{{ unit }} in our own words"
    "git.lost": "{{ commit.nothing_such }}"
"""
FLEET = f"""\
kind: Environment
metadata: {{name: test}}
spec: {{}}
---
kind: Host
metadata: {{name: web-1, labels: {{role: web}}}}
spec: {{environment: test, address: 127.0.0.1, user: ops, hostKey: "{KEY}"}}
---
{app(file("hello", "/srv/hello"))}""".encode()
POLICY = "kind: NotificationPolicy\nmetadata: {name: ours}\nspec:\n  to: [hook]" + TEMPLATES


@pytest.fixture
def there() -> Iterator[dict[str, Receiver]]:
    """A webhook and PagerDuty, as they are on loopback."""
    with ExitStack() as open_ones:
        yield {
            "hook": open_ones.enter_context(receivers.webhook()),
            "pager": open_ones.enter_context(receivers.pagerduty()),
        }


@pytest.fixture
def followed(tmp_path: Path, state: Path, there: dict[str, Receiver], monkeypatch: pytest.MonkeyPatch) -> Path:
    """A repository whose newest commit is followed, and the secrets of its channels."""
    for reference, value in there["hook"].secrets.items():
        monkeypatch.setenv(f"RECONCILER_SECRET_{reference.replace('/', '_').upper()}", value)
    hook, pager = there["hook"].via, there["pager"].via
    spec = f"spec: {{webhook: {{url: '{hook.url}', secret: hook/secret, token: hook/token}}}}"  # type: ignore[union-attr]
    pages = f"spec: {{pagerduty: {{key: pager/key, api: '{pager.api}'}}}}"  # type: ignore[union-attr]
    documents = [
        f"kind: NotificationChannel\nmetadata: {{name: hook}}\n{spec}",
        f"kind: NotificationChannel\nmetadata: {{name: pager}}\n{pages}",
        POLICY,
    ]
    repository = Repository(tmp_path / "fleet")
    repository.write("policies/told.yaml", "\n---\n".join(documents).encode())
    commit = repository.commit("tell people", **{"test.yaml": FLEET})
    journal(state, CommitAccepted(commit=commit, subject="tell people"))
    settings = tmp_path / "reconciler.toml"
    settings.write_text(f'state_dir = "{state}"\n[git]\nurl = "{repository.path}"\n')
    return repository.path


def test_every_channel_is_sent_a_test_and_what_it_answered_is_told(
    run: Run, followed: Path, there: dict[str, Receiver]
) -> None:
    done = run("notify", "test")
    assert done.output.splitlines() == ["hook (webhook): told: HTTP 200", "pager (pagerduty): told: trigger: HTTP 202"]
    assert done.exit_code == Exit.DONE
    [got] = there["hook"].got.taken
    assert got["data"]["title"] == "TEST: a message of reconciler; nothing has happened"
    assert got["id"].startswith("test-hook-")


def test_an_alarm_that_was_begun_to_try_it_is_ended(run: Run, followed: Path, there: dict[str, Receiver]) -> None:
    run("notify", "test", "pager", "--event", "rollout.reverted")
    begun, ended = there["pager"].got.taken
    assert (begun["event_action"], ended["event_action"]) == ("trigger", "resolve")
    assert begun["dedup_key"] == ended["dedup_key"]
    assert begun["payload"]["severity"] == "error"
    assert there["hook"].got.taken == []


def test_the_words_are_those_of_the_policy_that_has_some(run: Run, followed: Path, there: dict[str, Receiver]) -> None:
    done = run("notify", "test", "hook", "--event", "rollout.failed")
    assert done.output == "hook (webhook, in the words of ours): told: HTTP 200\n"
    assert there["hook"].got.taken[0]["data"]["text"] == "example@test in our own words"


def test_a_channel_that_does_not_take_it_is_told_and_keeps_no_other_from_it(
    run: Run, followed: Path, there: dict[str, Receiver], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("RECONCILER_SECRET_HOOK_TOKEN", "another")
    done = run("notify", "test")
    assert done.exit_code == Exit.ERROR
    hook, pager = done.output.splitlines()
    assert hook == (
        "hook (webhook): NOT told: channel hook: HTTP 401: who are you; is its address or its key still good?"
    )
    assert pager.startswith("pager (pagerduty): told")


def test_a_secret_that_is_nowhere_is_told_as_what_to_mend(
    run: Run, followed: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("RECONCILER_SECRET_PAGER_KEY")
    done = run("notify", "test", "pager")
    assert "NOT told: cannot use channel pager: the secret pager/key is nowhere; looked at" in done.output
    assert done.exit_code == Exit.ERROR


def test_doctor_finds_that_a_secret_of_a_channel_is_nowhere(
    run: Run, followed: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    named = ("hook/secret", "hook/token", "pager/key")
    told = " ".join(run("doctor", "--host", "none").output.split())
    assert not any(f"the secret {each} is nowhere" in told for each in named)
    for each in named:
        monkeypatch.delenv(f"RECONCILER_SECRET_{each.replace('/', '_').upper()}")
    told = " ".join(run("doctor", "--host", "none").output.split())
    assert all(f"the secret {each} is nowhere" in told for each in named)


def test_a_dry_run_prints_and_sends_nothing(run: Run, followed: Path, there: dict[str, Receiver]) -> None:
    done = run("notify", "test", "hook", "--dry-run")
    assert done.exit_code == Exit.DONE
    assert "hook (webhook):\n  TEST: a message of reconciler; nothing has happened\n" in done.output
    assert "To act:\n  reconciler explain example@test" in done.output
    assert there["hook"].got.taken == []


def test_a_folder_is_tried_without_settings_and_sends_nothing(
    run: Run, followed: Path, there: dict[str, Receiver], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("RECONCILER_CONFIG")
    done = run("notify", "test", "--path", str(followed), "--event", "rollout.failed")
    assert done.exit_code == Exit.DONE, done.output
    assert "hook (webhook, in the words of ours):\n  TEST: rollout.failed of example@test" in done.output
    assert "\n  example@test in our own words\n" in done.output
    assert there["hook"].got.taken == there["pager"].got.taken == []


def test_a_template_that_fails_is_told_when_it_is_tried(run: Run, followed: Path) -> None:
    done = run("notify", "test", "hook", "--dry-run", "--event", "git.lost")
    assert done.exit_code == Exit.ERROR
    assert "the template cannot be used, so people get the usual words: " in done.output
    assert "nothing_such" in done.output


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["hok"], "error: there is no NotificationChannel named hok; did you mean 'hook'?"),
        (["zzz"], "error: there is no NotificationChannel named zzz; there are: hook, pager"),
        (
            ["--event", "rollout.revertd"],
            "error: there is no event 'rollout.revertd'; did you mean 'rollout.reverted'?",
        ),
    ],
)
def test_what_is_misspelt_is_told_with_what_there_is(run: Run, followed: Path, words: list[str], said: str) -> None:
    done = run("notify", "test", *words)
    assert done.exit_code == Exit.ERROR
    assert done.stderr.startswith(said)


def test_without_channels_it_is_told_where_to_read_of_them(run: Run, tmp_path: Path) -> None:
    (tmp_path / "desired-state").mkdir()
    (tmp_path / "desired-state/test.yaml").write_bytes(FLEET)
    done = run("notify", "test", "--path", str(tmp_path))
    assert done.exit_code == Exit.ERROR
    assert done.stderr == ("error: there is no NotificationChannel; docs/notifications.md tells how to write one\n")


def test_without_a_journal_it_is_told_that_there_is_none(run: Run, state: Path) -> None:
    done = run("notify", "test")
    assert done.exit_code == Exit.ERROR
    assert done.stderr.startswith(f"error: there is no journal at {state}/journal.db")
