"""``reconciler simulate``: the examples of the documentation end as they expect, and mistakes are told with a place."""

from pathlib import Path

import pytest
from click.testing import CliRunner

from reconciler.cli.simulate import command
from tests.architecture.tracked import ROOT

WEB = [f"web-{number}" for number in range(1, 9)]
EXAMPLES = sorted((ROOT / "docs" / "simulate").glob("*.yaml"))


def simulated(file: Path) -> tuple[int, str]:
    done = CliRunner().invoke(command, [str(file)], standalone_mode=False, catch_exceptions=False)
    return done.return_value, done.output


def scenario(folder: Path, **spec: object) -> Path:
    file = folder / "scenario.yaml"
    whole = {"repository": str(ROOT / "docs" / "simulate"), **spec}
    file.write_text(f"kind: Scenario\nmetadata: {{name: it}}\nspec: {whole}\n".replace("'", '"'))
    return file


@pytest.mark.parametrize("file", EXAMPLES, ids=lambda file: file.stem)
def test_an_example_ends_as_it_expects_and_is_the_same_story_each_time(file: Path) -> None:
    status, story = simulated(file)
    assert (status, story.splitlines()[-1]) == (0, "all as expected")
    assert simulated(file) == (0, story)
    shown = ROOT / "docs" / "simulate.md"
    assert f"docs/simulate/{file.name}" in shown.read_text()


def test_there_are_examples() -> None:
    assert len(EXAMPLES) >= 2


def test_what_is_not_as_expected_is_told_and_is_an_error(tmp_path: Path) -> None:
    commit = {"at": "0s", "commit": {"versions": {"cart": "3.1.0"}}}
    expected = {"unit": "cart@production", "state": "reverted", "version": "3.0.0", "unavailable": 1, "within": "1s"}
    status, story = simulated(scenario(tmp_path, happens=[commit], expect=[expected]))
    assert status == 1
    assert [line for line in story.splitlines() if line.startswith("not as expected")] == [
        "not as expected: cart@production: expected reverted, it is succeeded",
        f"not as expected: cart@production: expected version 3.0.0 everywhere, there is 3.1.0 on {', '.join(WEB)}",
        "not as expected: cart@production: expected 1 targets out of service at most, there were 2",
        "not as expected: cart@production: expected an end within 1s, it took 3m20s",
    ]


@pytest.mark.parametrize("does", ["pause", "abort", "leave"])
def test_people_have_their_say(tmp_path: Path, does: str) -> None:
    commit = {"at": "0s", "commit": {"versions": {"shop": "1.4.2"}}}
    person = {"when": {"step": "bake"}, "person": {"does": does, "unit": "shop@production", "name": "ann"}}
    status, story = simulated(scenario(tmp_path, happens=[commit, person], limit="2h"))
    assert status == 0
    end = {
        "pause": "shop@production: paused",
        "abort": "shop@production: reverted",
        "leave": "shop@production: aborted",
    }
    assert end[does] in story


def test_a_day_of_waiting_takes_no_time(tmp_path: Path) -> None:
    commit = {"at": "1d", "commit": {"versions": {"cart": "3.1.0"}}}
    status, story = simulated(scenario(tmp_path, happens=[commit]))
    assert (status, "1d 00:00:00" in story) == (0, True)


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ({"at": "5m", "dies": "web-1", "returns": "web-2"}, "got dies, returns"),
        ({"dies": "web-1"}, "expected exactly one of at, when; got none of them"),
        ({"at": "5 minutes", "dies": "web-1"}, "expected a duration"),
        ({"at": "5m", "explodes": "web-1"}, "there is no key 'explodes' here"),
        ({"at": "5m", "person": {"does": "cry", "unit": "shop@production"}}, "expected promote"),
    ],
)
def test_a_mistake_is_told_with_its_place(tmp_path: Path, wrong: object, said: str) -> None:
    with pytest.raises(Exception, match=r"scenario\.yaml:3:") as caught:
        simulated(scenario(tmp_path, happens=[wrong]))
    assert said in str(caught.value)


def test_a_host_that_no_commit_knows_is_a_mistake(tmp_path: Path) -> None:
    with pytest.raises(Exception, match="there is no host web-99"):
        simulated(scenario(tmp_path, happens=[{"at": "5m", "dies": "web-99"}]))


def test_an_app_that_no_commit_knows_is_a_mistake(tmp_path: Path) -> None:
    with pytest.raises(Exception, match="there is no app ghost"):
        simulated(scenario(tmp_path, happens=[{"at": "5m", "commit": {"versions": {"ghost": "1"}}}]))
