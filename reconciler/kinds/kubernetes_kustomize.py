"""Kustomizations: ``kustomize build`` over a folder of the repository and those that it builds on."""

import posixpath
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from reconciler.ports.kind import InputError, Inputs, Piece
from reconciler.ports.program import Program

INSTALL = "install kustomize 4 or newer on this machine, as kustomize in PATH (https://kubectl.docs.kubernetes.io/installation/)"
_NAMES = ("kustomization.yaml", "kustomization.yml", "Kustomization")
_FOLDERS = ("resources", "bases", "components")
_PLUGINS = ("generators", "transformers", "validators")
_CHARTS = ("helmCharts", "helmChartInflationGenerator", "helmGlobals")
_FOLDERS_AT_MOST = 200


def kustomize(path: str, inputs: Inputs) -> Sequence[Piece]:
    """Return what the kustomization in the folder makes; raise InputError."""
    root = _folder(path, inputs)
    files: dict[str, bytes] = {}
    waiting, seen = [root], {root}
    while waiting:
        folder = waiting.pop()
        own = {name: inputs.data(name) for name in inputs.below(folder)}
        files |= own
        for each in _built_on(folder, own, inputs):
            if each not in seen:
                seen.add(each)
                waiting.append(each)
        if len(seen) > _FOLDERS_AT_MOST:
            raise InputError("kustomize", f"{path} is built on more than {_FOLDERS_AT_MOST} folders")
    program = Program(
        key="kustomize",
        command="kustomize",
        arguments=("build", f".{root}"),
        files={name.removeprefix("/"): data for name, data in sorted(files.items())},
        install=INSTALL,
    )
    try:
        return inputs.pieces(f"kustomize build {path}", inputs.output(program))
    except InputError as error:
        raise InputError("kustomize", str(error), file=error.file, line=error.line) from error


def _folder(path: str, inputs: Inputs) -> str:
    """The folder with a leading slash. It has the kustomization itself, so all of its files have no more in common."""
    return posixpath.commonpath([posixpath.dirname(each) for each in inputs.below(path)])


def _built_on(folder: str, own: Mapping[str, bytes], inputs: Inputs) -> Iterator[str]:
    """The folders that a kustomization names; all of it has to be in the commit, since nothing is fetched."""
    name = next((f"{folder}/{each}" for each in _NAMES if f"{folder}/{each}" in own), None)
    if name is None:
        raise InputError("kustomize", f"the folder {folder.lstrip('/')} has no {_NAMES[0]}")
    data = _data(name, own[name], inputs)
    for each in (each for key in (*_FOLDERS, *_PLUGINS) for each in data.get(key) or ()):
        if not isinstance(each, str) or "\n" in each:
            continue
        if "://" in each or each.startswith("git@"):
            raise _mistake(name, f"{each} would be fetched; commit it, and name its folder")
        place = posixpath.normpath(posixpath.join(folder.lstrip("/"), each))
        if place.startswith(("/", "..")):
            raise _mistake(name, f"{each} leads out of the desired-state folder")
        place = f"/{place}"
        if place in own:
            continue
        try:
            inputs.below(place)
        except InputError as error:
            raise _mistake(name, f"{error}; nothing is fetched") from error
        yield place


def _data(name: str, written: bytes, inputs: Inputs) -> Mapping[str, Any]:
    pieces = inputs.pieces(name, written.decode(errors="replace"))
    data: Any = pieces[0].data if pieces else {}
    if not isinstance(data, dict):
        raise _mistake(name, "expected a mapping of keys and values")
    for key in _CHARTS:
        if key in data:
            raise _mistake(name, f"{key} would fetch a chart; write it below 'helm' instead")
    return data


def _mistake(name: str, message: str) -> InputError:
    return InputError("kustomize", f"{name.lstrip('/')}: {message}", file=name.lstrip("/"), line=1)
