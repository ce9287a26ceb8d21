"""Jinja2 templates in a sandbox: undefined names are mistakes, secrets stay markers, the same in gives the same out.

Nothing here can change between two renderings: there is no ``random`` and no ``lipsum``, and values that have no text
of their own (functions, macros) are not written. A value that is null is not written as ``None``, it is a mistake.
"""

import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from typing import Any, NoReturn, TypeAlias

from jinja2 import StrictUndefined, Template, TemplateSyntaxError, meta, nodes
from jinja2.exceptions import TemplateError, TemplateRuntimeError, UndefinedError
from jinja2.utils import missing

from reconciler.desired.words import expected, nearest
from reconciler.model.content import SECRET_CLOSE, SECRET_OPEN
from reconciler.policy.template_limits import CountingSandbox, Work, counted, weight

OUTPUT_LIMIT = 16 * 1024 * 1024
"""The most characters a template may write."""

_RANGE_LIMIT = 100_000
_RAW = "aZ0:"  # upper, lower and digit: no filter that changes a text leaves it as it is
_MARKER = re.compile(f"{SECRET_OPEN}{_RAW}([^{SECRET_CLOSE}]*){SECRET_CLOSE}")
_LOOKUP = re.compile(r"\{\{\s*([A-Za-z_]\w*(?:\.[A-Za-z_]\w*)*)\s*\}\}", re.ASCII)
_SYNTAX = re.compile(r"\{[{%#]|\r|\{\Z")
_FAULTS = (
    TemplateError,
    ArithmeticError,
    TypeError,
    ValueError,
    LookupError,
    AttributeError,
    RecursionError,
    MemoryError,
)

Variables: TypeAlias = Mapping[str, Any]


class TemplateMistake(Exception):
    """A template is wrong, or uses what is not there. ``line`` counts from 1, 0 where it cannot be told."""

    def __init__(self, message: str, line: int = 0, suggestion: str | None = None) -> None:
        super().__init__(message)
        self.line = line
        self.suggestion = suggestion


@dataclass(frozen=True, slots=True)
class Text:
    """What a template made. ``secrets`` are the names it used; they stand in the text as markers."""

    text: str
    secrets: frozenset[str] = frozenset()


def is_template(text: str) -> bool:
    """Whether a text has anything in it to be rendered."""
    return "{" in text and ("{{" in text or "{%" in text or "{#" in text)


class Templates:
    """Compiles every source once, and renders it as often as asked."""

    def __init__(self) -> None:
        self._environment = _Environment()
        self._lookups: dict[str, tuple[str | tuple[str, ...], ...] | None] = {}
        self._names: dict[str, frozenset[str]] = {}
        self._compiled: dict[str, Template] = {}

    def names(self, source: str) -> frozenset[str]:
        """Return the variables a template speaks of; raise TemplateMistake."""
        names = self._names.get(source)
        if names is None:
            parts = self._parts(source)
            if parts is None:
                with _reading():
                    names = frozenset(meta.find_undeclared_variables(self._parsed(source)))
            else:
                names = frozenset(part[0] for part in parts if isinstance(part, tuple))
            self._names[source] = names
        return names

    def render(self, source: str, variables: Variables, secrets: frozenset[str] = frozenset()) -> Text:
        """Render; ``secrets`` are the names that may be used as ``secrets.NAME``. Raise TemplateMistake."""
        parts = self._parts(source)
        if parts is not None and (simple := _looked_up(parts, variables)) is not None:
            return Text(simple)
        used: dict[str, int] = {}
        names = {**variables, "range": _Ranges()}
        self._environment.work = Work()
        if secrets:
            names["secrets"] = {name: _Secret(name, used) for name in secrets}
        return _finished(_written(self._template(source), names), used)

    def _parts(self, source: str) -> tuple[str | tuple[str, ...], ...] | None:
        if source not in self._lookups:
            self._lookups[source] = _split(source)
        return self._lookups[source]

    def _template(self, source: str) -> Template:
        if source not in self._compiled:
            with _reading():
                self._compiled[source] = self._environment.from_string(counted(self._parsed(source)))
        return self._compiled[source]

    def _parsed(self, source: str) -> nodes.Template:
        tree = self._environment.parse(source)
        for node in tree.find_all((nodes.Include, nodes.Import, nodes.FromImport, nodes.Extends)):
            raise TemplateMistake("a template cannot include, import or extend another", node.lineno)
        return tree


def _split(source: str) -> tuple[str | tuple[str, ...], ...] | None:
    """Texts and lookups in turn, where a source has nothing else: compiling costs a hundred times more."""
    pieces = _LOOKUP.split(source)
    if any(_SYNTAX.search(text) or SECRET_OPEN in text for text in pieces[::2]):
        return None
    return tuple(tuple(piece.split(".")) if index % 2 else piece for index, piece in enumerate(pieces))


def _looked_up(parts: tuple[str | tuple[str, ...], ...], variables: Variables) -> str | None:
    """The text, None where only the whole engine can tell what comes out, or what is wrong."""
    texts = []
    for part in parts:
        if isinstance(part, str):
            texts.append(part)
            continue
        value: Any = variables
        for name in part:
            if not isinstance(value, Mapping) or name not in value:
                return None
            value = value[name]
        if not isinstance(value, str | int | float):
            return None
        texts.append(str(value))
    return "".join(texts)


@contextmanager
def _reading() -> Iterator[None]:
    try:
        yield
    except TemplateSyntaxError as error:
        raise TemplateMistake(f"this is not a template: {error.message}", error.lineno) from error
    except (SyntaxError, *_FAULTS) as error:
        raise TemplateMistake(f"this template cannot be read: {type(error).__name__}: {error}") from error


