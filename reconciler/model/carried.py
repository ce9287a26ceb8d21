"""What operations carry with them to a target: bytes that are stored, and archives."""

from collections.abc import Iterable, Iterator

from reconciler.model.canonical import Digest
from reconciler.model.cluster import ApplyObject
from reconciler.model.container import PutContainer
from reconciler.model.content import Artifact, Content
from reconciler.model.image import LoadImage
from reconciler.model.operation import Operation, SetPassword, UnpackRelease, WriteFile
from reconciler.model.request import Send
from reconciler.model.swarm import PutServiceSpec, PutVersion


def content_of(operation: Operation) -> Content | None:
    """Return the content that the operation brings; None for one that brings none."""
    match operation:
        case WriteFile(content=content) | SetPassword(content=content):
            return content
        case Send(body=content) | ApplyObject(manifest=content) | PutContainer(create=content):
            return content
        case PutServiceSpec(spec=content) | PutVersion(content=content):
            return content
        case _:
            return None


def blobs_of(operations: Iterable[Operation]) -> tuple[Digest, ...]:
    """Return the stored bytes that the operations bring, each once."""
    contents = (content_of(each) for each in operations)
    return tuple(dict.fromkeys(each.blob for each in contents if each is not None))


def archives_of(operations: Iterable[Operation]) -> Iterator[Artifact]:
    """Yield the archives that the operations unpack or load."""
    for each in operations:
        if isinstance(each, UnpackRelease | LoadImage):
            yield each.artifact
