"""YAML files in, documents out: plain data, and the line and column of everything in it.

YAML 1.2 core schema: only ``true`` and ``false`` are booleans, ``010`` is ten, times are text. Duplicate keys,
tags and keys that are not text are mistakes. Documents of one file are read one by one: a broken one hides no other.
"""

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache
from pathlib import PurePosixPath
from typing import Any

from yaml import MarkedYAMLError, YAMLError
from yaml.cyaml import CParser  # type: ignore[attr-defined] # it is there, the stubs do not say so
from yaml.nodes import MappingNode, Node, ScalarNode, SequenceNode
from yaml.reader import ReaderError

from reconciler.desired.words import Path, dotted
from reconciler.model.content import SECRET_CLOSE, SECRET_OPEN
from reconciler.model.problem import Problem

NOT_DOCUMENTS = frozenset({"templates", "files"})
"""Folders whose files are delivered by resources and never read as documents, whatever their ending."""

_DEPTH_LIMIT = 50
_ALIAS_LIMIT = 10_000
_DIGITS_LIMIT = 1_000
_START = re.compile(r"^---(?=[ \t\r\n]|\Z)", re.MULTILINE)
_PRELUDE = re.compile(r"(?:%[^\n]*(?:\n|\Z)|[ \t]*(?:#[^\n]*)?(?:\n|\Z))*")
IMPLICIT = "implicit"
"""The tag of a scalar without a tag and without quotes: its text says what it is."""

_TEXT, _TEXT_TAG = "text", "tag:yaml.org,2002:str"
_MAYBE_NOT_TEXT = frozenset("-+.0123456789tTfFnN~")
_INT = re.compile(r"[-+]?[0-9]+")
_FLOAT = re.compile(r"[-+]?(?:\.[0-9]+|[0-9]+(?:\.[0-9]*)?)(?:[eE][-+]?[0-9]+)?")
_OTHER_BASE = re.compile(r"0o[0-7]+|0x[0-9a-fA-F]+")
_NOT_FINITE = re.compile(r"[-+]?\.(?:inf|Inf|INF)|\.(?:nan|NaN|NAN)")
_WORDS = {"": None, "~": None, "null": None, "Null": None, "NULL": None} | {
    word: word.lower() == "true" for word in ("true", "True", "TRUE", "false", "False", "FALSE")
}


@dataclass(frozen=True, slots=True)
class Document:
    """One YAML document. ``text`` is its source, ``line`` the number of lines of the file before it."""

    file: str
    line: int
    text: str
    data: Any

    def problem(self, path: Path, message: str, suggestion: str | None = None) -> Problem:
        """Return a problem with the value at the path, or with the nearest thing around it that is there."""
        value, _ = _find(_compose(self.text), path)
        return self._at(value, path, message, suggestion)

    def key_problem(self, path: Path, message: str, suggestion: str | None = None) -> Problem:
        """Return a problem with the last key of the path."""
        _, key = _find(_compose(self.text), path)
        return self._at(key, path, message, suggestion)

    def _at(self, node: Node | None, path: Path, message: str, suggestion: str | None) -> Problem:
        mark = node.start_mark if node else None
        line, column = (mark.line, mark.column) if mark else (0, 0)
        return _problem((self.file, line + self.line + 1, column + 1), dotted(path), message, suggestion)


def _problem(place: tuple[str, int, int], path: str, message: str, suggestion: str | None) -> Problem:
    file, line, column = place
    return Problem(file=file, line=line, column=column, path=path, message=message, suggestion=suggestion)


def is_document(path: str) -> bool:
    """Whether a file holds documents: ``*.yaml`` or ``*.yml``, not hidden, not in a folder of delivered files."""
    *folders, name = PurePosixPath(path).parts
    if not name.endswith((".yaml", ".yml")) or NOT_DOCUMENTS.intersection(folders):
        return False
    return not any(part.startswith(".") for part in (*folders, name))


