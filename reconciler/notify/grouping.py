"""Many notices in one message: which belong together, and what is said of them. Pure."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import replace

from reconciler.model.identity import UnitId
from reconciler.model.notification import Brief, Course, Grouping, Notice, Topic

_LISTED = 50


def key(grouping: Grouping, notice: Notice) -> str:
    """Return what is the same of all notices that are told together."""
    unit = notice.unit
    parts = {
        "unit": str(unit or notice.thread),
        "app": unit.app if unit else "",
        "environment": notice.environment,
        "event": notice.topic.value,
        "team": notice.team,
    }
    return "/".join(parts[each] for each in grouping.by)


def summed(notices: Sequence[Notice]) -> Notice:
    """Return one notice for all of them, in their order; the only one as it is.

    Those of one thread are told as the newest of them, with what came before.
    """
    newest = notices[-1]
    if len(notices) == 1:
        return newest
    briefs = tuple(
        Brief(topic=each.topic, severity=each.severity, title=each.title, at=each.at, unit=each.unit)
        for each in notices[-_LISTED:]
    )
    worst = max((each.severity for each in notices), key=lambda severity: severity.rank)
    more = len(notices) - len(briefs)
    if len({each.thread for each in notices}) == 1:
        return replace(newest, severity=worst, several=briefs, more=more)
    environments = {each.environment for each in notices}
    return Notice(
        id=f"{notices[0].id}+{len(notices) - 1}",
        topic=Topic.SEVERAL,
        severity=worst,
        title=_title(notices),
        at=newest.at,
        thread=f"several:{notices[0].id}",
        course=Course.UNDER_WAY,
        unit=_same_unit(notices),
        environment=environments.pop() if len(environments) == 1 else "",
        labels=newest.labels if all(each.labels == newest.labels for each in notices) else {},
        several=briefs,
        more=more,
        links=newest.links[:1] if _same_unit(notices) else (),
        commands=("reconciler status",),
    )


def _title(notices: Sequence[Notice]) -> str:
    counted = Counter(each.topic.value for each in notices)
    topics = ", ".join(f"{count} {topic}" for topic, count in counted.most_common(4))
    rest = f" and {len(counted) - 4} more sorts" if len(counted) > 4 else ""
    unit = _same_unit(notices)
    return f"{unit or 'the fleet'}: {len(notices)} events ({topics}{rest})"


def _same_unit(notices: Sequence[Notice]) -> UnitId | None:
    units = {each.unit for each in notices}
    return units.pop() if len(units) == 1 else None
