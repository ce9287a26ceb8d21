"""An image of containers: by its digest from a registry, or from an archive as ``docker save`` makes it."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Annotated, Self

from pydantic import Field, model_validator

from reconciler.kinds import compare, no_process
from reconciler.kinds.docker_words import Reference, by_digest, digest_of, image_path, one, text
from reconciler.kinds.written import Text, Written
from reconciler.model.canonical import Json
from reconciler.model.change import Action
from reconciler.model.content import Artifact
from reconciler.model.image import LoadImage, PullImage
from reconciler.model.operation import Operation
from reconciler.model.request import Send
from reconciler.model.resource import Absent, Present, Resource
from reconciler.model.target import Sort
from reconciler.ports.kind import Difference, Inputs, Rendered
from reconciler.ports.reads import Ask, Get

NAME = "image"
TARGET = Sort.DOCKER_ENGINE


class Spec(Written):
    """An image that an engine has."""

    reference: Annotated[Reference, Field(description="name@sha256:DIGEST; with an archive name:tag")]
    credentials: Annotated[Text | None, Field(description="secret `user:password` for the registry")] = None
    archive: Annotated[Text | None, Field(description="what `docker save` made: URL, or path in the repository")] = None
    sha256: Annotated[Text | None, Field(description="that of the archive")] = None

    @model_validator(mode="after")
    def _from_somewhere(self) -> Self:
        by_name = digest_of(self.reference) is None
        if (self.archive is None) != (self.sha256 is None):
            raise ValueError("archive and sha256 go together")
        if by_name and self.archive is None:
            raise ValueError(
                "give the image by its digest (name@sha256:...): a tag may be another image tomorrow, and nobody could "
                "tell which one was good; `docker buildx imagetools inspect name:tag` shows it"
            )
        if not by_name and self.archive is not None:
            raise ValueError("an image of an archive has a name and a tag; the digest is that of the archive (sha256)")
        return self


def render(spec: Spec, inputs: Inputs) -> Rendered:
    """Return the image; raise InputError."""
    attributes: dict[str, Json] = {"reference": by_digest(spec.reference)}
    if spec.archive and spec.sha256:
        artifact = inputs.artifact(spec.archive, spec.sha256)
        attributes |= {"archive": artifact.digest, "url": artifact.url}
    return Rendered(name=spec.reference, attributes={**attributes, **compare.optional(credentials=spec.credentials)})


def wave(resource: Resource) -> tuple[int, ...]:
    """Return its place: before containers."""
    return (0,)


def probe(resource: Resource, siblings: Mapping[str, Resource]) -> Ask:
    """Ask for the image."""
    return Ask((Get(path=image_path(text(resource, "reference"))),))


def parse(resource: Resource, answer: Sequence[str]) -> Present | Absent:
    """Read what the engine says of the image. Which archive it came from stands in a second name that we gave it."""
    there = one(answer)
    if there is None:
        return Absent()
    marked = loaded_mark(text(resource, "reference"), "")
    marks = [name.removeprefix(marked) for name in there.get("RepoTags") or () if name.startswith(marked)]
    found: dict[str, Json] = {"reference": text(resource, "reference")}
    if "archive" in resource.attributes:
        wanted = text(resource, "archive").removeprefix("sha256:")
        found["archive"] = f"sha256:{wanted}" if wanted in marks else f"sha256:{marks[0]}" if marks else None
    return Present(found, status={"id": there.get("Id"), "size": there.get("Size"), "created": there.get("Created")})


def loaded_mark(reference: str, archive: str) -> str:
    """Return the second name of an image that was loaded from the archive of this digest."""
    name = reference.rpartition("@")[0] or reference.rpartition(":")[0]
    return f"{name}:archive-{archive.removeprefix('sha256:')}"


def diff(resource: Resource, seen: Present | Absent) -> Difference | None:
    """Return what differs; another image of that name is taken away its name only where we may."""
    found = compare.difference(resource, seen, ("reference", "archive"))
    if found and found.action is Action.UPDATE:
        ours = isinstance(seen, Present) and seen.attributes.get("archive") is not None
        loses = () if ours else (f"the image {resource.id.name}",)
        return Difference(action=Action.REPLACE, fields=found.fields, loses=loses)
    return found


def commands(resource: Resource, seen: Present | Absent, siblings: Mapping[str, Resource]) -> tuple[Operation, ...]:
    """Pull it, or load the archive."""
    return tuple(_fetched(resource))


def _fetched(resource: Resource) -> Iterator[Operation]:
    reference = text(resource, "reference")
    if "archive" in resource.attributes:
        artifact = Artifact(text(resource, "url"), text(resource, "archive"))
        yield LoadImage(reference=reference, artifact=artifact, mark=loaded_mark(reference, artifact.digest))
    else:
        yield PullImage(reference=reference, credentials=compare.managed(resource, "credentials"))


def removal(resource: Resource, seen: Present | Absent) -> tuple[Operation, ...]:
    """Take its names away; the image goes with the last of them, unless a container uses it."""
    if not isinstance(seen, Present):
        return ()
    names = [text(resource, "reference")]
    if "archive" in resource.attributes:
        names.append(loaded_mark(names[0], text(resource, "archive")))
    return tuple(
        Send(
            what=f"remove the image {name}",
            method="DELETE",
            path=image_path(name).removesuffix("/json"),
            fine=(404, 409),
        )
        for name in names
    )


restart = no_process.restart