def _written(template: Template, variables: Variables) -> str:
    pieces: list[str] = []
    size = 0
    try:
        for piece in template.generate(variables):
            pieces.append(piece)
            size += len(piece)
            if size > OUTPUT_LIMIT:
                raise TemplateMistake(f"the template writes more than {OUTPUT_LIMIT // 1024 // 1024} MiB")
    except _Missing as error:
        raise _not_there(error, variables) from error
    except _FAULTS as error:
        raise TemplateMistake(str(error) or type(error).__name__, _line(error)) from error
    return "".join(pieces)


def _finished(text: str, used: Mapping[str, int]) -> Text:
    """Turn raw markers into markers; every one that was written must still be there."""
    found: dict[str, int] = {}
    for match in _MARKER.finditer(text):
        found[match[1]] = found.get(match[1], 0) + 1
    for name, times in used.items():
        if found.get(name, 0) < times:
            raise TemplateMistake(
                f"the secret '{name}' is changed after it is written; write it with no filter around it"
            )
    rest = _MARKER.sub("", text) if found else text
    if found.keys() - used.keys() or SECRET_OPEN in rest or SECRET_CLOSE in rest:
        raise TemplateMistake("the characters U+E000 and U+E001 cannot be used, they mark secrets")
    marked = _MARKER.sub(rf"{SECRET_OPEN}\1{SECRET_CLOSE}", text) if found else text
    return Text(marked, frozenset(used))


def _not_there(error: "_Missing", variables: Variables) -> TemplateMistake:
    line = _line(error)
    if error.inside is missing:
        if error.name == "secrets":
            message = "secrets can be used in template files only, by a resource that declares them under 'secrets'"
            return TemplateMistake(message, line)
        known = sorted(variables.keys() - {"range"})
        message = f"'{error.name}' is not defined{expected(known)}"
        return TemplateMistake(message, line, nearest(str(error.name), known))
    what = ".".join((*_way(variables, error.inside), str(error.name)))
    known = [str(key) for key in error.inside] if isinstance(error.inside, Mapping) else []
    return TemplateMistake(f"'{what}' is not defined{expected(sorted(known))}", line, nearest(str(error.name), known))


def _way(around: Any, inside: Any) -> tuple[str, ...]:
    """The names that lead to a value."""
    if isinstance(around, Mapping):
        for name, value in around.items():
            if value is inside and isinstance(value, Mapping | list | _Secret):
                return (str(name),)
            if deeper := _way(value, inside):
                return (str(name), *deeper)
    return ()


def _line(error: BaseException) -> int:
    """The line in the template, which the engine puts into the traceback."""
    line = 0
    trace = error.__traceback__
    while trace:
        if trace.tb_frame.f_code.co_filename == "<template>":
            line = trace.tb_lineno
        trace = trace.tb_next
    return line


class _Missing(UndefinedError):
    """Something that is not there was used. ``inside`` is what it was looked for in, ``missing`` at the top."""

    def __init__(self, inside: Any, name: Any, message: str | None = None) -> None:
        super().__init__(message)
        self.inside = inside
        self.name = name


class _Undefined(StrictUndefined):
    def __init__(
        self, hint: str | None = None, obj: Any = missing, name: Any = None, exc: type[TemplateError] = UndefinedError
    ) -> None:
        ours: Any = partial(_Missing, obj, name) if exc is UndefinedError else exc
        super().__init__(hint, obj, name, ours)


class _Environment(CountingSandbox):
    """The sandbox, with limits, without chance, and with names in data before methods of data."""

    known = frozenset({"dict", "namespace"})

    def __init__(self) -> None:
        super().__init__(Work(), undefined=_Undefined, keep_trailing_newline=True, finalize=self.final)

    def getattr(self, obj: Any, attribute: str) -> Any:
        return obj[attribute] if isinstance(obj, dict) and attribute in obj else super().getattr(obj, attribute)

    def is_safe_attribute(self, obj: Any, attr: str, value: Any) -> bool:
        return not isinstance(obj, _Secret) and super().is_safe_attribute(obj, attr, value)

    def final(self, value: Any) -> Any:
        self.work.spend(weight(value))
        return _final(value)


class _Ranges:
    """``range`` with a limit for all loops of one rendering together."""

    def __init__(self) -> None:
        self.left = _RANGE_LIMIT

    def __call__(self, *bounds: int) -> range:
        numbers = range(*bounds)
        self.left -= len(numbers)
        if self.left < 0:
            raise OverflowError(f"the ranges of this template have more than {_RANGE_LIMIT} numbers")
        return numbers


class _Secret:
    """What ``secrets.NAME`` is: it can be written, and nothing else, for nobody here knows its value."""

    def __init__(self, name: str, used: dict[str, int]) -> None:
        self.name = name
        self.used = used

    def marker(self) -> str:
        self.used[self.name] = self.used.get(self.name, 0) + 1
        return f"{SECRET_OPEN}{_RAW}{self.name}{SECRET_CLOSE}"

    def _refuse(self, *_: Any) -> NoReturn:
        raise TemplateRuntimeError(f"the secret '{self.name}' can only be written, as {{{{ secrets.{self.name} }}}}")

    __str__ = __repr__ = __len__ = __bool__ = __eq__ = __hash__ = _refuse
    __iter__ = __getitem__ = __contains__ = __add__ = __radd__ = _refuse


def _final(value: Any) -> Any:
    if isinstance(value, _Secret):
        return value.marker()
    if value is None:
        raise TemplateRuntimeError("the value is null; give it a value, or use the filter default('', true)")
    if isinstance(value, str | int | float | list | tuple | dict | StrictUndefined):
        return value
    raise TemplateRuntimeError(f"a {type(value).__name__} cannot be written; is a call () or a filter missing?")
