"""Words how two contents of a file differ, for a person to read. Whether they differ was decided before, by digest."""

import difflib
from itertools import takewhile

from reconciler.diff.parse import NotParsed, parse
from reconciler.diff.semantic import Missing, NotComparable, ValueDiff, dotted, value_diffs
from reconciler.model.canonical import Json, digest_bytes
from reconciler.model.change import FieldDiff

CONTEXT = 3
MAX_LINES = 200
MAX_LINE_LENGTH = 500
MAX_COMPARED_LINES = 2000


def describe(path: str, before: bytes | None, after: bytes | None, name: str) -> tuple[FieldDiff, ...]:
    """Return how the contents of the file ``name`` differ, as fields at or below ``path``; None is no file.

    JSON, YAML and TOML that can be read on both sides: one field a key path. Other text: one field with a unified
    diff of at most MAX_LINES lines. Anything else: sizes. Nothing when the bytes are the same. Never for secret ones.
    """
    if before == after:
        return ()
    if before is not None and after is not None:
        try:
            diffs = value_diffs(parse(before, name), parse(after, name))
        except (NotParsed, NotComparable):
            return (_as_text(path, before, after),)
        return tuple(_field(path, diff) for diff in diffs) or (_formatting_only(path, before, after),)
    return (_as_text(path, before, after),)


def _field(path: str, diff: ValueDiff) -> FieldDiff:
    before = None if isinstance(diff.before, Missing) else diff.before
    after = None if isinstance(diff.after, Missing) else diff.after
    below = dotted(diff.path)
    return FieldDiff(
        path=path + ("" if not below or below.startswith("[") else ".") + below,
        before=_word(diff.before),
        after=_word(diff.after),
        text=_lines_within(before, after),
    )


def _word(value: Json | Missing) -> Json:
    """None already means that there is no value, so a null is given as the word."""
    if isinstance(value, Missing):
        return None
    return "null" if value is None else value


def _lines_within(before: Json, after: Json) -> str | None:
    if isinstance(before, str) and isinstance(after, str) and "\n" in before + after:
        return unified(before, after)
    return None


def _formatting_only(path: str, before: bytes, after: bytes) -> FieldDiff:
    text = "formatting only: every value is the same\n" + unified(before.decode(), after.decode())
    return FieldDiff(path=path, before=digest_bytes(before), after=digest_bytes(after), text=text)


def _as_text(path: str, before: bytes | None, after: bytes | None) -> FieldDiff:
    try:
        text = unified(_decoded(before), _decoded(after))
    except ValueError:
        return FieldDiff(path=path, before=_size(before), after=_size(after))
    return FieldDiff(
        path=path,
        before=None if before is None else digest_bytes(before),
        after=None if after is None else digest_bytes(after),
        text=text or None,
    )


def _decoded(data: bytes | None) -> str:
    if data and b"\0" in data:
        raise ValueError("binary")
    return (data or b"").decode()


def _size(data: bytes | None) -> str | None:
    return None if data is None else f"{len(data):,} bytes, {digest_bytes(data)[:19]}"


def unified(before: str, after: str) -> str:
    """Return the unified diff of two texts without file headers, bounded in lines and in line length."""
    old, new = _split(before), _split(after)
    same_above = len(list(takewhile(_same, zip(old, new, strict=False))))
    room = min(len(old), len(new)) - same_above
    same_below = min(room, len(list(takewhile(_same, zip(reversed(old), reversed(new), strict=False)))))
    differing = max(len(old), len(new)) - same_above - same_below
    if differing > MAX_COMPARED_LINES:
        return f"{len(old):,} lines before, {len(new):,} lines after: too many differ to show"
    lines = _hunks(old, new)
    shown = [_shortened(line) for line in lines[:MAX_LINES]]
    if len(lines) > MAX_LINES:
        shown.append(f"... {len(lines) - MAX_LINES} more lines")
    return "\n".join(shown)


def _hunks(old: list[str], new: list[str]) -> list[str]:
    """What ``difflib`` says; where one side is empty, as for most of a first rollout, without asking it."""
    if old and new:
        return list(difflib.unified_diff(old, new, lineterm="", n=CONTEXT))[2:]
    if not old and not new:
        return []
    lines = [*(f"-{line}" for line in old), *(f"+{line}" for line in new)]
    count = "1" if len(lines) == 1 else f"1,{len(lines)}"
    return [f"@@ -{count} +0,0 @@" if old else f"@@ -0,0 +{count} @@", *lines]


def _same(pair: tuple[str, str]) -> bool:
    return pair[0] == pair[1]


def _split(text: str) -> list[str]:
    """Lines end with a line feed and nothing else; a missing last one is a difference that has to be seen."""
    if not text:
        return []
    lines = text.split("\n")
    if lines[-1] == "":
        return lines[:-1]
    return [*lines[:-1], lines[-1] + "\n\\ no newline at the end"]


def _shortened(line: str) -> str:
    if len(line) <= MAX_LINE_LENGTH:
        return line
    return f"{line[:MAX_LINE_LENGTH]} ... {len(line) - MAX_LINE_LENGTH} more characters"
