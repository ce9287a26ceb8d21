"""``reconciler notify test``: whether people would be told, and in which words."""

import asyncio
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import click

from reconciler.cli.errors import Exit, Failure
from reconciler.cli.options import config_option

if TYPE_CHECKING:
    from reconciler.daemon.trying_channels import Answered
    from reconciler.model.notification import Notice, Notifications
    from reconciler.notify.trials import Trial


@click.command("test")
@config_option
@click.argument("channel", metavar="[CHANNEL]", required=False)
@click.option("--event", metavar="NAME", default="test", help="The event it is about, such as rollout.reverted.")
@click.option("--dry-run", is_flag=True, help="Print what would be said; send nothing.")
@click.option(
    "--path",
    type=click.Path(exists=True, file_okay=False, path_type=Path),
    metavar="FOLDER",
    help="Print, for the channels of this folder instead of the followed commit; send nothing.",
)
def command(config: Path | None, channel: str | None, event: str, path: Path | None, *, dry_run: bool) -> Exit:
    """Send a sample message through one channel, or through all of them.

    Says first that it is a test, and has something in every field. Where a
    policy has a template for the event, the template makes the words. An alarm
    that is begun at PagerDuty is ended at once. With --event the channel sees
    how much that matters: a person may be woken. Exit status: 0 all took it,
    1 one did not, or a template cannot be used.
    """
    from reconciler.cli.validate import in_folder

    notice = _sample(event)
    if path:
        return _print(_chosen(in_folder(path).notifications, notice, channel), notice)
    return asyncio.run(_on_the_way(config, notice, channel, dry_run=dry_run))


def _sample(event: str) -> "Notice":
    from reconciler.desired.words import nearest
    from reconciler.model.notification import Topic
    from reconciler.notify.samples import sample
    from reconciler.providers.clock import SystemClock

    clock = SystemClock()
    try:
        topic = Topic(event)
    except ValueError:
        names = [each.value for each in Topic]
        hint = nearest(event, names) or f"there are: {', '.join(names)}"
        raise click.UsageError(f"there is no event {event!r}; {hint}") from None
    return sample(topic, clock.now(), clock.new_id())


def _chosen(notifications: "Notifications", notice: "Notice", channel: str | None) -> "Sequence[Trial]":
    from reconciler.desired.words import nearest
    from reconciler.notify.trials import trials

    if not notifications.channels:
        raise Failure("there is no NotificationChannel; docs/notifications.md tells how to write one")
    if channel is not None and channel not in notifications.channels:
        names = sorted(notifications.channels)
        hint = nearest(channel, names) or f"there are: {', '.join(names)}"
        raise Failure(f"there is no NotificationChannel named {channel}; {hint}")
    return trials(notifications, notice, channel)


async def _on_the_way(config: Path | None, notice: "Notice", channel: str | None, *, dry_run: bool) -> Exit:
    from reconciler.daemon.settings import Settings
    from reconciler.daemon.trying_channels import trying

    async with trying(Settings.load(config)) as there:
        chosen = _chosen(there.notifications, notice, channel)
        if dry_run:
            return _print(chosen, notice)
        return _told(await there.send(chosen, notice))


def _told(answers: "Sequence[Answered]") -> Exit:
    from reconciler.control.clean import clean

    for each in answers:
        how = click.style("told", fg="green") if each.told else click.style("NOT told", fg="red")
        click.echo(f"{_heading(each.trial)}: {how}: {clean(each.said)}")
    return Exit.DONE if all(each.told for each in answers) else Exit.ERROR


def _print(chosen: "Sequence[Trial]", notice: "Notice") -> Exit:
    from reconciler.control.clean import clean, clean_lines
    from reconciler.policy.dialects import PLAIN
    from reconciler.policy.notice_template import TemplateWrong, written

    status = Exit.DONE
    for each in chosen:
        click.echo(click.style(f"{_heading(each)}:", bold=True))
        click.echo(f"  {clean(notice.title)}")
        try:
            lines = clean_lines(written(each.template, notice, PLAIN))
        except TemplateWrong as wrong:
            status = Exit.ERROR
            lines = [f"the template cannot be used, so people get the usual words: {wrong}"]
        for line in lines:
            click.echo(f"  {line}".rstrip())
        click.echo()
    return status


def _heading(trial: "Trial") -> str:
    words = f", in the words of {trial.policy}" if trial.policy else ""
    return f"{trial.channel.name} ({trial.channel.via.via}{words})"
