"""What each channel says of the main events, word for word; ``--regolden`` accepts what is seen."""

import json
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

import pytest

from reconciler.model.channel import Email, PagerDuty, SlackWebhook, Teams
from reconciler.model.notification import Brief, Course, Notice, Severity, Topic
from reconciler.providers.channels import mail, pagerduty, slack, teams
from tests.providers.channels.notices import AT, BEGUN, REVERTED, SUCCEEDED, outgoing

GOLDEN = Path(__file__).with_name("golden")
MAIL = Email(server="mail.example.org", sender="fleet@example.org", to=("ops@example.org",))
APPROVAL = replace(
    BEGUN,
    topic=Topic.APPROVAL_ASKED,
    severity=Severity.WARNING,
    course=Course.NEEDS_SOMEBODY,
    title="shop@production: 2.1 waits for approval",
    detail="asked under change-control",
    stage="",
    consents=(),
    commands=("reconciler explain shop@production", 'reconciler approve shop@production 4f2a9c1 --reason "..."'),
)
SEVERAL = Notice(
    id="n9",
    topic=Topic.SEVERAL,
    severity=Severity.WARNING,
    title="the fleet: 2 events (2 drift.found)",
    at=AT,
    thread="several:n9",
    several=tuple(
        Brief(topic=Topic.DRIFT_FOUND, severity=Severity.WARNING, title=f"{unit}@production has drifted", at=AT)
        for unit in ("cart", "shop")
    ),
    commands=("reconciler status",),
)
EVENTS: Mapping[str, Notice] = {
    "approval.asked": APPROVAL,
    "rollout.begun": BEGUN,
    "rollout.reverted": REVERTED,
    "rollout.succeeded": SUCCEEDED,
    "several": SEVERAL,
}


def said(notice: Notice) -> str:
    """Return what all channels say of it, one after the other."""
    blocks = [each["text"]["text"] for each in slack.blocks(outgoing(SlackWebhook(url=""), notice))]
    card = json.loads(teams.card(outgoing(Teams(url=""), notice)))["attachments"][0]["content"]
    cards = [
        *(each["text"] for each in card["body"]),
        *(f"[{each['title']}]({each['url']})" for each in card["actions"]),
    ]
    event = pagerduty.event(outgoing(PagerDuty(key=""), notice), "KEY", pagerduty.action(notice) or "trigger")
    made = mail.mail(MAIL, outgoing(MAIL, notice))
    parts = [(part.get_content_type(), part.get_content()) for part in made.walk() if not part.is_multipart()]
    headers = [f"{name}: {value}" for name, value in made.items() if name not in ("MIME-Version", "Content-Type")]
    texts = {
        "Slack": "\n".join(blocks),
        "Teams": "\n".join(cards),
        "PagerDuty": json.dumps(event, indent=1, ensure_ascii=False),
        "mail": "\n".join(headers),
        **{f"mail, {sort}": text.rstrip("\n") for sort, text in parts},
    }
    return "\n\n".join(f"===== {name} =====\n{text}" for name, text in texts.items()) + "\n"


@pytest.mark.parametrize("name", EVENTS)
def test_each_channel_says_of_an_event_what_was_accepted(name: str, request: pytest.FixtureRequest) -> None:
    file, seen = GOLDEN / f"{name}.txt", said(EVENTS[name])
    if request.config.getoption("--regolden"):
        file.parent.mkdir(exist_ok=True)
        file.write_text(seen)
    assert file.exists(), f"{file} is not there; run with --regolden and read what it accepts"
    assert seen == file.read_text()


@pytest.mark.parametrize(
    ("notice", "act"),
    [
        (BEGUN, None),
        (replace(BEGUN, severity=Severity.WARNING), "trigger"),
        (REVERTED, "trigger"),
        (APPROVAL, "trigger"),
        (replace(BEGUN, topic=Topic.APPROVAL_GIVEN), "acknowledge"),
        (SUCCEEDED, "resolve"),
        (replace(BEGUN, topic=Topic.TEST), "trigger"),
    ],
)
def test_an_alarm_begins_is_acknowledged_and_ends(notice: Notice, act: str | None) -> None:
    assert pagerduty.action(notice) == act
