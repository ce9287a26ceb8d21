"""Who is told what by the documents of a commit, and what is wrong with them: channels and secrets nobody knows."""

from collections.abc import Iterator

from reconciler.desired.fleet import Fleet
from reconciler.desired.words import Path, describe, expected, nearest
from reconciler.model.notification import Notifications
from reconciler.model.problem import Problem
from reconciler.policy import notice_template


def notifications(fleet: Fleet) -> Notifications:
    """Return all channels and policies, in the order of their names."""
    return Notifications(
        channels={name: each.spec.to_model(name) for name, each in sorted(fleet.channels.items())},
        policies=tuple(each.spec.to_model(name) for name, each in sorted(fleet.notifications.items())),
    )


def check(fleet: Fleet) -> Iterator[Problem]:
    """Yield every channel that is named and not there, and every template that cannot be used."""
    known = sorted(fleet.named("NotificationChannel"))
    for written in fleet.notifications.values():
        named: list[tuple[Path, str]] = [(("to", index), each) for index, each in enumerate(written.spec.to)]
        for number, alarm in enumerate(written.spec.escalate):
            named += [(("escalate", number, "to", index), each) for index, each in enumerate(alarm.to)]
        for path, name in named:
            if name not in known:
                message = f"there is no NotificationChannel named {describe(name)}{expected(known)}"
                yield written.document.problem(("spec", *path), message, nearest(name, known))
        for event, template in written.spec.templates.items():
            try:
                notice_template.check(template)
            except notice_template.TemplateWrong as wrong:
                line = f"line {wrong.line} of it: " if wrong.line > 1 else ""
                yield written.document.problem(("spec", "templates", event), f"{line}{wrong}")