def read(files: Mapping[str, bytes]) -> tuple[list[Document], list[Problem]]:
    """Read all documents of the files, by path; what cannot be read is told and left out."""
    documents: list[Document] = []
    problems: list[Problem] = []
    for file in sorted(files):
        if not is_document(file):
            continue
        try:
            text = files[file].decode().removeprefix("\ufeff")
        except UnicodeDecodeError as error:
            before = files[file][: error.start]
            line, column = before.count(b"\n") + 1, error.start - before.rfind(b"\n")
            problems.append(Problem(file=file, line=line, column=column, message="this is not UTF-8 text"))
            continue
        for line, chunk in split(text):
            reading = Reading(file, line, problems)
            data = reading.data(chunk)
            if data is not None:
                documents.append(Document(file, line, chunk, data))
    return documents, problems


def split(text: str) -> Iterator[tuple[int, str]]:
    """Yield each document with the number of lines before it.

    A ``---`` at the start of a line is always a new document in YAML: it cannot be part of any text.
    """
    starts = [match.start() for match in _START.finditer(text)]
    if not starts or not _PRELUDE.fullmatch(text, 0, starts[0]):
        starts.insert(0, 0)
    line = text.count("\n", 0, starts[0])
    for start, end in zip(starts, [*starts[1:], len(text)], strict=True):
        yield line, text[start:end]
        line += text.count("\n", start, end)


class _TooDeep(Exception):
    pass


class _Parser(CParser):
    """The C parser without the resolver of YAML 1.1. It overflows the stack on deep input, hence the count."""

    def __init__(self, text: str) -> None:
        CParser.__init__(self, text)
        self.depth = 0

    def resolve(self, kind: type[Node], _value: str | None, implicit: Any) -> str:
        return IMPLICIT if kind is ScalarNode and implicit[0] else _TEXT

    def descend_resolver(self, _parent: Node | None, _index: Any) -> None:
        self.depth += 1
        if self.depth > _DEPTH_LIMIT:
            raise _TooDeep

    def ascend_resolver(self) -> None:
        self.depth -= 1


@lru_cache(maxsize=8)
def _compose(text: str) -> Node | None:
    parser = _Parser(text)
    return parser.get_node() if parser.check_node() else None


def _find(node: Node | None, path: Path) -> tuple[Node | None, Node | None]:
    """Return the nodes of the value at the path and of its key; those around it as far as the path goes."""
    key = node
    for part in path:
        match node:
            case MappingNode():
                found = next(((k, v) for k, v in node.value if k.value == part), None)
                if found is None:
                    break
                key, node = found
            case SequenceNode() if isinstance(part, int) and part < len(node.value):
                key = node = node.value[part]
            case _:
                break
    return node, key


def with_text(text: str, path: Path, value: str) -> str:
    """Return the source of a document with another text at the path, where there is a plain value now."""
    node, _ = _find(_compose(text), path)
    if not isinstance(node, ScalarNode):
        return text
    return text[: node.start_mark.index] + json.dumps(value) + text[node.end_mark.index :]


