"""What the findings of ``doctor`` look like: many hosts are few paragraphs, and what is bad stands at the end."""

from reconciler.cli.render.doctor import findings_text
from reconciler.daemon.doctor.finding import HERE, bad, good, hint
from tests.cli.golden import require_golden

FLEET = (
    good(HERE, "programs", "git and ssh are there"),
    hint(HERE, "trust", "commits need no signature", "name allowed_signers"),
    bad("web-00", "network", "cannot connect to web-00", "see that it is up"),
    *(good(f"web-{number:02}", "disk", f"{number} GiB free") for number in range(1, 41)),
    *(bad(f"db-{number}", "tools", "not there: tar", "install tar") for number in range(3)),
    hint("slow", "clock", "5 s behind", "let a time service run"),
    good("slow", "disk", "3 GiB free"),
    bad("hostile\x1b[2J", "shell", "its answer makes no sense: \x1b[2J"),
)


def test_hosts_on_which_the_same_was_found_share_a_paragraph(regolden: bool) -> None:
    require_golden("doctor.txt", findings_text(FLEET, 80).plain + "\n", accept=regolden)


def test_without_a_target_it_is_told_that_none_was_looked_at() -> None:
    assert findings_text(FLEET[:1], 80).plain.endswith("This machine: good. No target was looked at.")
