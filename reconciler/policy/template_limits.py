"""What one rendering of a template may cost, counted and not timed: the same template fails everywhere or nowhere.

Work is counted in characters, roughly: what a loop or a macro does each time, what calls, filters and operators are
given and could make of it. Each is asked before it runs, so nothing huge is ever made.
"""

import re
from collections.abc import Callable, Mapping, Sequence
from functools import wraps
from typing import Any, TypeAlias

from jinja2 import nodes, pass_context
from jinja2.runtime import Context
from jinja2.sandbox import ImmutableSandboxedEnvironment
from jinja2.visitor import NodeTransformer

_WORK_LIMIT = 64 * 1024 * 1024
_PIECE_LIMIT = 16 * 1024 * 1024
_BITS_LIMIT = 4_096
_WIDTH_LIMIT = 10_000
_ROUND, _NODE, _CALL = 100, 10, 50
_SPENT, _JOINED = "spent in a round", "joined texts"  # a filter with spaces in its name cannot be written

_WIDE = frozenset(("center", "ljust", "rjust", "zfill", "expandtabs", "indent", "wordwrap", "batch", "slice", "tojson"))
_WITHOUT = frozenset(("random", "striptags", "urlize"))
"""Filters that are not there: one is chance, and the others take the square of a text's length."""

_WIDTH_OF_A_VALUE = re.compile(r"%[^%a-zA-Z]*\*|\{[^{}]*:[^{}]*\{")
_WIDTH = re.compile(r"(?:%[^%a-zA-Z]*|\{[^{}]*:[^{}]*)[0-9]{5}")

_Filter: TypeAlias = Callable[..., Any]


class Work:
    """How much work a rendering has left. Raises OverflowError when there is too little."""

    def __init__(self, limit: int = _WORK_LIMIT) -> None:
        self.left = limit

    def spend(self, size: int) -> None:
        """Count a piece of work before it is done."""
        if size > _PIECE_LIMIT:
            raise OverflowError(f"this could make something of more than {_PIECE_LIMIT // 1024 // 1024} MiB")
        self.left -= size
        if self.left < 0:
            raise OverflowError("this template does too much: its loops and macros would take too long")

    def spend_on_call(self, name: str, given: Sequence[Any], more: Mapping[str, Any]) -> None:
        """Count a call: nothing that is called makes more than each argument out of each part of the first."""
        first, *others = given or (None,)
        others += more.values()
        widths = [abs(each) for each in others if name in _WIDE and isinstance(each, int)]
        if max(widths, default=0) > _WIDTH_LIMIT:
            raise OverflowError(f"{name} is asked for more than {_WIDTH_LIMIT}")
        if name in ("format", "format_map") and isinstance(first, str):
            _check_format(first)
        if name == "round" and any(isinstance(each, int) and abs(each) > _WIDTH_LIMIT for each in others):
            raise OverflowError(f"nothing can be rounded to more than {_WIDTH_LIMIT} digits")
        if name == "sum" and any(isinstance(each, list | tuple) for each in others):
            raise TypeError("sum adds numbers only")
        self.spend(_CALL + (1 + weight(first)) * (1 + sum(map(weight, others)) + sum(widths)))

    def spend_on_operator(self, operator: str, left: Any, right: Any) -> None:
        """Count what an operator makes of two values."""
        if isinstance(left, int) and isinstance(right, int):
            _check_bits(operator, left, right)
        elif operator == "*":
            times = next((each for each in (left, right) if isinstance(each, int)), 1)
            self.spend(max(0, times) * max(weight(left), weight(right)))
        elif operator == "%" and isinstance(left, str):
            self.spend_on_call("format", (left, right), {})
        elif operator == "+":
            self.spend(weight(left) + weight(right))


class CountingSandbox(ImmutableSandboxedEnvironment):
    """A sandbox that counts what operators, calls and filters do; ``work`` is what is left of that.

    Of what Jinja2 has everywhere there is only what ``known`` names: the rest is chance, or loops without end.
    """

    intercepted_binops = frozenset({"*", "**", "%", "//", "+"})
    known: frozenset[str] = frozenset()

    def __init__(self, work: Work, **options: Any) -> None:
        self.work = work
        super().__init__(cache_size=0, **options)
        self.globals = {name: each for name, each in self.globals.items() if name in self.known}
        self.filters = filters(self.filters, lambda: self.work)

    def call_binop(self, context: Context, operator: str, left: Any, right: Any) -> Any:
        """Count it, then do it."""
        self.work.spend_on_operator(operator, left, right)
        return super().call_binop(context, operator, left, right)

    def call(self, context: Context, what: Any, /, *given: Any, **more: Any) -> Any:
        """Count it, then do it."""
        self.work.spend_on_call(*called(what, given), more)
        return super().call(context, what, *given, **more)


