"""What the controller and its doors did beside rollouts, in words."""

from typing import assert_never

from reconciler.model.deed import (
    BackupTaken,
    Deed,
    NoticeDropped,
    Relearned,
    Requested,
    Restored,
    SegmentArchived,
    SignedIn,
    Started,
    Stopped,
)


def deed_said(deed: Deed) -> str:  # noqa: PLR0911 - a line a deed
    """Return a deed on one line."""
    match deed:
        case Started():
            changed = f"; settings changed: {', '.join(deed.changed)}" if deed.changed else ""
            return f"the daemon {deed.version} has begun as {deed.controller}{changed}"
        case Stopped():
            return f"the daemon has ended: {deed.reason}"
        case SignedIn():
            where = f" from {deed.address}" if deed.address else ""
            return f"{deed.name} came in by {deed.login}{where}"
        case Requested():
            about = f" {deed.unit}" if deed.unit else ""
            return f"{deed.name} asked to {deed.verb}{about}: {deed.reason}".removesuffix(": ")
        case NoticeDropped():
            return f"nobody could be told through {deed.channel} that {deed.notice}: {deed.reason}"
        case SegmentArchived():
            return f"entries {deed.first} to {deed.last} are in {deed.file}"
        case BackupTaken():
            return f"{deed.author} made a backup up to entry {deed.number}: {deed.file}"
        case Restored():
            return f"{deed.author} restored the backup {deed.file}, up to entry {deed.number}"
        case Relearned():
            return f"{deed.unit} owns {len(deed.resources)} resources, learned again from its targets"
        case _:
            assert_never(deed)
