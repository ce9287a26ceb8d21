"""Which ArtifactPolicies speak of each unit, with the keys that stand in files of the policies folder."""

import posixpath
from collections.abc import Mapping
from functools import partial

from reconciler.desired.fleet import Fleet
from reconciler.desired.governing import Matched, matching
from reconciler.model.access import Placed
from reconciler.model.identity import UnitId
from reconciler.model.problem import Problem
from reconciler.model.provenance import ArtifactPolicy


def check(fleet: Fleet, files: Mapping[str, bytes], folder: str) -> list[Problem]:
    """Return a problem for each file of keys that is not there, or is none."""
    problems = []
    for name, written in sorted(fleet.artifacts.items()):
        try:
            written.spec.to_model(name, partial(_text, files, folder))
        except KeyError as error:
            message = f"there is no file of GPG keys in ASCII armour at {error.args[0]}"
            problems.append(written.document.problem(("spec", "signatures"), message))
    return problems


def proofs(
    fleet: Fleet, placed: Mapping[UnitId, Placed], files: Mapping[str, bytes], folder: str
) -> Mapping[UnitId, tuple[ArtifactPolicy, ...]]:
    """Return the policies of each unit, in the order of their names; units of which none speaks are left out."""
    policies = [
        Matched(each.spec.match.to_model(), each.spec.to_model(name, partial(_text, files, folder)))
        for name, each in sorted(fleet.artifacts.items())
    ]
    found = {unit: matching(policies, unit, where) for unit, where in placed.items()}
    return {unit: each for unit, each in found.items() if each}


def _text(files: Mapping[str, bytes], folder: str, path: str) -> str:
    place = posixpath.normpath(posixpath.join(folder, path.lstrip("/")))
    try:
        text = files[place].decode()
    except (KeyError, UnicodeDecodeError):
        raise KeyError(place) from None
    # A file of another folder may be changed by others than those who may change policies.
    if not text.lstrip().startswith("-----BEGIN PGP PUBLIC KEY BLOCK-----") or not _inside(place, folder):
        raise KeyError(place)
    return text


def _inside(place: str, folder: str) -> bool:
    return not folder or place.startswith(f"{folder}/")
