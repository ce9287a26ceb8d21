"""Makes text from outside safe to show: nothing in it can move the cursor, hide, reorder or forge a line."""

import unicodedata

_ESCAPED = frozenset({"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"})


def clean(text: str) -> str:
    """Return the text as one line of visible characters; every other character stands as its escape."""
    return text if text.isascii() and text.isprintable() else "".join(_visible(char) for char in text)


def _visible(char: str) -> str:
    if unicodedata.category(char) not in _ESCAPED:
        return char
    if char in "\n\r\t":
        return {"\n": "\\n", "\r": "\\r", "\t": "\\t"}[char]
    code = ord(char)
    return f"\\x{code:02x}" if code < 0x100 else f"\\u{code:04x}" if code < 0x10000 else f"\\U{code:08x}"


def clean_lines(text: str) -> list[str]:
    """Return the lines of a text, each cleaned; only a line feed ends a line, a tab becomes spaces."""
    return [clean(line.expandtabs(4)) for line in text.split("\n")]


def shortened(text: str, length: int) -> str:
    """Return the text, cut in the middle to the length when it is longer."""
    if len(text) <= length:
        return text
    head = (length - 3) * 2 // 3
    return f"{text[:head]}...{text[len(text) - (length - 3 - head) :]}"