def weight(value: Any) -> int:
    """Return how long a text is, or a list with the texts in it; anything else is 1."""
    match value:
        case str():
            return len(value)
        case list() | tuple():
            return len(value) + sum(len(each) for each in value if isinstance(each, str))
        case dict():
            return len(value) + sum(len(each) for each in value.values() if isinstance(each, str))
        case range():
            return len(value)
        case _:
            return 1


def _check_bits(operator: str, left: int, right: int) -> None:
    one, other = abs(left).bit_length(), abs(right).bit_length()
    bits = one * abs(right) if operator == "**" else 0 if operator == "+" else one + other
    if bits > _BITS_LIMIT:
        raise OverflowError("this number is too big")


def _check_format(text: str) -> None:
    plain = text.replace("{{", "").replace("}}", "")
    if _WIDTH.search(text) or _WIDTH_OF_A_VALUE.search(plain):
        raise OverflowError("a format may have no width of more than four digits, and none that is a value")


def called(method: Any, given: Sequence[Any]) -> tuple[str, Sequence[Any]]:
    """Return the name of what is called, and its arguments; that which it is a method of counts as the first."""
    known = getattr(method, "__wrapped__", method) if callable(method) else method
    owner = getattr(known, "__self__", None)
    owned = (owner,) if isinstance(owner, str | list | tuple | dict) else ()
    return str(getattr(known, "__name__", "")), (*owned, *given)


def counted(tree: nodes.Template) -> nodes.Template:
    """Return the tree with a count at the start of all that may run more than once."""
    repeated: list[nodes.For | nodes.Macro | nodes.CallBlock | nodes.Block] = list(
        tree.find_all((nodes.For, nodes.Macro, nodes.CallBlock, nodes.Block))
    )
    for part in repeated:
        written = sum(len(each.data) for each in part.find_all(nodes.TemplateData))
        cost = _ROUND + written + _NODE * sum(1 for _ in part.find_all(nodes.Node))
        part.body.insert(0, nodes.ExprStmt(_spent(cost), lineno=part.lineno))
        if isinstance(part, nodes.For) and part.test is not None:
            part.test = nodes.And(_spent(cost), part.test, lineno=part.lineno)
    _Joining().visit(tree)
    return tree.set_environment(tree.environment)  # type: ignore[return-value, arg-type] # it is the same one


def _spent(cost: int) -> nodes.Filter:
    return nodes.Filter(nodes.Const(cost), _SPENT, [], [], None, None)


class _Joining(NodeTransformer):
    """``a ~ b`` becomes a filter: there is no other way to hear of it."""

    def visit_Concat(self, node: nodes.Concat) -> nodes.Node:
        self.generic_visit(node)
        parts = nodes.List(node.nodes, lineno=node.lineno)
        return nodes.Filter(parts, _JOINED, [], [], None, None, lineno=node.lineno)


def filters(known: Mapping[str, _Filter], work: Callable[[], Work]) -> dict[str, _Filter]:
    """Return the filters, each of which counts what it is given, and those that ``counted`` puts in."""

    @pass_context  # so it is not made a constant
    def spent(_: Context, cost: int) -> bool:
        work().spend(cost)
        return True

    def joined(parts: list[Any]) -> str:
        texts = [str(each) for each in parts]
        work().spend(_CALL + sum(map(len, texts)))
        return "".join(texts)

    limited = {name: _limited(name, each, work) for name, each in known.items() if name not in _WITHOUT}
    return {**limited, _SPENT: spent, _JOINED: joined}


def _limited(name: str, known: _Filter, work: Callable[[], Work]) -> _Filter:
    passed = 1 if hasattr(known, "jinja_pass_arg") else 0

    @wraps(known)
    def limited(*given: Any, **more: Any) -> Any:
        work().spend_on_call(name, given[passed:], more)
        return known(*given, **more)

    return limited
