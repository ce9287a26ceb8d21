"""The page about running it leaves no form of the journal out, and tells nobody to look by what nobody trusts."""

import re

from tests.architecture.tracked import ROOT
from tests.docs.pages import blocks, page, section

FORMS = sorted(path.name[1:5] for path in (ROOT / "reconciler/store/migrations/versions").glob("m*.py"))


def test_every_form_of_the_journal_is_told() -> None:
    assert re.findall(r"(?m)^\| `(\d+)` \|", section(page("operations.md"), "## Upgrades")) == FORMS


def test_what_the_unit_needs_for_a_socket_of_a_group_is_in_it_and_in_both_pages() -> None:
    unit = (ROOT / "systemd/reconciler.service").read_text()
    lines = unit.split("# A socket of the API")[1].split("\n\n")[0].splitlines()
    needed = [line.removeprefix("#") for line in lines if re.match(r"#\w+=", line)]
    assert len(needed) == 5
    for name in ("access.md", "api.md"):
        assert [line for line in needed if line not in page(name)] == [], name


def test_another_commit_is_shown_by_the_daemon_which_compares_documents() -> None:
    shown = [line for each in blocks() if each.page == "docs/operations.md" for line in each.text.splitlines()]
    asking = [line for line in shown if " plan --commit" in line]
    assert asking
    assert [line for line in asking if "--server unix:" not in line] == []
