"""Analyses as one unit's rollouts ask them: templates filled in."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from reconciler.desired.analyses import text_problem, texts
from reconciler.desired.analysis_documents import AnalysisSpec, Arguments
from reconciler.desired.fleet import Written
from reconciler.desired.templates import TemplateMistake, Templates, Variables, is_template
from reconciler.desired.words import Path, describe
from reconciler.model.analysis import CANARY, STABLE, Analysis
from reconciler.model.problem import Problem


@dataclass(frozen=True, slots=True)
class UnitAnalyses:
    """The analyses of one unit's rollouts: a ``Library``.

    ``problems`` gets what is wrong with them once they are rendered, by place: the first unit tells it for all.
    """

    analyses: Mapping[str, Written[AnalysisSpec]]
    templates: Templates
    variables: Variables
    problems: dict[tuple[str, Path], Problem]

    def __call__(self, name: str, arguments: Arguments) -> Analysis | None:
        """Return the analysis of this name, rendered with the arguments; None when that cannot be."""
        written = self.analyses.get(name)
        if written is None:
            return None
        args = {each: arguments.get(each, default) for each, default in written.spec.args.items()}
        if None in args.values():
            return None
        variables = {**self.variables, "args": args, "canary": CANARY, "stable": STABLE}

        mistaken = False
        for path, text in _templates(written.document.data["spec"], ("spec",)):
            if problem := self._problem(written, path, text, variables):
                mistaken = True
                self.problems.setdefault((name, path), problem)
        if mistaken:
            return None
        return written.spec.to_model(name, lambda text: self._filled(text, variables))

    def _problem(self, written: Written[AnalysisSpec], path: Path, text: str, variables: Variables) -> Problem | None:
        unit = self.variables["unit"]
        try:
            filled = self._filled(text, variables)
        except TemplateMistake as mistake:
            return written.document.problem(path, f"for {unit}: {mistake}", mistake.suggestion)
        if path not in dict(texts(written.spec)):
            return None
        return text_problem(written, path, filled, f"for {unit} it is {describe(filled)}; ")

    def _filled(self, text: str, variables: Variables) -> str:
        return self.templates.render(text, variables).text if is_template(text) else text


def _templates(data: Any, path: Path) -> Iterator[tuple[Path, str]]:
    """The texts of a spec that are rendered, with their places."""
    if isinstance(data, str) and is_template(data):
        yield path, data
    inside = data.items() if isinstance(data, dict) else enumerate(data) if isinstance(data, list) else ()
    for key, each in inside:
        if (*path, key) != ("spec", "args"):
            yield from _templates(each, (*path, key))
