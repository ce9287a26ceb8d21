"""What differs from run to run is taken out of a transcript: times, ids, digests, durations, addresses."""

import re
from collections.abc import Mapping, Sequence

_PATTERNS: tuple[tuple[str, str], ...] = (
    (r"\bssh-ed25519 [A-Za-z0-9+/=]{40,}", "<host key>"),
    (r"\bSHA256:[A-Za-z0-9+/]{43}", "SHA256:<fingerprint>"),
    (r"\b\d{4}-\d\d-\d\d[T ]\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:\d\d)?", "<time>"),
    (r"\b\d{4}-\d\d-\d\d\b", "<day>"),
    (r"\b\d\d:\d\d:\d\d(\.\d+)?Z?", "<time>"),
    (r"\bjust now\b|\b\d+ (s|min|h|days?) ago\b", "<ago>"),
    (r"\bin \d+ (s|min|h|days?) \(<time>\)|\bany moment\b", "<soon>"),
    (r"\b(took|for|after) \d+(\.\d+)? (ms|s|min)\b", r"\1 <duration>"),
    (r"\b(sha256|keyed):[0-9a-f]{7,64}\b", r"\1:<digest>"),
    (r"\b[0-9a-f]{40,64}\b", "<digest>"),
    (r"\b(?=[0-9a-z]*\d)[0-9a-z]{16,32}\b", "<id>"),
    (r"\.rcl-<id>-[0-9a-f]{12}-", ".rcl-<id>-<digest>-"),
)


def redact(text: str, commits: Sequence[str], names: Mapping[str, str]) -> str:
    """Return the text with commits named ``commit1``, ``commit2``... and ``names`` (address: host) put in.

    A commit's name is as wide as its short form, so that tables keep their columns.
    """
    for number, commit in enumerate(commits, start=1):
        text = re.sub(rf"\b{commit[:7]}[0-9a-f]*\b", f"commit{number}", text)
    for real, name in sorted(names.items(), key=lambda item: -len(item[0])):
        text = re.sub(rf"{re.escape(real)}(?![0-9])", name, text)
    for pattern, name in _PATTERNS:
        text = re.sub(pattern, name, text)
    return re.sub(r"[ \t]+$", "", text, flags=re.MULTILINE)


def folded(text: str) -> str:
    """Return the text without its line breaks and indents: where prose wraps depends on what was taken out."""
    return " ".join(text.split())
