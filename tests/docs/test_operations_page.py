"""The page about running it leaves no form of the journal out, and tells nobody to look by what nobody trusts."""

import re

from tests.architecture.tracked import ROOT
from tests.docs.pages import blocks, page, section

FORMS = sorted(path.name[1:5] for path in (ROOT / "reconciler/store/migrations/versions").glob("m*.py"))


def test_every_form_of_the_journal_is_told() -> None:
    assert re.findall(r"(?m)^\| `(\d+)` \|", section(page("operations.md"), "## Upgrades")) == FORMS


def test_another_commit_is_shown_by_the_daemon_which_compares_documents() -> None:
    shown = [line for each in blocks() if each.page == "docs/operations.md" for line in each.text.splitlines()]
    asking = [line for line in shown if " plan --commit" in line]
    assert asking
    assert [line for line in asking if "--server unix:" not in line] == []
