"""Fields that differ, in words a person can judge: contents as text or key by key instead of two digests."""

from collections.abc import Iterable, Mapping

from reconciler.diff.compare import describe
from reconciler.model.canonical import Digest
from reconciler.model.change import FieldDiff
from reconciler.model.resource import Resource


def worded(
    fields: Iterable[FieldDiff], resource: Resource, ours: Mapping[Digest, bytes], seen: Mapping[Digest, bytes]
) -> tuple[FieldDiff, ...]:
    """Return the fields with contents described where both sides are at hand and not secret; others as they are.

    ``ours`` are bytes that we keep, those wanted now and those of the last good state; ``seen`` were read on hosts,
    which happens only where everybody there may read them. So what a commit changes in a protected file can be shown,
    and what somebody else wrote into one cannot.
    """
    result: list[FieldDiff] = []
    for field in fields:
        content = resource.contents.get(field.path)
        if content is None or content.secret or field.secret:
            result.append(field)
            continue
        old = seen.get(field.before, ours.get(field.before)) if isinstance(field.before, str) else None
        new = ours.get(content.blob)
        if new is None or (field.before is not None and old is None):
            result.append(field)
        else:
            result.extend(describe(field.path, old, new, resource.id.name))
    return tuple(result)
