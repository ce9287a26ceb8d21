"""Fields that differ, in words a person can judge: contents as text or key by key instead of two digests."""

from collections.abc import Iterable, Mapping

from reconciler.diff.compare import describe
from reconciler.model.canonical import Digest
from reconciler.model.change import FieldDiff
from reconciler.model.resource import Resource


def worded(
    fields: Iterable[FieldDiff], resource: Resource, after: Mapping[Digest, bytes], before: Mapping[Digest, bytes]
) -> tuple[FieldDiff, ...]:
    """Return the fields with contents described where both sides are at hand and not secret; others as they are."""
    result: list[FieldDiff] = []
    for field in fields:
        content = resource.contents.get(field.path)
        if content is None or content.secret or field.secret:
            result.append(field)
            continue
        old = before.get(field.before) if isinstance(field.before, str) else None
        new = after.get(content.blob)
        if new is None or (field.before is not None and old is None):
            result.append(field)
        else:
            result.extend(describe(field.path, old, new, resource.id.name))
    return tuple(result)
