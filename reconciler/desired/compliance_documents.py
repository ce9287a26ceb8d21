"""What people write about changes as they should have been: CompliancePack documents, with every rule checked."""

from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any

from pydantic import AfterValidator, Field, ValidationError, model_validator

from reconciler.desired import mistakes
from reconciler.desired.documents import Metadata
from reconciler.desired.fields import Matching, Strict
from reconciler.desired.load import Invalid
from reconciler.desired.tree import Document, read
from reconciler.desired.wait_documents import told_at
from reconciler.model.compliance import Over, Pack, Rule
from reconciler.model.problem import Problem
from reconciler.policy import condition
from reconciler.policy.condition import ConditionMistake, Sort

KIND = "CompliancePack"
API_VERSION = "reconciler/v1"
VARIABLES: Mapping[Over, Mapping[str, Sort]] = {
    Over.CHANGES: {"change": Sort.JSON},
    Over.JOURNAL: {"journal": Sort.JSON},
}
"""What the conditions of a rule are over."""

Line = Annotated[str, Field(min_length=1, max_length=300)]
Share = Annotated[
    str, Matching(r"100(?:\.0+)?%|\d{1,2}(?:\.\d+)?%", "a percentage such as 95% or 100%"), AfterValidator(str.strip)
]


class RuleSpec(Strict):
    """A rule over changes, or over the journal."""

    name: Annotated[str, Matching(r"[a-z0-9][a-z0-9-]{0,62}", "a name of small letters, digits and dashes")]
    title: Line
    controls: tuple[Line, ...] = ()
    over: Over = Over.CHANGES
    applies_to: str = ""
    unknown: str = ""
    rule: str
    because: str = ""
    at_least: Share = "100%"

    @model_validator(mode="after")
    def _are_conditions(self) -> "RuleSpec":
        over = VARIABLES[self.over]
        for key, text in (("appliesTo", self.applies_to), ("unknown", self.unknown), ("rule", self.rule)):
            if text or key == "rule":
                _checked(key, text, lambda each: condition.compile(each, over))
        if self.because:
            _checked("because", self.because, lambda each: condition.expression(each, *over.items()))
        return self

    def to_model(self) -> Rule:
        """Return the rule."""
        return Rule(
            name=self.name,
            title=self.title,
            controls=self.controls,
            over=self.over,
            rule=self.rule,
            applies=self.applies_to,
            unknown=self.unknown,
            because=self.because,
            at_least=float(self.at_least.removesuffix("%")) / 100,
        )


def _checked(key: str, text: str, compiled: Any) -> None:
    try:
        compiled(text)
    except ConditionMistake as mistake:
        line = f"line {mistake.line}, " if mistake.line > 1 else ""
        hint = f"; {mistake.suggestion}" if mistake.suggestion else ""
        raise told_at((key,), f"{line}character {mistake.column}: {mistake}{hint}", text) from mistake


class PackSpec(Strict):
    """Rules under a title."""

    title: Line
    rules: Annotated[tuple[RuleSpec, ...], Field(min_length=1, max_length=200)]

    @model_validator(mode="after")
    def _names_are_different(self) -> "PackSpec":
        seen: set[str] = set()
        for index, each in enumerate(self.rules):
            if each.name in seen:
                raise told_at(("rules", index, "name"), f"there is another rule named '{each.name}'", each.name)
            seen.add(each.name)
        return self


class PackDocument(Strict):
    """A whole document."""

    api_version: str
    kind: str
    metadata: Metadata
    spec: PackSpec


def load_pack(name: str, data: bytes) -> Pack:
    """Read a pack; raise Invalid with every mistake at its file, line and column."""
    # Only files that are named like documents are read as such; a pack may be named as one likes.
    documents, problems = read({_AS_NAMED: data})
    problems = [_of(name, each) for each in problems]
    if problems:
        raise Invalid(tuple(problems))
    if len(documents) != 1:
        raise Invalid((Problem(file=name, line=1, column=1, message=f"expected one {KIND}, got {len(documents)}"),))
    return _pack(name, documents[0])


_AS_NAMED = "pack.yaml"


def _pack(name: str, document: Document) -> Pack:
    try:
        read_as = PackDocument.model_validate(document.data)
    except ValidationError as error:
        raise Invalid(tuple(_of(name, each) for each in mistakes.problems(error, PackDocument, document))) from error
    for key, said, right in (("apiVersion", read_as.api_version, API_VERSION), ("kind", read_as.kind, KIND)):
        if said != right:
            problem = document.problem((key,), f"expected {right}, got '{said}'")
            raise Invalid((_of(name, problem),))
    spec = read_as.spec
    return Pack(read_as.metadata.name, spec.title, tuple(each.to_model() for each in spec.rules))


def _of(name: str, problem: Problem) -> Problem:
    return Problem(
        file=name,
        line=problem.line,
        column=problem.column,
        path=problem.path,
        message=problem.message,
        suggestion=problem.suggestion,
    )


def read_pack(file: Path) -> Pack:
    """Read a pack from a file; raise Invalid, OSError."""
    return load_pack(str(file), file.read_bytes())
