"""How much of a notice is told: what people have written may be as long as they like, a message may not. Pure."""

from collections.abc import Sequence
from dataclasses import replace
from typing import TypeVar

from reconciler.model.notification import Changes, CommitTold, Consent, Figure, Link, Notice
from reconciler.policy.dialects import clean

LINE, DETAIL, ADDRESS = 300, 4_000, 2_000
CHANGES, LIST, BRIEFS, NAMES, COMMANDS = 20, 20, 50, 1_000, 10
_CUT = " …"

T = TypeVar("T")


def bounded(notice: Notice) -> Notice:
    """Return the notice with the first of everything that is long; the usual template says of it all in 64 KiB.

    Ids and threads stay: they are ours. So do links that are whole: one that is cut leads elsewhere, so it is left out.
    """
    return replace(
        notice,
        title=_line(notice.title),
        environment=_line(notice.environment),
        version=_line(notice.version),
        stage=_line(notice.stage),
        detail=_cut(notice.detail, DETAIL),
        changes=_changes(notice.changes) if notice.changes else None,
        services=_names(notice.services),
        targets=_names(notice.targets),
        figures=tuple(_figure(each) for each in notice.figures[:LIST]),
        consents=tuple(_consent(each) for each in notice.consents[:LIST]),
        actor=_line(notice.actor),
        reason=_cut(notice.reason, DETAIL),
        commit=_commit(notice.commit) if notice.commit else None,
        links=tuple(_link(each) for each in notice.links[:LIST] if len(each.url) <= ADDRESS),
        commands=tuple(_line(each) for each in notice.commands[:COMMANDS]),
        several=tuple(replace(each, title=_line(each.title)) for each in notice.several[:BRIEFS]),
        more=notice.more + max(0, len(notice.several) - BRIEFS),
    )


def _changes(changes: Changes) -> Changes:
    left_out = max(0, len(changes.first) - CHANGES)
    return replace(changes, first=tuple(_line(each) for each in changes.first[:CHANGES]), more=changes.more + left_out)


def _figure(figure: Figure) -> Figure:
    return replace(figure, name=_line(figure.name), seen=_line(figure.seen), wanted=_line(figure.wanted))


def _consent(consent: Consent) -> Consent:
    return Consent(
        author=_line(consent.author),
        roles=tuple(_line(each) for each in consent.roles[:LIST]),
        reason=_line(consent.reason),
        instead_of=_line(consent.instead_of),
    )


def _commit(commit: CommitTold) -> CommitTold:
    return CommitTold(id=_line(commit.id), subject=_line(commit.subject), author=_line(commit.author))


def _link(link: Link) -> Link:
    return Link(label=_line(link.label), url=clean(link.url))


def _names(names: Sequence[str]) -> tuple[str, ...]:
    return tuple(_line(each) for each in names[:NAMES])


def _line(text: str) -> str:
    return _short(" ".join(_seen(text, LINE).split()), LINE)


def _cut(text: str, longest: int) -> str:
    return _short(_seen(text, longest), longest)


def _seen(text: str, longest: int) -> str:
    """What can be seen of the beginning: enough to be told that there is more, and no work with what is not told."""
    return clean(text[: 4 * longest])


def _short(text: str, longest: int) -> str:
    return text if len(text) <= longest else text[: longest - len(_CUT)] + _CUT
