"""Analyses as one unit's rollouts ask them: templates filled in."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from reconciler.desired.analyses import text_problem, texts
from reconciler.desired.analysis_documents import AnalysisSpec, Arguments
from reconciler.desired.fleet import Written
from reconciler.desired.templates import TemplateMistake, Templates, Variables, is_template
from reconciler.desired.words import Path
from reconciler.model.analysis import CANARY, STABLE, Analysis
from reconciler.model.problem import Problem


class _Untold(Exception):
    """An analysis cannot be rendered, which was told."""


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

        def fill(text: str) -> str:
            return self._filled(written, text, variables)

        try:
            self._check(written, variables)
            return written.spec.to_model(name, fill)
        except _Untold:
            return None

    def _check(self, written: Written[AnalysisSpec], variables: Variables) -> None:
        """Check the texts that are only known now."""
        for path, text in texts(written.spec):
            if is_template(text):
                filled = self._filled(written, text, variables)
                if problem := text_problem(written, path, filled, f"as {self.variables['unit']} has it, {filled}: "):
                    self._tell(written, path, problem)

    def _filled(self, written: Written[AnalysisSpec], text: str, variables: Variables) -> str:
        if not is_template(text):
            return text
        try:
            return self.templates.render(text, variables).text
        except TemplateMistake as mistake:
            path = _place(written.document.data, text)
            message = f"for {self.variables['unit']}: {mistake}"
            self._tell(written, path, written.document.problem(path, message, mistake.suggestion))
            raise _Untold from mistake

    def _tell(self, written: Written[AnalysisSpec], path: Path, problem: Problem) -> None:
        self.problems.setdefault((written.name, path), problem)


def _place(data: Any, text: str) -> Path:
    """Where a text stands in a document; the first place where it does, since the others have the same mistake."""
    inside = data.items() if isinstance(data, dict) else enumerate(data) if isinstance(data, list) else ()
    for key, each in inside:
        if each == text:
            return (key,)
        if deeper := _place(each, text):
            return (key, *deeper)
    return ()