class Reading:
    """The reading of one document: nodes to plain data, with everything that is wrong on the way."""

    def __init__(self, file: str, line: int, problems: list[Problem]) -> None:
        self.file = file
        self.line = line
        self.problems = problems
        self.seen: set[int] = set()
        self.active: set[int] = set()
        self.repeated = 0

    def data(self, text: str) -> Any:
        """Return the data, None when there is none or it cannot be told what it is."""
        try:
            parser = _Parser(text)
            node = parser.get_node() if parser.check_node() else None
            value = None if node is None else self.value(node, ())
            if parser.check_node():
                self.add(0, 0, "", "expected '---' before another document, not only '...'")
        except ReaderError as error:
            before = text.encode()[: error.position].decode(errors="ignore")
            self.add(before.count("\n"), len(before) - before.rfind("\n") - 1, "", f"this is not YAML: {error.reason}")
        except MarkedYAMLError as error:
            mark = error.problem_mark or error.context_mark
            what = ", ".join(part for part in (error.context, error.problem) if part)
            place = (mark.line, mark.column) if mark else (0, 0)
            self.add(*place, "", f"this is not YAML: {what}")
        except YAMLError as error:
            self.add(0, 0, "", f"this is not YAML: {error}")
        except _TooDeep:
            self.add(0, 0, "", f"this is nested more than {_DEPTH_LIMIT} levels deep")
        except _AliasBomb:
            self.add(0, 0, "", f"its aliases stand for more than {_ALIAS_LIMIT} values, or for themselves")
        else:
            return value
        return None

    def value(self, node: Node, path: Path) -> Any:
        """Return the data of a node."""
        # The parser has counted what is written; aliases of aliases go deeper.
        if len(path) > _DEPTH_LIMIT:
            raise _TooDeep
        if isinstance(node, ScalarNode):
            return self.scalar(node, path)
        if node.tag != _TEXT:
            self.tell(node, path, f"tags such as {node.tag} are not read here")
        self.enter(node)
        value = self.mapping(node, path) if isinstance(node, MappingNode) else self.sequence(node, path)
        self.active.discard(id(node))
        return value

    def enter(self, node: Node) -> None:
        """Count what aliases stand for; raise where they stand for themselves."""
        name = id(node)
        if name in self.active:
            raise _AliasBomb
        if name in self.seen:
            self.repeated += 1 + len(node.value)
            if self.repeated > _ALIAS_LIMIT:
                raise _AliasBomb
        self.seen.add(name)
        self.active.add(name)

    def sequence(self, node: Node, path: Path) -> list[Any]:
        """Return the items of a list."""
        return [self.value(item, (*path, index)) for index, item in enumerate(node.value)]

    def mapping(self, node: Node, path: Path) -> dict[str, Any]:
        """Return keys and values of a mapping."""
        data: dict[str, Any] = {}
        for key, item in node.value:
            name = self.key(key, path)
            if name is None:
                continue
            if name in data:
                self.tell(key, (*path, name), f"the key '{name}' stands here twice")
            else:
                data[name] = self.value(item, (*path, name))
        return data

    def key(self, node: Node, path: Path) -> str | None:
        """Return a key, None for what is none."""
        name = self.scalar(node, path) if isinstance(node, ScalarNode) else None
        if isinstance(name, str) and name != "<<":
            return name
        if name == "<<":
            self.tell(node, path, "merge keys (<<) are not part of YAML 1.2", "write the keys out")
        else:
            self.tell(node, path, "expected text as a key", "put it in quotes")
        return None

    def scalar(self, node: ScalarNode, path: Path) -> Any:
        """Return the value of one scalar."""
        text: str = node.value
        if not text.isascii() and (SECRET_OPEN in text or SECRET_CLOSE in text):
            self.marker(node, path)
        if node.tag == IMPLICIT:
            return text if text and text[0] not in _MAYBE_NOT_TEXT else self.implicit(node, text, path)
        if node.tag not in (_TEXT, _TEXT_TAG):
            self.tell(node, path, f"tags such as {node.tag} are not read here")
        return text

    def marker(self, node: Node, path: Path) -> None:
        """Tell that a document holds what marks a secret."""
        self.tell(node, path, "the characters U+E000 and U+E001 cannot be used, they mark secrets")

    def implicit(self, node: ScalarNode, text: str, path: Path) -> Any:
        """Return what a text without quotes and tag stands for."""
        if text in _WORDS:
            return _WORDS[text]
        try:
            if _INT.fullmatch(text):
                return int(text)
            if _OTHER_BASE.fullmatch(text):
                # Those Python would read at any length, and then cannot write in decimal.
                return int(text, 0) if len(text) < _DIGITS_LIMIT else self.too_big(node, path)
            number = float(text) if _FLOAT.fullmatch(text) else None
        except ValueError:
            number = float("inf")
        if number in (float("inf"), float("-inf")) or _NOT_FINITE.fullmatch(text):
            return self.too_big(node, path)
        return text if number is None else number

    def too_big(self, node: Node, path: Path) -> int:
        """Tell that a number cannot be had."""
        self.tell(node, path, "this number is too big, or not a number", "put it in quotes if it is text")
        return 0

    def tell(self, node: Node, path: Path, message: str, suggestion: str | None = None) -> None:
        """Tell what is wrong with a node."""
        self.add(node.start_mark.line, node.start_mark.column, dotted(path), message, suggestion)

    def add(self, line: int, column: int, path: str, message: str, suggestion: str | None = None) -> None:
        """Tell what is wrong at a place of the document."""
        place = (self.file, line + self.line + 1, column + 1)
        self.problems.append(_problem(place, path, message, suggestion))


class _AliasBomb(Exception):
    pass
