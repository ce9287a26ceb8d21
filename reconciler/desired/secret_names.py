"""The stores of secrets of a commit, and references that no document may have."""

from collections.abc import Iterator, Mapping
from dataclasses import replace
from functools import cache
from typing import Annotated, Any, get_args, get_origin

from pydantic import BaseModel

from reconciler.desired import secret_references
from reconciler.desired.fields import IS_SECRET
from reconciler.desired.fleet import Fleet
from reconciler.desired.words import Path
from reconciler.model.problem import Problem
from reconciler.model.secret_store import AgeStore, SecretStore, SopsStore


def stores(fleet: Fleet, files: Mapping[str, bytes]) -> Mapping[str, SecretStore]:
    """Return the stores by name, with the encrypted files that came with the commit."""
    found = {}
    for name, written in sorted(fleet.stores.items()):
        store, folder = written.spec.to_model(name), written.spec.repository
        if folder is not None and isinstance(store.source, AgeStore | SopsStore):
            encrypted = replace(store.source.encrypted, files=tuple(_inside(files, folder)))
            store = replace(store, source=replace(store.source, encrypted=encrypted))
        found[name] = store
    return found


def check(fleet: Fleet, files: Mapping[str, bytes]) -> Iterator[Problem]:
    """Yield every store whose folder has no files, and every reference that is wrong."""
    for store in fleet.stores.values():
        folder = store.spec.repository
        if folder is not None and not any(_inside(files, folder)):
            sort = "age" if store.spec.age else "sops"
            message = f"there is no folder {folder} with files in the commit, below one of the folders that are read"
            yield store.document.problem(("spec", sort, "repository"), message)
    known = fleet.named("SecretStore")
    tables = (fleet.environments, fleet.targets, fleet.apps, fleet.policies, fleet.analyses, fleet.channels)
    for written in (each for table in tables for each in table.values()):
        for path, reference in _references(written.spec, ("spec",)):
            if problem := secret_references.wrong(reference, known):
                yield written.document.problem(path, *problem)


def _inside(files: Mapping[str, bytes], folder: str) -> Iterator[tuple[str, bytes]]:
    start = folder.rstrip("/") + "/"
    yield from ((name.removeprefix(start), files[name]) for name in sorted(files) if name.startswith(start))


def _references(value: Any, path: Path) -> Iterator[tuple[Path, str]]:
    match value:
        case BaseModel():
            for name, key, secret in _fields(type(value)):
                inner = getattr(value, name)
                if secret and isinstance(inner, str):
                    yield (*path, key), inner
                else:
                    yield from _references(inner, (*path, key))
        case tuple() | list():
            for index, each in enumerate(value):
                yield from _references(each, (*path, index))
        case dict():
            for key, each in value.items():
                yield from _references(each, (*path, key))
        case _:
            pass


@cache
def _fields(model: type[BaseModel]) -> tuple[tuple[str, str, bool], ...]:
    """The fields of a model in which there may be a reference: attribute, key, and whether it is one itself."""
    found = []
    for name, field in model.model_fields.items():
        secret = IS_SECRET in field.metadata or _named(field.annotation)
        if secret or _deeper(field.annotation):
            found.append((name, field.alias or name, secret))
    return tuple(found)


def _named(annotation: Any) -> bool:
    """Whether a type is that of references, or one of several of which one is."""
    if get_origin(annotation) is Annotated:
        return IS_SECRET in annotation.__metadata__
    return any(_named(each) for each in get_args(annotation))


def _deeper(annotation: Any) -> bool:
    """Whether there are models in a type."""
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return True
    return any(_deeper(each) for each in get_args(annotation))
