"""Charts: ``helm template`` over a folder of the repository."""

import json
import posixpath
from collections.abc import Mapping, Sequence

from reconciler.kinds.kubernetes_spec import Helm
from reconciler.ports.kind import InputError, Inputs, Piece
from reconciler.ports.program import Program

INSTALL = "install Helm 3.6 or newer on this machine, as helm in PATH (https://helm.sh/docs/intro/install/)"
_CHART, _VALUES = "chart", "values"


def helm(spec: Helm, namespace: str | None, inputs: Inputs) -> Sequence[Piece]:
    """Return what the chart makes of the values; raise InputError."""
    files = {**_chart(spec.chart, inputs), **_values(spec, inputs)}
    chart = f"{_CHART}.tgz" if spec.chart.endswith(".tgz") else _CHART
    arguments = ["template", spec.release, f"./{chart}", "--include-crds", "--skip-tests"]
    arguments += ["--namespace", namespace] if namespace else []
    arguments += ["--kube-version", spec.kube_version] if spec.kube_version else []
    for version in spec.api_versions:
        arguments += ["--api-versions", version]
    for name in files:
        if name.startswith(f"{_VALUES}/"):
            arguments += ["--values", f"./{name}"]
    program = Program(key="helm", command="helm", arguments=tuple(arguments), files=files, install=INSTALL)
    try:
        return inputs.pieces(f"helm template {spec.release}", inputs.output(program))
    except InputError as error:
        raise InputError("helm", str(error), file=error.file, line=error.line) from error


def _chart(path: str, inputs: Inputs) -> Mapping[str, bytes]:
    """The chart's files as they are in the repository; with what it depends on, which has to be there, too."""
    try:
        if path.endswith(".tgz"):
            return {f"{_CHART}.tgz": inputs.data(path)}
        found = inputs.below(path)
    except InputError as error:
        raise InputError("helm.chart", f"{error}; a chart comes with the commit, nothing is fetched") from error
    root = posixpath.commonpath([posixpath.dirname(each) for each in found])
    if f"{root}/Chart.yaml" not in found:
        raise InputError("helm.chart", f"the folder {path} has no Chart.yaml")
    return {f"{_CHART}/{posixpath.relpath(each, root)}": inputs.data(each) for each in found}


def _values(spec: Helm, inputs: Inputs) -> Mapping[str, bytes]:
    """The values in the order in which they count: those of files first, those of the document over them."""
    files: dict[str, bytes] = {}
    for index, path in enumerate(spec.values_files):
        try:
            files[f"{_VALUES}/{index:03}.yaml"] = inputs.data(path)
        except InputError as error:
            raise InputError("helm.valuesFiles", str(error)) from error
    if spec.values:
        files[f"{_VALUES}/document.json"] = json.dumps(spec.values, ensure_ascii=False).encode()
    return files
