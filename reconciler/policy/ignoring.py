"""What is ignored counts as being as it shall be. Pure."""

from dataclasses import replace
from fnmatch import fnmatchcase

from reconciler.model.resource import Observation, Present, Resource


def settled(resource: Resource, seen: Observation) -> Resource:
    """Return the resource with what is there in place of what is ignored, so that it differs in nothing of that."""
    if not resource.ignore or not isinstance(seen, Present):
        return resource
    as_it_is = {
        field: seen.attributes[field]
        for field in resource.attributes
        if field in seen.attributes and any(fnmatchcase(field, pattern) for pattern in resource.ignore)
    }
    return replace(resource, attributes={**resource.attributes, **as_it_is})
