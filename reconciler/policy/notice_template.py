"""Notices in words: a Jinja2 template in a sandbox, written in the dialect of the channel.

Everything that a template writes is escaped for the channel, but for what ``bold``, ``code`` and ``link`` make. A
template that comes from a policy is trusted with nothing but the notice, and with so much work and text.
"""

from collections.abc import Mapping, Sequence
from functools import cache
from importlib import resources
from typing import Any

from jinja2 import StrictUndefined, Template, TemplateSyntaxError, meta, nodes
from jinja2.exceptions import TemplateError, UndefinedError

from reconciler.model.canonical import plain
from reconciler.model.notification import Changes, Notice
from reconciler.policy.dialects import PLAIN, Dialect, Marked, clean
from reconciler.policy.notice_limits import bounded
from reconciler.policy.template_limits import CountingSandbox, Work, counted, weight

LONGEST = 64 * 1024
"""The most characters that a template of a policy may write, and may have."""

_WORK_LIMIT = 4 * 1024 * 1024
"""So much work a notice may be: a notice is small, and whoever has to be told waits for its words."""

_NAMED = 12
_WAYS = ("bold", "code", "link", "some", "changed", "team")
"""What there is beside the fields of a notice."""

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


class TemplateWrong(Exception):
    """A template for notices cannot be used. ``line`` counts from 1, 0 where it cannot be told."""

    def __init__(self, message: str, line: int = 0) -> None:
        super().__init__(message)
        self.line = line


def check(source: str) -> None:
    """Raise TemplateWrong when the text is no template, does what no template may, or names what no notice has."""
    sandbox = _Sandbox(PLAIN)
    sandbox.compiled(source)
    tree = sandbox.parse(source)
    for name in sorted(meta.find_undeclared_variables(tree) - set(_names())):
        line = next((each.lineno for each in tree.find_all(nodes.Name) if each.name == name), 0)
        raise TemplateWrong(f"a notice has no '{name}'; it has {', '.join(_names())}", line)


def written(source: str, told: Notice, dialect: Dialect) -> str:
    """Return the notice in the words of the template, or of the usual one where it is empty; raise TemplateWrong."""
    notice = bounded(told)
    sandbox = _Sandbox(dialect)
    template = sandbox.compiled(source or _usual())
    try:
        text = "".join(template.generate(_said(notice, sandbox, dialect)))
    except UndefinedError as error:
        raise TemplateWrong(f"{error.message}; a notice has {', '.join(_names())}") from error
    except _FAULTS as error:
        raise TemplateWrong(str(error) or type(error).__name__) from error
    if source and len(text) > LONGEST:
        raise TemplateWrong(f"it writes more than {LONGEST // 1024} KiB")
    return "\n".join(line.rstrip() for line in text.split("\n")).strip("\n")


@cache
def _usual() -> str:
    return (resources.files(__package__) / "templates" / "notice.jinja").read_text(encoding="utf-8")


def _names() -> Sequence[str]:
    return sorted((*Notice.__dataclass_fields__, *_WAYS))


def _said(notice: Notice, sandbox: "_Sandbox", dialect: Dialect) -> Mapping[str, Any]:
    fields: Any = plain(notice)
    fields["unit"] = str(notice.unit or "")
    for told, brief in zip(fields["several"], notice.several, strict=True):
        told["unit"] = str(brief.unit or "")

    def some(names: Sequence[str]) -> str:
        shown = ", ".join(names[:_NAMED])
        return f"{shown} and {len(names) - _NAMED} more" if len(names) > _NAMED else shown

    def marked(mark: Any) -> Any:
        def made(*texts: object) -> Marked:
            words = [clean(str(text)) for text in texts]
            sandbox.work.spend(sum(map(len, words)))
            return Marked(mark(*words))

        return made

    ways = {"bold": marked(dialect.bold), "code": marked(dialect.code), "link": marked(dialect.link), "some": some}
    return {**fields, **ways, "changed": _counted(notice.changes), "team": notice.team}


def _counted(changes: Changes | None) -> str:
    if changes is None:
        return ""
    counts = {
        "to create": changes.creates,
        "to update": changes.updates,
        "to replace": changes.replaces,
        "to delete": changes.deletes,
    }
    return ", ".join(f"{count} {what}" for what, count in counts.items() if count) or "none"


class _Sandbox(CountingSandbox):
    """The sandbox: no chance, no loops without end, and nothing written that is not escaped."""

    def __init__(self, dialect: Dialect) -> None:
        self._dialect = dialect
        super().__init__(
            Work(_WORK_LIMIT), undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True, finalize=self.final
        )

    def compiled(self, source: str) -> Template:
        """Compile; raise TemplateWrong."""
        if len(source) > LONGEST:
            raise TemplateWrong(f"it has more than {LONGEST // 1024} KiB")
        try:
            tree = self.parse(source)
            for node in tree.find_all((nodes.Include, nodes.Import, nodes.FromImport, nodes.Extends)):
                raise TemplateWrong("a template cannot include, import or extend another", node.lineno)
            return self.from_string(counted(tree))
        except TemplateSyntaxError as error:
            raise TemplateWrong(f"this is not a template: {error.message}", error.lineno) from error
        except (SyntaxError, *_FAULTS) as error:
            raise TemplateWrong(f"this template cannot be read: {type(error).__name__}: {error}") from error

    def final(self, value: Any) -> Any:
        """Return what is written for a value: escaped, unless it was marked."""
        self.work.spend(weight(value))
        if isinstance(value, Marked | StrictUndefined):
            return value
        if value is None:
            raise ValueError("a value is empty (none); test for it, or use the filter default('', true)")
        if not isinstance(value, str | int | float):
            raise TypeError(f"a {type(value).__name__} cannot be written; name one of its parts, or loop over it")
        return self._dialect.escape(clean(str(value)))
